"""Serves a task's sessions on this machine, and decides when its main process ends."""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from local.session_agent import grants
from local.session_agent.session import Session

HOST = "127.0.0.1"
PATH = "/v1/data-channel/"
WORD_WITHIN = 10.0  # seconds that a client has to say who it is
LOOK_EVERY = 1.0
LARGEST_MESSAGE = 256 * 1024
UNACCEPTABLE = 1003


class Agent:
    """`on_empty` is called whenever the last session is over, `on_child` when any process of ours has ended."""

    def __init__(self, folder: str, on_empty: Callable[[], None], on_child: Callable[[], None]) -> None:
        self._folder = folder
        self._on_empty = on_empty
        self._on_child = on_child
        self._sessions: dict[str, Session] = {}
        self.was_visited = False

    @property
    def is_empty(self) -> bool:
        return not self._sessions

    async def open(self) -> None:
        """Return once the server knows where clients find us."""
        quiet = logging.getLogger("websockets.server")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False  # what a stranger sends is no output of the task's
        self._server: Server = await serve(
            self._serve,
            HOST,
            0,
            origins=[None],  # no page that a browser shows is let in
            compression=None,
            max_size=LARGEST_MESSAGE,
            ping_interval=None,
            open_timeout=WORD_WITHIN,
            server_header=None,
            logger=quiet,
        )
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._look_at_processes)
        loop.call_later(LOOK_EVERY, self._look_at_grants)
        port = self._server.sockets[0].getsockname()[1]
        _write_whole(f"{self._folder}/agent.json", json.dumps({"port": port}))

    def hang_up(self) -> None:
        for session in self._sessions.values():
            session.hang_up()

    async def _serve(self, client: ServerConnection) -> None:
        session = await self._admit(client)
        if session is None:
            await client.close(UNACCEPTABLE, "not a session of this task, or not its token")
        else:
            await session.serve(client)

    async def _admit(self, client: ServerConnection) -> Session | None:
        assert client.request is not None
        session_id = urlsplit(client.request.path).path.removeprefix(PATH)
        try:
            said = json.loads(await asyncio.wait_for(client.recv(), WORD_WITHIN))
            token = said["TokenValue"]
        except (TimeoutError, ConnectionClosed, ValueError, KeyError, TypeError, RecursionError):
            return None
        if not isinstance(token, str) or not grants.admits(self._folder, session_id, token):
            return None
        return self._sessions.get(session_id) or self._begin(session_id)

    def _begin(self, session_id: str) -> Session | None:
        argv = grants.argv_of(self._folder, session_id)
        if argv is None:
            return None
        self.was_visited = True
        self._sessions[session_id] = Session(session_id, argv, lambda: self._over(session_id))
        return self._sessions[session_id]

    def _over(self, session_id: str) -> None:
        grants.revoke(self._folder, session_id)
        del self._sessions[session_id]
        if not self._sessions:
            self._on_empty()

    def _look_at_processes(self) -> None:
        for session in list(self._sessions.values()):
            session.look()
        self._on_child()

    def _look_at_grants(self) -> None:
        for session in list(self._sessions.values()):
            if not grants.is_granted(self._folder, session.id):
                session.hang_up()
        asyncio.get_running_loop().call_later(LOOK_EVERY, self._look_at_grants)


def _write_whole(path: str, text: str) -> None:
    file = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w") as writing:
        writing.write(text)
    with suppress(FileNotFoundError):  # the task was removed
        os.replace(f"{path}.new", path)  # noqa: PTH105
