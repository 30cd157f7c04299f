"""Session Manager's message gateway: between a session's client and its agent it passes frames on, and closes channels.

It alone knows whether both are there. A client that loses its agent is told to pause, and then hears nothing any more.
"""

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock, Thread, Timer
from typing import Any

from tapit.session import frames
from tapit.session.frames import Message
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.aws.ecs_endpoint.agent_channel import STATE

UNACCEPTABLE = 1003
OLDEST_CLIENT = (1, 2, 764, 0)
TIMED_OUT = "Your session timed out due to inactivity and has been terminated."
QUERY = "role=publish_subscribe&cell-number=AAEAAb3/x=="  # not encoded, as AWS gives it
SIGNED = ("AWS4-HMAC-SHA256 Credential=", "/ssmmessages/aws4_request", "SignedHeaders=host;x-amz-date")
AGENTS_HEADERS = {
    "Authorization": f"{SIGNED[0]}AKIA/20261124/us-east-1{SIGNED[1]}, {SIGNED[2]}, Signature=0",
    "X-Amz-Date": "20261124T120000Z",
}


@dataclass
class Channel:
    """`client` and `agent`: who is connected now."""

    agents_token: str
    tokens: set[str] = field(default_factory=set)
    client: ServerConnection | None = None
    agent: ServerConnection | None = None
    is_over: bool = False
    timer: Timer | None = None


class MessageGateway:
    """A channel without a client is kept for so many seconds; AWS waits for 20 minutes without traffic."""

    def __init__(self, kept_without_client: float) -> None:
        self._kept = kept_without_client
        self._channels: dict[str, Channel] = {}
        self._lock = Lock()
        self._server = serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=_refuse_unsigned,
            compression=None,
            ping_interval=None,
        )
        Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, session_id: str) -> str:
        port = self._server.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/v1/data-channel/{session_id}?{QUERY}"

    def open(self, session_id: str) -> str:
        """Return the token of the session's agent."""
        channel = Channel(secrets.token_urlsafe(32))
        self._channels[session_id] = channel
        self._wait_for_client(channel)
        return channel.agents_token

    def admit(self, session_id: str) -> str:
        """Return a token for a client; none for a session that is over."""
        channel = self._channels[session_id]
        if channel.is_over:
            return ""
        token = secrets.token_urlsafe(32)
        channel.tokens.add(token)
        return token

    def close(self, session_id: str, why: str = "") -> None:
        self._close(self._channels[session_id], why)

    def end(self) -> None:
        for channel in self._channels.values():
            self._close(channel, "")
        self._server.shutdown()

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        session_id = connection.request.path.partition("?")[0].rpartition("/")[2]
        channel, said = self._channels.get(session_id), json.loads(connection.recv())
        if channel is None or channel.is_over:
            connection.close(UNACCEPTABLE, "there is no such channel")
        elif said.get("TokenValue") == channel.agents_token:
            self._serve_agent(channel, connection)
        elif said.get("TokenValue") not in channel.tokens:
            connection.close(UNACCEPTABLE, "a token of somebody else")
        elif _version(said) < OLDEST_CLIENT:
            connection.close(UNACCEPTABLE, "a client too old")
        else:
            self._serve_client(channel, connection)

    def _serve_agent(self, channel: Channel, agent: ServerConnection) -> None:
        with self._lock:
            channel.agent = agent
            if channel.client is None:
                _send(agent, _control(frames.PAUSE))
        with suppress(ConnectionClosed):
            for frame in agent:
                assert isinstance(frame, bytes)
                if frames.decode(frame).kind == STATE:
                    self._close(channel, "")
                else:
                    _send(channel.client, frame)
        with self._lock:
            channel.agent = None
            _send(channel.client, _control(frames.PAUSE))

    def _serve_client(self, channel: Channel, client: ServerConnection) -> None:
        with self._lock:
            channel.client = client
            if channel.timer is not None:
                channel.timer.cancel()
            _send(channel.agent, _control(frames.START))
        with suppress(ConnectionClosed):
            for frame in client:
                _send(channel.agent, frame)
        with self._lock:
            if channel.client is client:
                channel.client = None
                _send(channel.agent, _control(frames.PAUSE))
                self._wait_for_client(channel)

    def _wait_for_client(self, channel: Channel) -> None:
        channel.timer = Timer(self._kept, self._close, (channel, TIMED_OUT))
        channel.timer.daemon = True
        channel.timer.start()

    def _close(self, channel: Channel, why: str) -> None:
        channel.is_over = True
        if channel.timer is not None:
            channel.timer.cancel()
        closed = Message(frames.CLOSED, json.dumps({"Output": why}).encode()).encoded()
        for connection in (channel.client, channel.agent):
            _send(connection, closed)
            if connection is not None:
                Thread(target=connection.close, daemon=True).start()


def _send(connection: ServerConnection | None, frame: str | bytes) -> None:
    """Whoever is not there does not get it."""
    if connection is not None:
        with suppress(ConnectionClosed):
            connection.send(frame)


def _control(kind: str) -> bytes:
    return Message(kind, b"").encoded()


def _version(said: dict[str, Any]) -> tuple[int, ...]:
    """Clients that do not say theirs are let in."""
    stated = said.get("ClientVersion")
    return tuple(map(int, stated.split("."))) if stated else OLDEST_CLIENT


def _refuse_unsigned(_: ServerConnection, request: Request) -> Response | None:
    """The signature itself is checked by AWS alone, which knows the secret that goes with it."""
    authorization = request.headers.get("Authorization", "")
    if all(sign in authorization for sign in SIGNED) and "X-Amz-Date" in request.headers:
        return None
    return Response(HTTPStatus.FORBIDDEN, "Forbidden", request.headers.__class__(), b"")
