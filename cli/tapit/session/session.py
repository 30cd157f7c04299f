"""The loop that joins a person's terminal, or two pipes, with a session in a task."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tapit.errors import CliError, SessionOver
from tapit.session import frames
from tapit.session.connection import Disconnected
from tapit.session.escapes import Interruptions
from tapit.session.marks import Mark, Marks
from tapit.session.raw_terminal import RawTerminal
from tapit.session.time_limit import TimeLimit
from tapit.session.typing_in import Keyboard, Pipe
from tapit.session.wire import ChannelClosed, Wire

INTERRUPT = b"\x03"
FAREWELL = 5.0  # seconds that the other side may take to close once it has said all
PATIENCE_TO_BEGIN = 60.0
PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds before each try to come back
CLOSED_PIPE = 141
HUNG_UP = 125
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)


class Ended:
    """The command has ended."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code


class Left:
    """The person went while the command ran; `exit_code` is what our process ends with."""

    def __init__(self, exit_code: int, *, quiet: bool = False) -> None:
        self.exit_code = exit_code
        self.quiet = quiet


class Lost:
    """The connection broke and could not be made again."""

    def __init__(self, why: str) -> None:
        self.why = why


class Closed:
    """The other side hung up before the command had ended."""

    def __init__(self, why: str) -> None:
        self.why = why


Result = Ended | Left | Lost | Closed


def attach(
    opened: dict[str, Any],
    *,
    terminal: bool,
    report: Callable[[int], None],
    resume: Callable[[], dict[str, Any]],
    new_deadline: Callable[[], str | None],
    on_ready: Callable[[], None],
) -> Result:
    """Stay until the session is over. The terminal is as before in every way out."""
    with (
        _Signals() as signals,
        _Loop(
            opened,
            on_terminal=terminal,
            report=report,
            resume=resume,
            new_deadline=new_deadline,
            on_ready=on_ready,
            signals=signals,
        ) as loop,
    ):
        return loop.run()


class _Signals:
    """A file that can be read from once a signal has come; which ones is read from it."""

    def __enter__(self) -> "_Signals":
        self._reading, self._writing = os.pipe()
        for file in (self._reading, self._writing):
            os.set_blocking(file, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reading)
        os.close(self._writing)

    def fileno(self) -> int:
        return self._reading

    def taken(self) -> list[int]:
        try:
            return list(os.read(self._reading, 64))
        except BlockingIOError:
            return []


