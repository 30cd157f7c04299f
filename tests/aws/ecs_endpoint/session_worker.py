"""What Session Manager's agent runs for each session in a container: a command on a terminal, and a data channel.

Started with a plan on its standard input, it connects to the message gateway. Its paces and its impatience are those of
AWS's agent: nothing is shown in the first second, then a kilobyte a millisecond at the most; at the end two seconds are
all that a client has to take the rest.
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
from pathlib import Path
from typing import Any

from tapit.session import frames
from tapit.session.frames import Message
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.aws.ecs_endpoint.agent_channel import RESEND_EVERY, AgentChannel, introduction
from tests.aws.ecs_endpoint.agent_output import AgentOutput

COMM = "ssm-session-wor"  # the kernel keeps 15 characters
CHUNK = 1024
PACE = 0.001  # seconds from one chunk to the next
FLUSHED_WITHIN = 2.0


class Worker:
    def __init__(self, plan: dict[str, Any], gateway: ClientConnection) -> None:
        self._loop = asyncio.get_running_loop()
        self._gateway = gateway
        self._silent_for: float = plan["silent_for"]
        self._channel = AgentChannel(self._send, self._take, self._loop.time)
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            _become(plan)
        os.set_blocking(self._terminal, False)

    async def run(self) -> None:
        """Until the command has ended, or the gateway has closed the channel."""
        heard = self._loop.create_task(self._hear())
        resent = self._loop.create_task(self._resend())
        said = self._loop.create_task(self._show())
        await asyncio.wait((heard, said), return_when=asyncio.FIRST_COMPLETED)
        if said.done():
            await self._settle()
            await self._channel.say_terminating()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        resent.cancel()

    async def _show(self) -> None:
        await asyncio.sleep(self._silent_for)
        output = AgentOutput()
        while True:
            if not self._channel.is_paused:
                some = await self._read()
                if not some:
                    return
                await self._channel.say(output.passes(some))
            await asyncio.sleep(PACE)

    async def _read(self) -> bytes:
        """Wait for some output; nothing: nobody holds the other side of the terminal any more."""
        await self._ready(self._loop.add_reader, self._loop.remove_reader)
        try:
            return os.read(self._terminal, CHUNK)
        except OSError:
            return b""

    async def _hear(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._gateway:
                assert isinstance(frame, bytes)
                message = frames.decode(frame)
                if message.kind == frames.CLOSED:
                    return
                await self._channel.hear(message)

    async def _take(self, message: Message) -> None:
        """A terminal whose command does not read takes no more, and then nothing is heard any more either."""
        if message.payload_type == frames.SIZE:
            size = json.loads(message.payload)
            window = struct.pack("HHHH", size["rows"], size["cols"], 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, window)
            return
        rest = message.payload
        with contextlib.suppress(OSError):
            while rest:
                await self._ready(self._loop.add_writer, self._loop.remove_writer)
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(self._terminal, rest) :]

    async def _ready(self, add: Any, remove: Any) -> None:
        ready = asyncio.Event()
        add(self._terminal, ready.set)
        try:
            await ready.wait()
        finally:
            remove(self._terminal)

    async def _resend(self) -> None:
        while True:
            await asyncio.sleep(RESEND_EVERY)
            await self._channel.resend()

    async def _settle(self) -> None:
        until = self._loop.time() + FLUSHED_WITHIN
        while not self._channel.is_settled and self._loop.time() < until:
            await asyncio.sleep(0.01)

    async def _send(self, frame: bytes) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._gateway.send(frame)


def _become(plan: dict[str, Any]) -> None:
    try:
        os.chdir(plan["folder"])
        os.execvpe(plan["argv"][0], plan["argv"], plan["environment"])
    finally:
        os._exit(127)


async def main() -> None:
    Path("/proc/self/comm").write_text(COMM)
    plan = json.loads(sys.stdin.readline())
    async with connect(
        plan["url"], additional_headers=plan["headers"], compression=None, ping_interval=None
    ) as gateway:
        await gateway.send(introduction(plan["token"]))
        await Worker(plan, gateway).run()


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)
