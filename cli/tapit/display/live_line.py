"""One line on stderr that says what is going on: redrawn on a terminal, plain lines elsewhere."""

import threading
import time

from tapit.display.task_words import progress_within
from tapit.statuses import FINAL, colours_of
from tapit.terminal import times
from tapit.terminal.spinner import ERASE, FRAMES, PLAIN_FRAMES, REDRAW
from tapit.terminal.stream import Stream, clipped, columns_of, harmless

SIGN_OF_LIFE = 60.0  # CI ends a job that says nothing for long


class News:
    """What a person is told while waiting. Each change is a line, and so is every minute without one."""

    def __init__(self, stream: Stream, task_id: str, status: str, *, since: str, quiet: bool) -> None:
        self._stream = stream
        self._task_id = harmless(task_id)
        self._status = harmless(status)
        self._since = since
        self._quiet = quiet
        self._detail = ""
        self._said_at = time.monotonic()

    def __enter__(self) -> "News":
        self.status(self._status)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def status(self, status: str, detail: str = "") -> None:
        changed = status != self._status or detail != self._detail
        self._status, self._detail = harmless(status), detail
        if changed and status not in FINAL:  # the ending has a line of its own
            self._say()

    def lost(self, why: str) -> None:
        self.status(self._status or "WAITING", f"lost the home, trying again: {why}")

    def no_output(self, status: str, why: str) -> None:
        self.status(status, f"its output cannot be read right now: {why}")

    def beat(self) -> None:
        if time.monotonic() - self._said_at >= SIGN_OF_LIFE:
            self._say()

    def print(self, stream: Stream, content: str | bytes) -> None:
        stream.write_any(content)

    def _say(self) -> None:
        self._said_at = time.monotonic()
        if not self._quiet:
            self._stream.write(self._words() + "\n")

    def _words(self) -> str:
        elapsed = times.brief(times.seconds_since(self._since))
        detail = f"  {harmless(self._detail)}" if self._detail else ""
        return f"{self._task_id} {self._status}  {elapsed}{detail}"


class LiveLine(News):
    """The same news as a line that moves, and steps aside for what the task prints."""

    aside = "Ctrl-C stops waiting, not the task"

    def __init__(self, stream: Stream, task_id: str, status: str, *, since: str, quiet: bool) -> None:
        super().__init__(stream, task_id, status, since=since, quiet=quiet)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._drawn = False
        self._is_at_start = True
        self._frames = FRAMES if stream.speaks_unicode else PLAIN_FRAMES
        self._frame = 0
        # a daemon: it must not keep the process from ending
        self._thread = threading.Thread(target=self._keep_drawing, daemon=True)

    def __enter__(self) -> "News":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        with self._lock:
            self._erase()

    def status(self, status: str, detail: str = "") -> None:
        with self._lock:
            self._status, self._detail = harmless(status), detail

    def beat(self) -> None:
        pass

    def print(self, stream: Stream, content: str | bytes) -> None:
        with self._lock:
            self._erase()
            stream.write_any(content)
            if stream.is_terminal and content:
                self._is_at_start = content[-1:] in ("\n", b"\n")

    def _keep_drawing(self) -> None:
        # what is over within the first tenth of a second shows no line at all
        while not self._ended.wait(REDRAW):
            with self._lock:
                if self._is_at_start:  # never over a line that the task has not finished
                    self._draw()

    def _draw(self) -> None:
        self._frame = (self._frame + 1) % len(self._frames)
        head = f"{self._frames[self._frame]} {self._head()} "
        tail = f"  {times.brief(times.seconds_since(self._since))}  "
        # a full line would already be wrapped by some terminals, and Ctrl-C adds its ^C
        room = columns_of(self._stream) - 3 - len(head) - len(self._status)
        tail += progress_within(self._aside(), room - len(tail))
        shown = self._stream.styled(self._status, *colours_of(self._status))
        self._stream.write(ERASE + head + shown + self._stream.styled(clipped(tail, max(room, 1)), "dim"))
        self._drawn = True

    def _head(self) -> str:
        return self._task_id

    def _aside(self) -> str:
        return harmless(self._detail) if self._detail else self.aside

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(ERASE)
            self._drawn = False


class CancellingLine(LiveLine):
    aside = "Ctrl-C stops the task"


class StartingLine(LiveLine):
    """For a command that a person waits to work at: it is gone when the command has begun."""

    aside = "Ctrl-C gives up"
    what = ""

    def _head(self) -> str:
        return f"Starting {self.what} …" if self._stream.speaks_unicode else f"Starting {self.what} ..."


class LossesOnly(News):
    """For output that may be all that is wanted: one line when it cannot be had for a while, and no other."""

    _told = False

    def status(self, status: str, detail: str = "") -> None:  # noqa: ARG002 - the status itself is not told
        self._told = False

    def lost(self, why: str) -> None:
        self._tell(
            f"Lost the home, trying again; the output of {self._task_id} goes on from where it was: {why}"
        )

    def no_output(self, status: str, why: str) -> None:  # noqa: ARG002 - as above
        self._tell(f"Trying again; the output of {self._task_id} goes on from where it was: {why}")

    def beat(self) -> None:
        pass

    def _tell(self, said: str) -> None:
        if not self._told and not self._quiet:
            self._stream.write(harmless(said) + "\n")
        self._told = True


def news_of(
    stream: Stream, task_id: str, status: str, *, since: str, quiet: bool, cancels: bool = False
) -> News:
    line = CancellingLine if cancels else LiveLine
    kind = line if stream.can_redraw and not quiet else News
    return kind(stream, task_id, status, since=since, quiet=quiet)
