"""One session: a command on a terminal, and the client that may lose its connection and come back."""

import json
import select
import time
from collections.abc import Mapping

from tapit.session import frames
from tapit.session.frames import Message

from local.session_agent import grants
from local.session_agent.agent_options import AgentOptions
from local.session_agent.client_websocket import ClientWebSocket
from local.session_agent.exit_mark import ExitMark
from local.session_agent.pseudo_terminal import PseudoTerminal
from local.session_agent.resumable_channel import ResumableChannel
from local.session_agent.terminal import MakeTerminal, Terminal

_MOST_TO_DRAIN = 1 << 20  # bytes; no terminal holds as much, so whoever goes on writing is not the command
_LOOK_EVERY = 0.5  # seconds
_SETTLING = 2.0  # ... that a client has to take the last output, as with AWS's agent
_SETTLING_AT_A_STOP = 1.0
_UNTIL_KILLED = 2.0
_SHAKING_HANDS = 15.0
_CANNOT_START = 125


class TerminalSession:
    """It ends with its command (`is_over`); one that was hung up on keeps no task going from then on (`has_left`)."""

    def __init__(
        self,
        session_id: str,
        argv: list[str],
        options: AgentOptions,
        environment: Mapping[bytes, bytes],
        make_terminal: MakeTerminal = PseudoTerminal,
    ) -> None:
        self.id = session_id
        self.channel = ResumableChannel(self._take, self._has_room)
        self.is_over = False
        self.has_left = False
        self._argv = argv
        self._exit_mark = ExitMark(argv)
        self._options = options
        self._environment = environment
        self._make_terminal = make_terminal
        self._terminal: Terminal | None = None
        self._is_closing = False
        self._settling = _SETTLING
        self._settled_by = 0.0
        self._drained = 0
        self._exit_code: int | None = None
        self._why = ""
        self._kill_at: float | None = None
        self._look_at = 0.0
        self._shaken_by: float | None = None

    def attach(self, connection: ClientWebSocket, now: float) -> None:
        """Go on with this client, or begin with it."""
        is_first = self._look_at == 0
        self.channel.attach(connection, now)
        self._look_at = now + _LOOK_EVERY
        if is_first and self._options.handshake:
            self._shake_hands(now)
        elif is_first:
            self._start(now)
        self.channel.pump(now)

    def hang_up(self, why: str, now: float) -> None:
        """End it, whatever still runs."""
        self._why = self._why or why
        self.has_left = True
        if self._terminal is None:
            self._begin_to_close(now)
        elif self._kill_at is None and not self._is_closing:
            self._kill_at = now + _UNTIL_KILLED
            self._terminal.hang_up()

    def please_end(self) -> None:
        """The whole task was sent SIGTERM: its command has its time, but a client that does not answer has not."""
        self._settling = _SETTLING_AT_A_STOP

    def reaped(self, child: int, wait_status: int) -> None:
        if self._terminal is not None:
            self._terminal.ended(child, wait_status)

    # The event loop's side

    def source(self) -> tuple[int, int] | None:
        """Return what to wait for on which file, to `serve` it."""
        terminal = self._terminal
        if terminal is None or self._is_closing:
            return None
        events = select.POLLIN if self._wants_output(terminal) else 0
        events |= select.POLLOUT if terminal.has_input else 0
        return (terminal.file, events) if events else None

    def serve(self, now: float) -> None:
        terminal = self._terminal
        if terminal is None or self._is_closing:
            return
        terminal.push()
        if self._wants_output(terminal):
            self._take_output(terminal, now)

    def due_at(self) -> float:
        """Return when to call `act`, even if nothing happens until then."""
        times = [self._look_at, self._kill_at, self._shaken_by, self.channel.due_at]
        if self.channel.lost_at is not None:
            times.append(self.channel.lost_at + self._options.resume)
        if self._is_closing:
            times.append(self._settled_by)
        return min(time for time in times if time is not None)

    def act(self, now: float) -> None:
        """Do what time and other events made due."""
        self.channel.notice_loss(now)
        self._hang_up_if_due(now)
        self.channel.pass_on(now)
        self._look_after_terminal(now)
        if self._is_closing and not self.is_over:
            self._close_if_settled(now)
        self.channel.pump(now)

    def _hang_up_if_due(self, now: float) -> None:
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            if not grants.is_there(self._options.folder, self.id):
                self.hang_up("the session was ended", now)
        if self.channel.said_goodbye or self._is_past_hope(now):
            self.hang_up("the connection was lost", now)
        if self._shaken_by is not None and now >= self._shaken_by:
            self.hang_up("the handshake was not answered", now)

    def _is_past_hope(self, now: float) -> bool:
        return self.channel.lost_at is not None and now >= self.channel.lost_at + self._options.resume

    # Input and output

    def _has_room(self) -> bool:
        return self._terminal is None or self._is_closing or self._terminal.has_room

    def _take(self, message: Message, now: float) -> None:
        if message.payload_type == frames.HANDSHAKE_RESPONSE:
            self._hands_shaken(now)
        elif self._terminal is None or self._is_closing:
            return
        elif message.payload_type == frames.DATA:
            self._terminal.write(message.payload)
        elif message.payload_type == frames.SIZE:
            _resize(self._terminal, message.payload)

    def _wants_output(self, terminal: Terminal) -> bool:
        return not terminal.is_at_end and (self.channel.is_free or self._kill_at is not None)

    def _take_output(self, terminal: Terminal, now: float) -> int:
        output = terminal.read()
        code = self._exit_mark.code_in(output)
        if (
            code is not None
        ):  # on the disk before the client can know: whatever becomes of it and of the server
            grants.keep_end(self._options.folder, self.id, code)
        if (
            output and self.channel.is_free
        ):  # else it comes from somebody who was hung up on, and is to be rid of it
            self.channel.say(frames.DATA, output, now)
        return len(output)

    # Beginning and ending

    def _start(self, now: float) -> None:
        try:
            self._terminal = self._make_terminal(self._argv, self._environment)
        except OSError as error:
            self.channel.say(frames.DATA, f"tapit: no terminal: {error.strerror}\r\n".encode(), now)
            self._exit_code = _CANNOT_START
            self._begin_to_close(now)

    def _shake_hands(self, now: float) -> None:
        session_type = {
            "ActionType": "SessionType",
            "ActionParameters": {"SessionType": "InteractiveCommands", "Properties": None},
        }
        asked = {"AgentVersion": "3.3.0.0", "RequestedClientActions": [session_type]}
        self._shaken_by = now + _SHAKING_HANDS
        self.channel.say(frames.HANDSHAKE_REQUEST, json.dumps(asked).encode(), now)

    def _hands_shaken(self, now: float) -> None:
        if self._shaken_by is None:
            return
        took = int((now - self._shaken_by + _SHAKING_HANDS) * 1e9)
        self._shaken_by = None
        said = {"HandshakeTimeToComplete": took, "CustomerMessage": ""}
        self.channel.say(frames.HANDSHAKE_COMPLETE, json.dumps(said).encode(), now)
        self._start(now)

    def _look_after_terminal(self, now: float) -> None:
        terminal = self._terminal
        if terminal is None or self._is_closing:
            return
        if self._kill_at is not None and now >= self._kill_at:
            terminal.kill()
            self._kill_at = now + _UNTIL_KILLED
        is_awaited = self._kill_at is not None and not terminal.is_deserted
        if terminal.exit_code is None or is_awaited or not self._is_drained(terminal, now):
            return
        self._exit_code = terminal.exit_code
        self._begin_to_close(now)

    def _is_drained(self, terminal: Terminal, now: float) -> bool:
        """Take the last output; not all of it, when the client first has to take some."""
        while not terminal.is_at_end and self._drained < _MOST_TO_DRAIN:
            if not self._wants_output(terminal):
                return False
            size = self._take_output(terminal, now)
            if not size:
                break
            self._drained += size
        return True

    def _begin_to_close(self, now: float) -> None:
        if self._is_closing:
            return
        self._is_closing = True
        self._settled_by = now + self._settling
        self._kill_at = self._shaken_by = None
        if self._terminal is not None:
            self._terminal.close()

    def _close_if_settled(self, now: float) -> None:
        if self.channel.is_connected:
            if not self.channel.is_settled and now < self._settled_by:
                return
            self.part(now)
        elif not self.channel.said_goodbye and not self._is_past_hope(now):
            return
        self.is_over = self.has_left = True
        grants.remove(self._options.folder, self.id)

    def part(self, now: float) -> None:
        """Let the client know how it ended, whatever it has not acknowledged yet."""
        self.channel.close(json.dumps(self._last_words()).encode(), now)

    def abandon(self) -> None:
        """Have done with it, come what may."""
        self.is_over = self.has_left = True
        grants.remove(self._options.folder, self.id)
        if self._terminal is not None:
            self._terminal.hang_up()
            self._terminal.kill()

    def _last_words(self) -> dict[str, object]:
        return {
            "MessageId": frames.new_uuid(),
            "CreatedDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "DestinationId": self.id,
            "SessionId": self.id,
            "MessageType": frames.CLOSED,
            "SchemaVersion": 1,
            "Output": self._why,
            "ExitCode": self._exit_code,
        }


def _resize(terminal: Terminal, payload: bytes) -> None:
    said = frames.read_json(payload)
    columns, rows = said.get("cols"), said.get("rows")
    if isinstance(columns, int) and isinstance(rows, int) and columns > 0 and rows > 0:
        terminal.resize(columns, rows)
