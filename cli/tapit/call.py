"""One invocation: what was asked for, the streams to answer on, and the home to ask."""

from __future__ import annotations

import sys

from tapit import TYPE_CHECKING
from tapit.language import task_ids
from tapit.language.parser import Request
from tapit.terminal.stream import Stream, harmless

if TYPE_CHECKING:
    from typing import Any

    from tapit.home.answers import App, NewToken, NewTrust, SavedSchedule, Task
    from tapit.home.choosing import ChosenHome
    from tapit.home.client import Client


class Call:
    """What every command is given."""

    def __init__(self, request: Request) -> None:
        self.settings = request.settings
        self.flags = request.flags
        self.command = request.command
        no_color = "no_color" in request.flags
        self.out = Stream(sys.stdout, no_color=no_color)
        self.err = Stream(sys.stderr, no_color=no_color)
        self._home: ChosenHome | None = None
        self._client: Client | None = None
        self._task_id: str | None = None

    def get(self, name: str) -> Any:
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
    def home(self) -> ChosenHome:
        """Which home, which token, which app; found once, and only when needed."""
        if self._home is None:
            from tapit.home.choosing import choose_home

            self._home = choose_home(profile=self.get("profile"), app=self.get("app"))
        return self._home

    @property
    def client(self) -> Client:
        if self._client is None:
            from tapit.home.client import Client

            home = self.home.reachable()
            self._client = Client(home, debug="debug" in self.flags)
            if self.err.can_redraw and not self.flags & {"quiet", "debug"}:
                from tapit.terminal.spinner import Spinner

                self._client.while_asking = lambda: Spinner(self.err)
        return self._client

    def may(self, role: str) -> bool:
        """Whether the token is good for what takes that role, as far as the home has said."""
        from tapit.language.token_keys import ROLES

        own = self.client.role
        return own not in ROLES or ROLES.index(own) >= ROLES.index(role)

    def app(self) -> str:
        """The app chosen, or an error that lists the ones there are."""
        if self.home.app:
            self.home.is_app_asked = True
            return self.home.app
        from tapit.home.choosing import no_app_chosen

        raise no_app_chosen(
            [app["name"] for page in self.client.pages("/apps", {}, most=20) for app in page["items"]]
        )

    def whole_id(self, given: str) -> str:
        """A task's id; its beginning is asked about."""
        task_ids.refuse_unfit(given)
        if not task_ids.is_beginning(given):
            return given
        from tapit.home.whole_ids import whole_id

        return whole_id(self.client, self.app(), given)

    def task_id(self) -> str:
        """Of the one task that the command is about."""
        if self._task_id is None:
            self._task_id = self.whole_id(self.text("task"))
        return self._task_id

    def say(self, text: str, *styles: str, mark: str = "") -> None:
        """News for a person: stderr, unless -q; only the mark before it may hold colours of its own."""
        if "quiet" not in self.flags:
            from tapit.terminal.folding import fitted

            lines = fitted(self.err, harmless(text), taken=2 if mark else 0)
            self.err.write(mark + "".join(self.err.styled(line, *styles) + "\n" for line in lines))

    def say_notes(self, answer: Task | App | NewToken | NewTrust | SavedSchedule) -> None:
        """Where the home did something else than it was asked to."""
        for note in answer.get("notes", []):
            self.say(f"  note: {note}", "yellow")

    def say_none(self, what: str, how: str, command: str, *, takes: str) -> None:
        """That a list is empty, and to whoever may: how to begin it."""
        self.say(f"{what} {how}: {self.typed(command)}" if self.may(takes) else what)

    def hint(self, meaning: str, command: str) -> None:
        """A next command to type."""
        self.say(f"  {meaning + ':':<9} {self.typed(command)}")

    def typed_in_app(self, words: str) -> str:
        """What comes after `tapit`, as it has to be typed to reach the same app."""
        from shlex import quote

        app = f"-a {quote(self.text('app'))} " if "app" in self.settings else ""
        return self.typed(f"tapit {app}{words}")

    def typed(self, command: str) -> str:
        """A command of ours as it has to be typed to reach the same home."""
        from tapit.language.suggested_command import as_typed_here

        return as_typed_here(command, self.get("profile"))