class _Loop:
    def __init__(
        self,
        opened: dict[str, Any],
        *,
        on_terminal: bool,
        report: Callable[[int], None],
        resume: Callable[[], dict[str, Any]],
        new_deadline: Callable[[], str | None],
        on_ready: Callable[[], None],
        signals: _Signals,
    ) -> None:
        self._opened = opened
        self._report = report
        self._resume = resume
        self._on_ready = on_ready
        self._signals = signals
        self._terminal = RawTerminal() if on_terminal else None
        self._input = Keyboard(sys.stdin.fileno()) if on_terminal else Pipe(sys.stdin.fileno())
        self._interruptions = Interruptions()
        self._marks = Marks(str(opened["nonce"]))
        self._answer = str(opened["nonce"]).encode() + b"\n"
        self._limit = TimeLimit(opened.get("deadline"), new_deadline)
        self._before_begin = b""
        self._has_begun = False
        self._exit_code: int | None = None
        self._ends_at: float | None = time.monotonic() + PATIENCE_TO_BEGIN
        self._wire: Wire | None = None

    def __enter__(self) -> "_Loop":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._terminal is not None:
            if kind is not None or self._exit_code is None:
                self._terminal.clean() if self._has_begun else None
            self._terminal.restore()
        if self._wire is not None:
            self._wire.drop()

    def run(self) -> Result:
        try:
            self._wire = Wire(self._opened)
        except Disconnected as error:
            return Lost(str(error))
        while True:
            try:
                result = self._turn(self._wire)
            except Disconnected as error:
                result = self._come_back(self._wire, str(error))
            except ChannelClosed as closed:
                result = self._closed(str(closed))
            except BrokenPipeError:
                result = Left(CLOSED_PIPE, quiet=True)
            if result is not None:
                return result

    # One turn

    def _turn(self, wire: Wire) -> Result | None:
        ready = self._wait(wire)
        left = self._take_signals(wire) if self._signals.fileno() in ready else None
        if left is not None:
            return left
        if wire.fileno() in ready or wire.is_over:
            for message in wire.receive():
                self._take(wire, message)
        if self._input.fileno() in ready and self._takes_input(wire):
            left = self._read_input(wire)
        if left is not None:
            return left
        wire.keep_up()
        self._warn()
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            return self._waited_enough()
        return None

    def _wait(self, wire: Wire) -> set[int]:
        poller = select.poll()
        for file in (wire.fileno(), self._signals.fileno()):
            poller.register(file, select.POLLIN)
        if self._takes_input(wire):
            poller.register(self._input.fileno(), select.POLLIN)
        due = [each for each in (wire.due_at, self._limit.due_at, self._ends_at) if each is not None]
        pause = 0.0 if wire.is_over else max(0.0, min(due) - time.monotonic())
        return {file for file, _ in poller.poll(pause * 1000 + 1)}

    def _takes_input(self, wire: Wire) -> bool:
        return self._has_begun and self._exit_code is None and not self._input.has_ended and wire.takes_input

    def _take(self, wire: Wire, message: frames.Message) -> None:
        if message.payload_type == frames.STDERR:
            _write(sys.stderr.fileno(), message.payload)
        if message.payload_type != frames.DATA:
            return
        for part in self._marks.feed(message.payload):
            if isinstance(part, Mark):
                self._heed(wire, part)
            elif not self._has_begun:
                self._before_begin += part
            elif self._exit_code is None:
                _write(sys.stdout.fileno(), part)

    def _heed(self, wire: Wire, mark: Mark) -> None:
        if mark.kind == "start":
            if self._terminal is not None:
                wire.send_size(*self._terminal.size())
            wire.send(b"\n")
        elif mark.kind == "begin" and not self._has_begun:
            self._on_ready()
            self._has_begun, self._ends_at = True, None
            if self._terminal is not None:
                self._terminal.take()
        elif mark.kind == "done":
            wire.send(self._input.finish())
        elif mark.kind == "exit" and self._exit_code is None:
            self._exit_code = mark.value
            with suppress(
                CliError
            ):  # told by whoever gave us the callback; the command has ended all the same
                self._report(mark.value)
            wire.send(self._answer)
            self._ends_at = time.monotonic() + FAREWELL

    def _read_input(self, wire: Wire) -> Left | None:
        wire.send(self._input.read(time.monotonic()))
        if self._input.wants_out:
            return Left(HUNG_UP)
        if self._terminal is not None and self._input.has_ended:  # the window was closed
            return Left(128 + signal.SIGHUP)
        return None

    def _take_signals(self, wire: Wire) -> Left | None:
        for number in self._signals.taken():
            if number == signal.SIGWINCH:
                if self._terminal is not None and self._has_begun:
                    wire.send_size(*self._terminal.size())
            elif number == signal.SIGINT and self._terminal is None and self._has_begun:
                if self._interruptions.count(time.monotonic()):
                    return Left(128 + signal.SIGINT)
                wire.send(INTERRUPT)
            elif number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                return Left(128 + number)
        return None

    def _warn(self) -> None:
        if self._limit.due_at is None or time.monotonic() < self._limit.due_at:
            return
        warning = self._limit.warning()
        if warning is not None:
            with suppress(OSError):
                _write(sys.stderr.fileno(), f"\r\n{warning}\r\n".encode())

    # Endings

    def _closed(self, why: str) -> Result:
        if self._exit_code is not None:
            return Ended(self._exit_code)
        said = (self._before_begin + self._marks.flush()).decode(errors="replace").strip()
        return Closed("\n".join(part for part in (why, said) if part))

    def _waited_enough(self) -> Result:
        if self._exit_code is not None:
            return Ended(self._exit_code)
        return Closed(
            self._before_begin.decode(errors="replace").strip() or "its command did not begin in time"
        )

    def _come_back(self, wire: Wire, why: str) -> Result | None:
        """Connect again: nothing that was sent meanwhile is missing then."""
        wire.drop()
        if self._exit_code is not None:
            return Ended(self._exit_code)
        for pause in PAUSES:
            left = self._pass_time(wire, pause)
            if left is not None:
                return left
            try:
                wire.connect(self._resume())
            except SessionOver:
                return Closed("")
            except (CliError, Disconnected) as error:
                why = str(error)
            else:
                return None
        return Lost(why)

    def _pass_time(self, wire: Wire, seconds: float) -> Left | None:
        """Wait, while the ways out stay open."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            poller = select.poll()
            poller.register(self._signals.fileno(), select.POLLIN)
            if self._takes_input(wire):
                poller.register(self._input.fileno(), select.POLLIN)
            ready = {file for file, _ in poller.poll(left * 1000)}
            gone = self._take_signals(wire) if self._signals.fileno() in ready else None
            if gone is None and self._input.fileno() in ready:
                gone = self._read_input(wire)
            if gone is not None:
                return gone
        return None


def _write(file: int, data: bytes) -> None:
    """Wait until all of it is taken: whoever reads slowly slows the session down, and nothing piles up here."""
    while data:
        try:
            data = data[os.write(file, data) :]
        except BlockingIOError:
            select.select([], [file], [])
