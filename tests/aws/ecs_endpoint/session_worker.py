"""What Session Manager's agent runs for each session: a command on a terminal, behind a data channel of its own.

Started with a plan on its standard input, it says its port; every further line there is a token that lets a client come
back, and the end of the input is its own end. The rules are those of AWS's agent, its impatience at the end included.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import sys
import termios
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tapit.session import frames
from tapit.session.channel import Channel
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

COMM = "ssm-session-wor"  # the kernel keeps 15 characters
CHUNK = 1024
MOST_ON_ITS_WAY = 256 * 1024
FLUSHED_WITHIN = 2.0
UNACCEPTABLE = 1003
SIGNED = ("AWS4-HMAC-SHA256 Credential=", "/ssmmessages/aws4_request", "SignedHeaders=host;x-amz-date")


class Worker:
    def __init__(self, plan: dict[str, Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._tokens = {plan["token"]}
        self._kept_without_client: float = plan["kept_without_client"]
        self._channel = Channel(sends=frames.OUTPUT, receives=frames.INPUT)
        self._client: ServerConnection | None = None
        self._lonely: asyncio.TimerHandle | None = None
        self._typed = bytearray()
        self.over = asyncio.Event()
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            _become(plan)
        os.set_blocking(self._terminal, False)
        self._loop.add_reader(self._terminal, self._read)
        self._wait_for_client()

    def admit(self, token: str) -> None:
        self._tokens.add(token)

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGHUP)
        self.over.set()

    async def serve(self, client: ServerConnection) -> None:
        said = json.loads(await client.recv())
        if said["TokenValue"] not in self._tokens:
            await client.close(UNACCEPTABLE, "a token of somebody else")
            return
        self._client = client
        if self._lonely is not None:
            self._lonely.cancel()
        self._channel.reconnected(self._loop.time())
        with contextlib.suppress(ConnectionClosed):
            async for frame in client:
                assert isinstance(frame, bytes)
                for message in self._channel.receive(frames.decode(frame), self._loop.time()):
                    self._take(message)
        if self._client is client:
            self._client = None
            self._wait_for_client()

    async def transmit(self) -> None:
        """Send what there is to send, and again what got lost, until the session is over."""
        while not self.over.is_set():
            await self._flush()
            await asyncio.sleep(0.01)
        await self._say_goodbye()

    async def _flush(self) -> None:
        due = self._channel.due_at
        if due is not None and self._loop.time() >= due:
            self._channel.resend(self._loop.time())
        with contextlib.suppress(ConnectionClosed):
            while self._client is not None and self._channel.outbox:
                await self._client.send(self._channel.outbox.popleft())

    async def _say_goodbye(self) -> None:
        until = self._loop.time() + FLUSHED_WITHIN
        while not self._channel.is_settled and self._loop.time() < until:
            await self._flush()
            await asyncio.sleep(0.01)
        if self._client is not None:
            closed = frames.Message(frames.CLOSED, json.dumps({"Output": ""}).encode())
            with contextlib.suppress(ConnectionClosed):
                await self._client.send(closed.encoded())
                await self._client.close()

    def _wait_for_client(self) -> None:
        self._lonely = self._loop.call_later(self._kept_without_client, self.terminate)

    def _take(self, message: frames.Message) -> None:
        if message.payload_type == frames.SIZE:
            size = json.loads(message.payload)
            window = struct.pack("HHHH", size["rows"], size["cols"], 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, window)
        elif message.payload_type == frames.DATA:
            self._typed += message.payload
            self._loop.add_writer(self._terminal, self._write)

    def _read(self) -> None:
        if self._channel.unacknowledged_bytes > MOST_ON_ITS_WAY:
            return
        try:
            output = os.read(self._terminal, CHUNK)
        except OSError:  # nobody holds the other side any more
            output = b""
        if output:
            self._channel.send(frames.DATA, output, self._loop.time())
        else:
            self._loop.remove_reader(self._terminal)
            self.over.set()

    def _write(self) -> None:
        with contextlib.suppress(BlockingIOError):
            del self._typed[: os.write(self._terminal, self._typed)]
        if not self._typed:
            self._loop.remove_writer(self._terminal)


def _become(plan: dict[str, Any]) -> None:
    try:
        os.chdir(plan["folder"])
        os.execvpe(plan["argv"][0], plan["argv"], plan["environment"])
    finally:
        os._exit(127)


def _refuse_unsigned(_: ServerConnection, request: Request) -> Response | None:
    """The signature itself is checked by AWS alone, which knows the secret that goes with it."""
    authorization = request.headers.get("Authorization", "")
    if all(sign in authorization for sign in SIGNED) and "X-Amz-Date" in request.headers:
        return None
    return Response(HTTPStatus.FORBIDDEN, "Forbidden", request.headers.__class__(), b"")


async def main() -> None:
    Path("/proc/self/comm").write_text(COMM)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    worker = Worker(json.loads(await reader.readline()))
    loop.add_signal_handler(signal.SIGTERM, worker.terminate)
    server = await serve(
        worker.serve, "127.0.0.1", 0, process_request=_refuse_unsigned, compression=None, ping_interval=None
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    told = loop.create_task(_listen(reader, worker))
    await worker.transmit()
    told.cancel()


async def _listen(reader: asyncio.StreamReader, worker: Worker) -> None:
    while line := await reader.readline():
        worker.admit(line.decode().strip())
    worker.terminate()


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)
