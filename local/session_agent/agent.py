"""The agent's event loop: clients that knock, sessions, the task's command, and when the task is over."""

# pathlib would cost every agent 10 ms and 1 MB.
# ruff: noqa: PTH101, PTH104, PTH108

import os
import select
import socket
import time
from functools import partial
from typing import TYPE_CHECKING

from local.session_agent import grants
from local.supervisor.signals import SIGTERM, die_by

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.session_agent.agent_options import AgentOptions
    from local.session_agent.client_websocket import ClientWebSocket
    from local.session_agent.terminal import MakeTerminal
    from local.session_agent.terminal_session import TerminalSession

    Source = tuple[int, int, Callable[[float], None]]

# What the watchdog of an attached task exits with; chalicelib.domain.session tells what it means.
EVERYBODY_LEFT = 0
NOBODY_CAME = 124

_RETRY = 1.0  # seconds
_MOST_WAITING = 128  # to be let in; more of them find that they are to try again
_LEAVING = 1.0  # ... that the end of the command waits for sessions to end
_MOST_STRANGERS = 50  # who have shown no token yet: of more, the one that is longest here has to go
_NOT_ALLOWED = 1003


class Agent:
    """`command` is the process of the task's own command, which the task ends with; None in an attached task.

    Without `make_terminal`, sessions are processes of this machine.
    """

    def __init__(
        self,
        options: "AgentOptions",
        environment: "Mapping[bytes, bytes]",
        signals: int,
        command: int | None,
        make_terminal: "MakeTerminal | None" = None,
    ) -> None:
        self._options = options
        self._make_terminal = make_terminal
        self._environment = environment
        self._signals = signals
        self._is_attached = command is None
        self._command = command
        self._status: int | None = None  # negative: the signal to die by
        self._told_to_end = False
        self._listener: socket.socket | None = None
        self._listen_at = 0.0
        self._connections: list[ClientWebSocket] = []
        self._sessions: dict[str, TerminalSession] = {}
        self._over: set[str] = set()
        self._alone_until = time.monotonic() + options.first
        self._status_when_alone = NOBODY_CAME
        self._leave_by: float | None = None

    def run(self) -> int:
        """Return the task's exit status, unless there is a signal to die by."""
        while not self._may_leave(time.monotonic()):
            self._listen_if_due(time.monotonic())
            self._wait()
            self._reap()
            self._look_after_everybody(time.monotonic())
        for session in self._sessions.values():
            session.part(time.monotonic())
        assert self._status is not None
        if self._status < 0:
            die_by(-self._status)
        return self._status

    # Waiting

    def _wait(self) -> None:
        poller = select.poll()
        waiting: dict[int, Callable[[float], None]] = {}
        for file, events, serve in self._sources():
            poller.register(file, events)
            waiting[file] = serve
        pause = max(0.0, self._due_at() - time.monotonic())
        for file, _ in poller.poll(pause * 1000 + 0.5):
            waiting[file](time.monotonic())

    def _sources(self) -> "list[Source]":
        found: list[Source] = [(self._signals, select.POLLIN, self._take_signals)]
        if self._listener is not None and time.monotonic() >= self._listen_at:
            found.append((self._listener.fileno(), select.POLLIN, self._let_in))
        for connection in self._connections:
            session = self._sessions.get(connection.session_id)
            is_heard = connection.can_hear and (session is None or session.channel.can_hear)
            events = connection.events | (select.POLLIN if is_heard else 0)
            hear = partial(self._hear, connection)
            found.append((connection.file, events, partial(_contain, hear, connection.drop)))
        for session in self._sessions.values():
            source = session.source()
            if source is not None:
                found.append((*source, partial(_contain, session.serve, session.abandon)))
        return found

    def _due_at(self) -> float:
        times = [time.monotonic() + 3600]
        times += [session.due_at() for session in self._sessions.values()]
        times += [connection.due_at for connection in self._connections if connection.due_at is not None]
        if self._listen_at > time.monotonic():
            times.append(self._listen_at)
        if self._leave_by is not None:
            times.append(self._leave_by)
        elif self._is_attached:
            times.append(self._alone_until)
        return min(times)

    def _take_signals(self, _: float) -> None:
        if SIGTERM in os.read(self._signals, 4096) and not self._told_to_end:
            self._told_to_end = True
            for session in self._sessions.values():
                session.please_end()

    # Clients

    def _listen_if_due(self, now: float) -> None:
        """Be there for clients; on a full disk try again later."""
        if self._listener is not None or now < self._listen_at:
            return
        try:
            self._listener = _listen(self._options.socket)
        except OSError:
            self._listen_at = now + _RETRY
            return
        if self._is_attached:  # somebody is about to come
            import local.session_agent.terminal_session  # noqa: F401

    def _let_in(self, now: float) -> None:
        from local.session_agent.client_websocket import ClientWebSocket

        assert self._listener is not None
        try:
            accepted, _ = self._listener.accept()
        except OSError:  # gone again, or no more files may be open
            self._listen_at = now + _RETRY
            return
        self._connections.append(ClientWebSocket(accepted, now))
        strangers = [connection for connection in self._connections if connection.is_stranger]
        if len(strangers) > _MOST_STRANGERS:
            strangers[0].drop()

    def _hear(self, connection: "ClientWebSocket", now: float) -> None:
        connection.flush()
        for frame in connection.receive():
            session = self._sessions.get(connection.session_id)
            if session is not None:
                session.channel.hear(connection, frame, now)
            elif connection.is_open:  # a stranger
                self._introduce(connection, frame, now)
        connection.drop_if_tedious()

    def _introduce(self, connection: "ClientWebSocket", frame: str | bytes, now: float) -> None:
        """The first message shows the token of the session that the path names."""
        from tapit.session import frames

        session_id = grants.session_in(connection.path)
        said = frames.read_json(frame.encode()) if isinstance(frame, str) else {}
        grant = grants.read(self._options.folder, session_id) if session_id else None
        if session_id is None or grant is None or not grant.lets_in(str(said.get("TokenValue"))):
            connection.close(_NOT_ALLOWED, now, "this token opens no session here")
        elif session_id in self._over or self._is_leaving:
            grants.remove(self._options.folder, session_id)
            connection.close(_NOT_ALLOWED, now, "the session is over")
        else:
            connection.introduced(session_id)
            self._somebody_is_here(now)
            self._session(session_id, grant.argv).attach(connection, now)

    def _session(self, session_id: str, argv: list[str]) -> "TerminalSession":
        from local.session_agent.terminal_session import TerminalSession

        if session_id not in self._sessions:
            self._sessions[session_id] = TerminalSession(
                session_id,
                argv,
                self._options,
                self._environment,
                **({"make_terminal": self._make_terminal} if self._make_terminal else {}),
            )
        return self._sessions[session_id]

    # The end of things

    @property
    def _is_leaving(self) -> bool:
        return self._told_to_end or self._leave_by is not None

    def _reap(self) -> None:
        while True:
            try:
                child, wait_status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if child == 0:
                return
            if child == self._command:
                self._status = os.waitstatus_to_exitcode(wait_status)
            for session in self._sessions.values():
                session.reaped(child, wait_status)

    def _look_after_everybody(self, now: float) -> None:
        for connection in self._connections:
            connection.give_up_if_due(now)
        for session in list(self._sessions.values()):
            _contain(session.act, session.abandon, now)
            if session.is_over:
                del self._sessions[session.id]
                self._over.add(session.id)
        self._connections = [connection for connection in self._connections if not connection.is_gone]
        if self._is_attached and self._status is None:
            self._watch(now)
        if self._status is not None and self._leave_by is None:
            self._leave_by = now + _LEAVING
            for session in self._sessions.values():
                session.hang_up("the task has ended", now)

    def _watch(self, now: float) -> None:
        """An attached task goes on as long as somebody is there, or expected."""
        if self._told_to_end:
            self._status = None if self._sessions else -SIGTERM
        elif not all(session.has_left for session in self._sessions.values()):
            self._somebody_is_here(now)
        elif now >= self._alone_until:
            self._status = self._status_when_alone

    def _somebody_is_here(self, now: float) -> None:
        self._alone_until, self._status_when_alone = now + self._options.idle, EVERYBODY_LEFT

    def _may_leave(self, now: float) -> bool:
        """Whether the task is over, and everybody knows, or had the time to hear it."""
        if self._leave_by is None:
            return False
        return now >= self._leave_by or not (self._sessions or self._connections)


def _listen(path: str) -> socket.socket:
    """Whoever finds the socket can connect to it: it is there under its name only once somebody listens."""
    listener = socket.socket(socket.AF_UNIX)
    fresh = f"{path}~"
    try:
        if os.path.lexists(fresh):  # the disk was full just then
            os.unlink(fresh)
        listener.bind(fresh)
        os.chmod(fresh, 0o600)
        listener.listen(_MOST_WAITING)
        os.rename(fresh, path)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _contain(step: "Callable[[float], None]", give_up: "Callable[[], None]", now: float) -> None:
    """A bug that one client or session runs into must not end the task, nor the others."""
    try:
        step(now)
    except Exception:
        import logging

        logging.getLogger(__name__).exception("An unexpected failure")
        give_up()
