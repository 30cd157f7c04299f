"""The agent's end of a data channel, by the rules of AWS's own agent, which are stricter than those of our client."""

import json
import secrets
from collections.abc import Awaitable, Callable

from tapit.session import frames
from tapit.session.frames import Message

STATE = "agent_session_state"
MOST_KEPT = 100_000  # messages; those beyond are sent once and forgotten
MOST_EARLY = 100_000
RESEND_EVERY = 0.1  # seconds between two looks at the oldest message
_FIRST_TIMEOUT, _LONGEST_TIMEOUT, _SHORTEST_VARIANCE = 0.2, 1.0, 0.01

Send = Callable[[bytes], Awaitable[None]]
Take = Callable[[Message], Awaitable[None]]


class AgentChannel:
    """`take` may make everything wait: input is acknowledged when it has been taken, and nothing is heard before."""

    def __init__(self, send: Send, take: Take, now: Callable[[], float]) -> None:
        self.is_paused = False
        self._send = send
        self._take = take
        self._now = now
        self._sent: dict[int, tuple[bytes, float]] = {}
        self._next = 0
        self._expected = 0
        self._early: dict[int, Message] = {}
        self._round_trip, self._variance, self._timeout = 0.1, 0.0, _FIRST_TIMEOUT

    @property
    def is_settled(self) -> bool:
        return not self._sent

    async def say(self, payload: bytes) -> None:
        """Send output; while it is paused, only keep it."""
        if not payload:
            return
        flags = frames.SYN if self._next == 0 else 0
        message = Message(
            frames.OUTPUT, payload, payload_type=frames.DATA, sequence=self._next, flags=flags
        ).encoded()
        if len(self._sent) < MOST_KEPT:
            self._sent[self._next] = (message, self._now())
        self._next += 1
        if not self.is_paused:
            await self._send(message)

    async def say_terminating(self) -> None:
        said = json.dumps({"SchemaVersion": 1, "SessionState": "Terminating"}).encode()
        await self._send(Message(STATE, said, flags=frames.SYN | frames.FIN).encoded())

    async def resend(self) -> None:
        """Send the oldest message once more if it has waited too long; the others wait for their turn."""
        for number, (frame, at) in self._sent.items():
            if not self.is_paused and self._now() - at > self._timeout:
                self._sent[number] = (frame, self._now())
                await self._send(frame)
            return

    async def hear(self, message: Message) -> None:
        if message.kind in (frames.PAUSE, frames.START):
            self.is_paused = message.kind == frames.PAUSE
        elif message.kind == frames.ACKNOWLEDGE:
            self.is_paused = False
            self._acknowledged(frames.acknowledged(message))
        elif message.kind == frames.INPUT:
            self.is_paused = False
            await self._hear_input(message)

    def _acknowledged(self, number: int | None) -> None:
        if number not in self._sent:
            return
        _, at = self._sent.pop(number)
        sample = self._now() - at
        self._variance = 0.75 * self._variance + 0.25 * abs(self._round_trip - sample)
        self._round_trip = 0.875 * self._round_trip + 0.125 * sample
        wanted = self._round_trip + max(_SHORTEST_VARIANCE, 4 * self._variance)
        self._timeout = min(_LONGEST_TIMEOUT, wanted)

    async def _hear_input(self, message: Message) -> None:
        if message.sequence > self._expected:
            if len(self._early) < MOST_EARLY:
                self._early[message.sequence] = message
                await self._send(frames.acknowledgement(message))
            return
        if message.sequence == self._expected:
            await self._take(message)
            self._expected += 1
        await self._send(frames.acknowledgement(message))
        while self._expected in self._early:
            await self._take(self._early.pop(self._expected))
            self._expected += 1


def introduction(token: str) -> str:
    said = {"MessageSchemaVersion": "1.0", "RequestId": frames.new_uuid(), "TokenValue": token}
    return json.dumps(said | {"ClientInstanceId": "ecs:prod", "ClientId": secrets.token_hex(8)})
