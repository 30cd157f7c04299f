"""Serves the app on this machine: on a Unix socket that only its owner can reach, and on a port when asked to."""

import asyncio
import errno
import logging
import resource
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn

from local.serving.asking import Asking
from local.serving.connection import IDLE_TIMEOUT, BoundedConnection, Room
from local.serving.face import Authenticate, Face
from local.serving.gateway import Gateway
from local.serving.unread import Unread, give_back_large_blocks
from local.timing.changes import LocalChanges

logger = logging.getLogger(__name__)
HOST = "127.0.0.1"
BACKLOG = 1024
MOST_CONNECTIONS = 10_000
FEW_CONNECTIONS = 50  # with fewer it is told why some have to wait
OTHER_FILES = 200
LEAST_FILES = 64  # an idle server has twenty or so
MOST_FILES = 65_536  # tasks inherit the limit, and some programs close every number below it at their start
PATIENCE_AT_THE_END = 5  # seconds for answers that are on their way


class CannotListen(Exception):
    """The message is for the user."""


@dataclass(frozen=True)
class Listener:
    """A socket that listens; who comes by it is the owner, when it has the owner's token."""

    socket: socket.socket
    owner_token: str | None = None


def listen_on_path(path: Path, owner_token: str) -> Listener:
    """Listen where only whoever may enter the folder can connect; what an earlier server left there is replaced."""
    listening = socket.socket(socket.AF_UNIX)
    try:
        with suppress(FileNotFoundError):
            path.unlink()
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(f"The socket {path} cannot be used: {error.strerror or error}.") from error
    return Listener(listening, owner_token)


def listen_on_port(port: int) -> Listener:
    """Listen on 127.0.0.1, where everybody on this machine can connect; 0 takes a free port."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # every connection inherits it: the second part of an answer must not wait 40 ms for the client's word of the first
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(f"Port {port} on {HOST} cannot be used: {error.strerror}.") from error
    return Listener(listening)


@dataclass
class Server:
    """Runs on a thread of its own, with one loop for all listeners."""

    gateway: Gateway
    changes: LocalChanges
    authenticate: Authenticate
    listeners: Sequence[Listener]
    most_connections: int = MOST_CONNECTIONS
    _running: list[uvicorn.Server] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator["Server"]:
        """Serve until the block ends; answers that are on their way get a moment then."""
        give_back_large_blocks()
        unread = Unread()
        asking = Asking(self.gateway, self.changes, unread)
        most = min(self.most_connections, _room_for_clients())
        self._running = [
            _uvicorn(
                Face(asking, self.authenticate, unread, listener.owner_token),
                Room(most, needs_token=listener.owner_token is None, unread=unread),
            )
            for listener in self.listeners
        ]
        thread = threading.Thread(target=asyncio.run, args=(self._serve(),), name="http", daemon=True)
        with ExitStack() as stack:
            stack.callback(asking.close)
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._end)
            yield self

    async def _serve(self) -> None:
        await asyncio.gather(
            *(
                server.serve(sockets=[listener.socket])
                for server, listener in zip(self._running, self.listeners, strict=True)
            )
        )

    def _end(self) -> None:
        for server in self._running:
            server.should_exit = True


def _uvicorn(face: Face, room: Room) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            face,
            http=cast("type[asyncio.Protocol]", partial(BoundedConnection, room)),
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=IDLE_TIMEOUT,
            timeout_graceful_shutdown=PATIENCE_AT_THE_END,
        )
    )


def refuse_few_files() -> None:
    """Raise OSError where a server would fail at its first request, or before."""
    files = _raise_file_limit()
    if files < LEAST_FILES:
        raise OSError(errno.EMFILE, f"only {files} files may be open, and a server needs {LEAST_FILES}")


def _room_for_clients() -> int:
    files = _raise_file_limit()
    most = connections_for(files)
    if most < FEW_CONNECTIONS:
        logger.warning(
            "Only %d files may be open, so clients are served %d at a time: ulimit -n 4096", files, most
        )
    return most


def connections_for(files: int) -> int:
    """Return how many clients may be connected when that many files may be open."""
    return max(1, min(MOST_CONNECTIONS, files - OTHER_FILES))


def _raise_file_limit() -> int:
    """Return how many files may be open; as many as anybody lets us."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (MOST_FILES if limit == resource.RLIM_INFINITY else limit for limit in limits)
    most = min(hard, MOST_FILES)
    if soft >= most:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, limits[1]))
    except (OSError, ValueError):  # macOS has another limit, below what it says
        return soft
    return most
