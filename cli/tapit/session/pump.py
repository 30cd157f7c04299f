"""The loop between a person's terminal, or two pipes, and a command somewhere else."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from tapit.errors import OWN_FAILURE, CliError
from tapit.session import marks, result
from tapit.session.channel import Channel
from tapit.session.connection import Disconnected
from tapit.session.conversation import Closed, Conversation, Encrypted, Heard, Remark
from tapit.session.escapes import Impatience
from tapit.session.farewell import Farewell
from tapit.session.keyboard import Keyboard, Pipe
from tapit.session.link import Link
from tapit.session.marks import Mark
from tapit.session.outflow import Outflow
from tapit.session.raw_terminal import RawTerminal, size_of
from tapit.session.time_limit import TimeLimit
from tapit.session.wakeup import Wakeup

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
        channel: Channel,
        conversation: Conversation,
        link: Link,
        wakeup: Wakeup,
        source: Keyboard | Pipe,
        outflow: Outflow,
        terminal: RawTerminal | None,
        time_limit: TimeLimit,
        report: Callable[[int], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._conversation = conversation
        self._link = link
        self._wakeup = wakeup
        self._source = source
        self._outflow = outflow
        self._terminal = terminal
        self._time_limit = time_limit
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

    def run(self) -> result.Result:
        while self._result is None or not (self._has_to_go or self._outflow.is_empty):
            ready = self._ready()
            now = time.monotonic()
            self._notice_signals(now)
            self._turn_link(now)
            if self._reads_road and (self._link.connection in ready or self._has_unread):
                self._read_road(now)
            if self._reads_input and self._source in ready:
                self._source.read(self._type)
                self._judge_input()
            self._turn_timers(now)
            self._turn_farewell(now)
            self._write_road(now)
            self._write_output()
        return self._result

    # What is ready

    @property
    def _reads_road(self) -> bool:
        return self._link.connection is not None and self._result is None and not self._outflow.is_full

    @property
    def _has_unread(self) -> bool:
        return self._link.connection is not None and self._link.connection.has_unread

    @property
    def _reads_input(self) -> bool:
        return (
            self._conversation.marks.has_begun
            and self._result is None
            and self._farewell is None
            and self._source.is_open
            and self._channel.can_send
            and self._channel.unacknowledged_bytes < self._source.most_ahead
        )

    def _ready(self) -> list[object]:
        connection = self._link.connection
        reads: list[object] = [self._wakeup]
        writes: list[object] = [] if self._outflow.is_empty else [self._outflow]
        if self._reads_road:
            reads.append(connection)
        if self._reads_input:
            reads.append(self._source)
        if connection is not None and connection.wants_to_write:
            writes.append(connection)
        waits = 0.0 if self._reads_road and self._has_unread else self._seconds_until_due()
        readable, writable, _ = select.select(reads, writes, [], waits)  # type: ignore[type-var]
        return [*readable, *(each for each in writable if each is not connection)]

    def _seconds_until_due(self) -> float | None:
        connection = self._link.connection
        dues: Iterable[float | None] = (
            self._channel.due_at if connection is not None else None,
            connection.due_at if connection is not None else None,
            self._link.due_at,
            self._start_by,
            self._farewell.due_at if self._farewell is not None else None,
        )
        now = time.monotonic()
        waits = [due - now for due in dues if due is not None]
        if self._time_limit.due_at is not None:
            waits.append(self._time_limit.due_at - time.time())
        return max(0.0, min(waits)) if waits else None

    # The other end

    def _turn_link(self, now: float) -> None:
        if self._farewell is None and self._link.turn(now):
            assert self._link.connection is not None
            self._link.connection.send(self._conversation.introduction(self._link.token))
            self._channel.reconnected(now)
            if self._says_lost:
                self._says_lost = False
                self._say("tapit: connected again")
            if not self._has_started:
                self._start_by = now + PATIENCE_WITH_START
        if self._link.end is not None and self._farewell is None:
            self._finish_without_link(self._link.end)
        elif self._link.is_made_again and not self._says_lost:
            self._says_lost = True
            self._say("tapit: the connection is lost; trying to make it again")

    def _finish_without_link(self, why: str) -> None:
        if self._link.is_over_there:
            self._close(why)
        else:
            self._finish(result.Lost(why))

    def _read_road(self, now: float) -> None:
        assert self._link.connection is not None
        try:
            heard = self._link.connection.read(now)
        except Disconnected as gone:
            self._link.lose(str(gone), now)
            return
        if heard:
            self._link.heard()
        for frame in heard:
            for each in self._conversation.hear(frame, now):
                self._take(each, now)

    def _take(self, heard: Heard, now: float) -> None:
        match heard:
            case bytes():
                self._outflow.put(heard)
            case Mark():
                self._take_mark(heard, now)
            case Remark():
                self._write_error(heard.text)
            case Closed():
                self._close(heard.why)
            case Encrypted():
                self._write_road(now)
                raise _KMS

    def _take_mark(self, mark: Mark, now: float) -> None:
        if mark.kind == marks.START and not self._has_started:
            self._has_started = True
            self._start_by = None
            if self._terminal is not None:
                self._terminal.make_raw()
            self._conversation.tell_size(*size_of(), now)
            self._conversation.begin(now)
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
        said = self._conversation.marks
        self._outflow.put(said.end())
        if not why and not said.has_begun:
            why = said.withheld.decode(errors="replace").strip()
        shown = self._outflow.has_shown or not self._outflow.is_empty
        self._finish(result.Closed(why, has_shown_output=shown))

    def _write_road(self, now: float) -> None:
        connection, outbox = self._link.connection, self._channel.outbox
        if connection is None:
            outbox.clear()  # what was sent is kept for the next connection
            return
        while outbox:
            connection.send(outbox.popleft())
        try:
            connection.write()
        except Disconnected as gone:
            self._link.lose(str(gone), now)

    # This end

    def _type(self, some: bytes) -> None:
        self._conversation.type(some, time.monotonic())

    def _judge_input(self) -> None:
        if self._source.leaves:
            self._leave(None)
        elif self._terminal is not None and not self._source.is_open:
            self._leave(signal.SIGHUP)

    def _write_output(self) -> None:
        try:
            self._outflow.write()
            if self._terminal is not None and self._farewell is not None and self._outflow.is_empty:
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
        elif not self._conversation.marks.has_begun or self._impatience.press(now):
            self._leave(signal.SIGINT)
        else:
            self._type(b"\x03")

    def _tell_size(self, now: float) -> None:
        if self._has_started and self._farewell is None:
            self._conversation.tell_size(*size_of(), now)

    def _turn_timers(self, now: float) -> None:
        connection = self._link.connection
        if connection is not None:
            if self._channel.due_at is not None and now >= self._channel.due_at:
                self._channel.resend(now)
            try:
                connection.keep_alive(now, listening=self._reads_road)
            except Disconnected as gone:
                self._link.lose(str(gone), now)
        if self._start_by is not None and now >= self._start_by:
            self._finish(result.Lost(f"the command did not begin within {PATIENCE_WITH_START:g} seconds"))
        warning = self._time_limit.turn(time.time(), self._wakeup.ring)
        if warning is not None:
            self._say(f"tapit: this task is stopped {warning} (max_hours)")

    # Endings

    def _turn_farewell(self, now: float) -> None:
        farewell = self._farewell
        if farewell is None or self._result is not None:
            return
        if farewell.home_was_told(now):
            self._conversation.answer_exit(now)
        elif farewell.due_at is not None and self._channel.is_settled:
            farewell.was_heard(now)
        has_waited = farewell.due_at is not None and now >= farewell.due_at
        is_alone = self._is_closed or self._link.connection is None
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
