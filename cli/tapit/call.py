"""One invocation: what was asked for, the streams to answer on, and the home to ask."""

import sys

from tapit.terminal import Stream, harmless
from tapit.words import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tapit.client import Client
    from tapit.settings import Settings


class Call:
    """What every command is given."""

    def __init__(self, request: Request) -> None:
        self.settings = request.settings
        self.flags = request.flags
        self.command = request.command
        no_color = "no_color" in request.flags
        self.out = Stream(sys.stdout, no_color=no_color)
        self.err = Stream(sys.stderr, no_color=no_color)
        self._home: Settings | None = None
        self._client: Client | None = None

    def get(self, name: str) -> "Any":
        return self.settings.get(name)

    def text(self, name: str) -> str:
        """A setting that the grammar has made sure is there."""
        return str(self.settings[name])

    @property
    def output(self) -> str:
        return str(self.get("output") or ("table" if self.out.is_terminal else "json"))

    @property
    def chosen_output(self) -> str | None:
        """The format asked for by name: only that may keep a task's own output from stdout."""
        chosen = self.get("output")
        return None if chosen is None else str(chosen)

    @property
    def home(self) -> "Settings":
        """Which home, which token, which app; found once, and only when needed."""
        if self._home is None:
            from tapit.settings import find_settings

            self._home = find_settings(profile=self.get("profile"), app=self.get("app"))
        return self._home

    @property
    def client(self) -> "Client":
        if self._client is None:
            from tapit.client import Client

            home = self.home.reachable()
            self._client = Client(home, debug="debug" in self.flags)
            if self.err.can_redraw and not self.flags & {"quiet", "debug"}:
                from tapit.spinner import Spinner

                self._client.while_asking = lambda: Spinner(self.err)
        return self._client

    def app(self) -> str:
        """The app chosen, or an error that lists the ones there are."""
        if self.home.app:
            return self.home.app
        from tapit.choosing import no_app_chosen

        raise no_app_chosen(self.client)

    def say(self, text: str, *styles: str, mark: str = "") -> None:
        """News for a person: stderr, unless -q; only the mark before it may hold colours of its own."""
        if "quiet" not in self.flags:
            self.err.write(mark + self.err.styled(harmless(text), *styles) + "\n")

    def say_notes(self, answer: "dict[str, Any]") -> None:
        """What the home did otherwise than it was asked to."""
        for note in answer.get("notes") or []:
            self.say(f"  note: {note}", "yellow")

    def hint(self, meaning: str, command: str) -> None:
        """A next command to type."""
        self.say(f"  {meaning + ':':<9} {self.typed(command)}")

    def typed(self, command: str) -> str:
        """A command of ours as it has to be typed to reach the same home."""
        from tapit.next_command import as_typed_here

        return as_typed_here(command, self.get("profile"))
