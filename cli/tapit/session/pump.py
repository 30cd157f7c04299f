"""The loop between a person's terminal, or two pipes, and a command somewhere else."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from tapit.errors import OWN_FAILURE, CliError
from tapit.session import marks, result
from tapit.session.attendance import Attendance
from tapit.session.command_input import Keyboard, Pipe
from tapit.session.command_output import OutputBuffer
from tapit.session.escapes import Impatience
from tapit.session.farewell import Farewell
from tapit.session.marks import Mark
from tapit.session.raw_terminal import RawTerminal, size_of
from tapit.session.reconnecting_websocket import ReconnectingWebSocket
from tapit.session.reliable_delivery import ReliableDelivery
from tapit.session.session_protocol import ChannelClosed, Encrypted, Heard, Remark, SessionProtocol
from tapit.session.time_limit import TimeLimit
from tapit.session.wakeup import Wakeup
from tapit.session.websocket import Disconnected

LONGEST_WAIT = 3600.0
PATIENCE_WITH_START = 60.0  # seconds from the connection to the first mark
_LEAVING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_KMS = CliError(
    "this session is encrypted with a key of KMS, which tapit does not support",
    "ECS Exec encrypts sessions when the cluster has a KMS key in its execute-command configuration.",
    "use a cluster without kmsKeyId there; sessions are encrypted by TLS on their way in any case",
)


class Pump:
    """`terminal` None: between pipes. Everything is done between two looks at what is ready."""

    def __init__(
        self,
        *,
        delivery: ReliableDelivery,
        protocol: SessionProtocol,
        connection: ReconnectingWebSocket,
        wakeup: Wakeup,
        source: Keyboard | Pipe,
        output: OutputBuffer,
        terminal: RawTerminal | None,
        time_limit: TimeLimit,
        attendance: Attendance,
        report: Callable[[int], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._delivery = delivery
        self._protocol = protocol
        self._connection = connection
        self._wakeup = wakeup
        self._source = source
        self._output = output
        self._terminal = terminal
        self._time_limit = time_limit
        self._attendance = attendance
        self._report = report
        self._on_ready = on_ready
        self._impatience = Impatience()
        self._farewell: Farewell | None = None
        self._start_by: float | None = None
        self._has_started = False
        self._is_closed = False
        self._says_lost = False
        self._result: result.Result | None = None  # returned when all output is out
        self._has_to_go = False  # not even then
        self._due_at = 0.0

    def run(self) -> result.Result:
        while self._result is None or not (self._has_to_go or self._output.is_empty):
            ready = self._ready()
            now = time.monotonic()
            if self._wakeup in ready:
                self._notice_signals(now)
            if self._reads_websocket and (self._connection.websocket in ready or self._has_unread):
                self._read_websocket(now)
                self._write_output()  # before its acknowledgement: this is what somebody waits for
            if self._reads_input and self._source in ready:
                self._source.read(self._type, now)
                self._judge_input()
            self._write_websocket(now)
            if self._is_more_than_a_key(ready, now):
                self._turn_connection(now)
                self._turn_timers(now)
                self._turn_farewell(now)
                self._write_websocket(now)
            self._write_output()
        return self._result

    # What is ready

    def _is_more_than_a_key(self, ready: list[object], now: float) -> bool:
        """Whether there may be something to do besides passing bytes on, which has to be quick."""
        is_due = not ready or now >= self._due_at or self._wakeup in ready
        return is_due or self._farewell is not None or self._connection.websocket is None

    @property
    def _reads_websocket(self) -> bool:
        return self._connection.websocket is not None and self._result is None and not self._output.is_full

    @property
    def _has_unread(self) -> bool:
        return self._connection.websocket is not None and self._connection.websocket.has_unread

    @property
    def _reads_input(self) -> bool:
        return (
            self._protocol.marks.has_begun
            and self._result is None
            and self._farewell is None
            and self._source.is_open
            and self._delivery.can_send
            and self._delivery.unacknowledged_bytes < self._source.most_ahead
        )

    def _ready(self) -> list[object]:
        websocket = self._connection.websocket
        reads: list[object] = [self._wakeup]
        writes: list[object] = [] if self._output.is_empty else [self._output]
        if self._reads_websocket:
            reads.append(websocket)
        if self._reads_input:
            reads.append(self._source)
        if websocket is not None and websocket.wants_to_write:
            writes.append(websocket)
        now = time.monotonic()
        self._due_at = self._next_due(now)
        waits = max(0.0, min(self._due_at - now, LONGEST_WAIT))
        if self._reads_websocket and self._has_unread:
            waits = 0.0
        readable, writable, _ = select.select(reads, writes, [], waits)  # type: ignore[type-var]
        return [*readable, *(each for each in writable if each is not websocket)]

    def _next_due(self, now: float) -> float:
        websocket = self._connection.websocket
        dues: Iterable[float | None] = (
            self._delivery.due_at if websocket is not None else None,
            websocket.due_at if websocket is not None else None,
            self._connection.due_at,
            self._start_by,
            self._farewell.due_at if self._farewell is not None else None,
            self._source.due_at,
            self._attendance.due_at(self._heard_at) if self._is_attended else None,
            now + self._time_limit.due_at - time.time() if self._time_limit.due_at is not None else None,
        )
        return min((due for due in dues if due is not None), default=now + LONGEST_WAIT)

    @property
    def _is_attended(self) -> bool:
        return self._result is None and self._farewell is None and self._connection.websocket is not None

    @property
    def _heard_at(self) -> float:
        """Who does not listen cannot tell whether anybody speaks."""
        return self._protocol.heard_at if self._reads_websocket else time.monotonic()

    # The other end

    def _turn_connection(self, now: float) -> None:
        if self._farewell is None and self._connection.turn(now):
            assert self._connection.websocket is not None
            self._connection.websocket.send(self._protocol.introduction(self._connection.token))
            self._delivery.reconnected(now)
            if self._says_lost:
                self._says_lost = False
                self._say("tapit: connected again")
            if not self._has_started:
                self._start_by = now + PATIENCE_WITH_START
        if self._connection.end is not None and self._farewell is None:
            self._finish_without_connection(self._connection.end)
        elif self._connection.is_made_again and not self._says_lost:
            self._says_lost = True
            self._say("tapit: the connection is lost; trying to make it again")

    def _finish_without_connection(self, why: str) -> None:
        if self._connection.is_over_there:
            self._close(why)
        else:
            self._finish(result.Lost(why))

    def _read_websocket(self, now: float) -> None:
        assert self._connection.websocket is not None
        try:
            heard = self._connection.websocket.read(now)
        except Disconnected as gone:
            self._connection.lose(str(gone), now)
            return
        if heard:
            self._connection.heard()
        for frame in heard:
            for each in self._protocol.hear(frame, now):
                self._take(each, now)

    def _take(self, heard: Heard, now: float) -> None:
        match heard:
            case bytes():
                self._output.put(heard)
            case Mark():
                self._take_mark(heard, now)
            case Remark():
                self._write_error(heard.text)
            case ChannelClosed():
                self._close(heard.why)
            case Encrypted():
                self._write_websocket(now)
                raise _KMS

    def _take_mark(self, mark: Mark, now: float) -> None:
        if mark.kind == marks.START and not self._has_started:
            self._has_started = True
            self._start_by = None
            if self._terminal is not None:
                self._terminal.make_raw()
            self._protocol.tell_size(*size_of(), now)
            self._protocol.begin(now)
        elif mark.kind == marks.BEGIN:
            self._on_ready()
        elif mark.kind == marks.DONE:
            self._source.end(self._type)
        elif mark.kind == marks.EXIT and self._farewell is None:
            self._farewell = Farewell(int(mark.value or OWN_FAILURE), self._report, self._wakeup.ring)

    def _close(self, why: str) -> None:
        self._is_closed = True
        if self._farewell is not None:
            return
        for each in self._protocol.end():
            self._take(each, time.monotonic())
        said = self._protocol.marks
        if not why and not said.has_begun:
            why = said.withheld.decode(errors="replace").strip()
        shown = self._output.has_shown or not self._output.is_empty
        self._finish(result.HungUp(why, has_shown_output=shown))

    def _write_websocket(self, now: float) -> None:
        websocket, outbox = self._connection.websocket, self._delivery.outbox
        if websocket is None:
            outbox.clear()  # what was sent is kept for the next connection
            return
        while outbox:
            websocket.send(outbox.popleft())
        try:
            websocket.write()
        except Disconnected as gone:
            self._connection.lose(str(gone), now)

    # This end

    def _type(self, some: bytes) -> None:
        self._protocol.type(some, time.monotonic())

    def _judge_input(self) -> None:
        if self._source.leaves:
            self._leave(None)
        elif self._terminal is not None and not self._source.is_open:
            self._leave(signal.SIGHUP)

    def _write_output(self) -> None:
        try:
            self._output.write()
            if self._terminal is not None and self._farewell is not None and self._output.is_empty:
                self._terminal.restore()  # what is typed from now on is for the shell
        except BrokenPipeError:
            self._leave(signal.SIGPIPE)
        except OSError:
            if self._terminal is None:
                raise
            self._leave(signal.SIGHUP)

    def _write_error(self, text: bytes) -> None:
        with suppress(OSError):  # nobody wants to know
            os.write(2, text)

    def _say(self, line: str) -> None:
        """On a line of its own, also where a newline does not begin one."""
        is_raw = self._terminal is not None and self._terminal.is_raw
        self._write_error(f"\r\n{line}\r\n".encode() if is_raw else f"{line}\n".encode())

    # Signals and time

    def _notice_signals(self, now: float) -> None:
        for number in self._wakeup.read():
            if number in _LEAVING:
                self._leave(number)
                return
            if number == signal.SIGINT:
                self._interrupt(now)
            elif number == signal.SIGTSTP and self._terminal is not None:
                self._terminal.stop()
                self._tell_size(now)
            elif number == signal.SIGCONT and self._terminal is not None:
                self._terminal.go_on()
                self._tell_size(now)
            elif number == signal.SIGWINCH:
                self._tell_size(now)

    def _interrupt(self, now: float) -> None:
        if self._farewell is not None:
            self._end(self._farewell)
            self._has_to_go = True
        elif not self._protocol.marks.has_begun or self._impatience.press(now):
            self._leave(signal.SIGINT)
        else:
            self._type(b"\x03")

    def _tell_size(self, now: float) -> None:
        if self._has_started and self._farewell is None:
            self._protocol.tell_size(*size_of(), now)

    def _turn_timers(self, now: float) -> None:
        websocket = self._connection.websocket
        if websocket is not None:
            if self._delivery.due_at is not None and now >= self._delivery.due_at:
                self._delivery.resend(now)
            try:
                websocket.keep_alive(now, listening=self._reads_websocket)
            except Disconnected as gone:
                self._connection.lose(str(gone), now)
        self._source.turn(self._type, now)
        if self._start_by is not None and now >= self._start_by:
            self._finish(result.Lost(f"the command did not begin within {PATIENCE_WITH_START:g} seconds"))
        if self._is_attended and self._attendance.is_over(self._heard_at, now, self._wakeup.ring):
            self._close("")
        warning = self._time_limit.turn(time.time(), self._wakeup.ring)
        if warning is not None:
            self._say(f"tapit: this task is stopped {warning} (max_hours)")

    # Endings

    def _turn_farewell(self, now: float) -> None:
        farewell = self._farewell
        if farewell is None or self._result is not None:
            return
        if farewell.home_was_told(now):
            self._protocol.answer_exit(now)
        elif farewell.due_at is not None and self._delivery.is_settled:
            farewell.was_heard(now)
        has_waited = farewell.due_at is not None and now >= farewell.due_at
        is_alone = self._is_closed or self._connection.websocket is None
        if has_waited or (farewell.due_at is not None and is_alone):
            self._end(farewell)

    def _end(self, farewell: Farewell) -> None:
        self._finish(result.Ended(farewell.exit_code, farewell.failure))

    def _finish(self, ending: result.Result) -> None:
        if self._result is None:
            self._result = ending

    def _leave(self, number: int | None) -> None:
        self._result = result.Left(number)
        self._has_to_go = True
