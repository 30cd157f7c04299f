"""One session: a command on a terminal, and whoever is connected to it at the moment."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress

from tapit.session import frames
from tapit.session.channel import Channel
from tapit.session.frames import BrokenFrame, Message
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from local.session_agent.terminal_process import TerminalProcess

RESUMED_WITHIN = 6.0  # seconds that a lost client has to come back
FAREWELL = 10.0  # seconds that a client has to take the last output
MOST_UNACKNOWLEDGED = 1024 * 1024  # bytes of output on their way
GOING_AWAY = 1001
POLICY = 1008


class Session:
    """`on_over` is called once, when nothing of it runs any more and nobody waits for it."""

    def __init__(self, session_id: str, argv: Sequence[str], on_over: Callable[[], None]) -> None:
        self.id = session_id
        self._loop = asyncio.get_running_loop()
        self._on_over = on_over
        self._channel = Channel(sends=frames.OUTPUT, receives=frames.INPUT)
        self._process = TerminalProcess(argv, self._put_out, self._process_ended)
        self._client: ServerConnection | None = None
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._is_over = False
        self._farewell: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None

    async def serve(self, client: ServerConnection) -> None:
        """Be there for a client until its connection ends; a newer one takes an older one's place."""
        older, self._client = self._client, client
        if older is not None:
            await older.close(GOING_AWAY, "the session was resumed elsewhere")
        self._be_patient(None)
        self._channel.reconnected(self._loop.time())
        sender = self._loop.create_task(self._send(client))
        self._tell()
        try:
            async for frame in client:
                await self._receive(frame)
        except ConnectionClosed:
            pass
        finally:
            sender.cancel()
            if self._client is client:
                self._client = None
                self._left(said_goodbye=client.close_code == 1000)

    def look(self) -> None:
        self._process.look()

    def hang_up(self) -> None:
        self._process.hang_up()

    # From the client

    async def _receive(self, frame: str | bytes) -> None:
        try:
            message = frames.decode(frame if isinstance(frame, bytes) else frame.encode())
        except BrokenFrame:  # nobody acknowledges it, so it is sent again
            return
        for ready in self._channel.receive(message, self._loop.time()):
            self._take(ready)
        if self._channel.unacknowledged_bytes < MOST_UNACKNOWLEDGED // 2:
            self._process.read_on()
        self._tell()
        await self._process.has_room.wait()

    def _take(self, message: Message) -> None:
        if message.payload_type == frames.SIZE:
            size = frames.read_json(message.payload)
            columns, rows = size.get("cols"), size.get("rows")
            if (
                isinstance(columns, int)
                and isinstance(rows, int)
                and 0 < columns < 65536
                and 0 < rows < 65536
            ):
                self._process.resize(columns, rows)
        elif message.payload_type == frames.DATA:
            self._process.type(message.payload)

    # To the client

    def _put_out(self, data: bytes) -> None:
        self._channel.send(frames.DATA, data, self._loop.time())
        if self._channel.unacknowledged_bytes > MOST_UNACKNOWLEDGED or not self._channel.can_send:
            self._process.stop_reading()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        if self._channel.is_settled:
            self._settled.set()
        else:
            self._settled.clear()
        if self._timer is None and self._channel.due_at is not None:
            self._timer = self._loop.call_at(self._channel.due_at, self._resend)

    def _resend(self) -> None:
        self._timer = None
        if self._client is not None and not self._channel.outbox:  # what still waits here is not lost
            self._channel.resend(self._loop.time())
        self._tell()

    async def _send(self, client: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._news.wait()
                self._news.clear()
                while self._channel.outbox:
                    await client.send(self._channel.outbox[0])
                    self._channel.outbox.popleft()

    # Endings

    def _left(self, *, said_goodbye: bool) -> None:
        if said_goodbye:
            self._process.hang_up()
        else:
            self._be_patient(self._loop.call_later(RESUMED_WITHIN, self._process.hang_up))
        if self._farewell is not None:
            self._settled.set()  # nobody is there to take the rest

    def _be_patient(self, timer: asyncio.TimerHandle | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = timer

    def _process_ended(self) -> None:
        self._farewell = self._loop.create_task(self._say_goodbye())

    async def _say_goodbye(self) -> None:
        if self._client is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), FAREWELL)
        if self._client is not None:
            with suppress(ConnectionClosed):
                await self._client.send(self._closing())
                await self._client.close()
        self._is_over = True
        self._on_over()

    def _closing(self) -> bytes:
        said = {
            "MessageId": frames.new_uuid(),
            "SessionId": self.id,
            "MessageType": frames.CLOSED,
            "SchemaVersion": 1,
            "Output": "",
            "ExitCode": self._process.exit_code,
        }
        return Message(frames.CLOSED, json.dumps(said).encode()).encoded()
