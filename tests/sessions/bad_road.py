"""A road between a client and a home: frames of sessions are lost, doubled and overtaken, or all of it breaks."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.connection import Connection
from websockets.sync.server import ServerConnection, serve

from tests.local.session_agent.session_client import reach, split

HELD_BACK = 0.05  # seconds a frame waits to be overtaken, when no other comes


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what this is for."""


class BadRoad:
    """`url` leads to the home, and so do sessions opened over it. `chance` is that of each mishap, for each frame."""

    def __init__(self, home_url: str, chance: float, seed: int) -> None:
        self.chance = chance
        self.mishaps = 0
        self._home = urlsplit(home_url).netloc
        self._seed = seed
        self._lock = threading.Lock()
        self._targets: dict[str, str] = {}
        self._open: list[Connection] = []
        self._http = Proxy(("127.0.0.1", 0), self._handler())
        self._sockets = serve(self._carry, "127.0.0.1", 0, compression=None, max_size=None)
        for server in (self._http, self._sockets):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def breaks(self) -> None:
        """Cut every connection that is open, without a goodbye."""
        with self._lock:
            cut, self._open = self._open, []
        for connection in reversed(cut):  # the home's side first, or it would be told a proper goodbye
            with suppress(OSError):
                connection.socket.shutdown(2)

    def close(self) -> None:
        self.breaks()
        self._http.shutdown()
        self._http.server_close()
        self._sockets.shutdown()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        road = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                own = {name: value for name, value in self.headers.items() if name != "Host"}
                with closing(HTTPConnection(road._home, timeout=60)) as asked:
                    asked.request(self.command, self.path, body or None, own)
                    answer = asked.getresponse()
                    content = road._redirected(answer.read())
                self.send_response_only(answer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _redirected(self, content: bytes) -> bytes:
        said = json.loads(content)
        if "url" not in said:
            return content
        _, asked = split(said["url"])
        self._targets[urlsplit(asked).path] = said["url"]
        here = "{}:{}".format(*self._sockets.socket.getsockname())
        return json.dumps({**said, "url": f"ws://{here}{asked}"}).encode()

    def _carry(self, client: ServerConnection) -> None:
        assert client.request is not None
        target = self._targets[urlsplit(client.request.path).path]
        with reach(target, max_size=None) as agent:
            with self._lock:
                self._open += [client, agent]
            back = threading.Thread(target=self._pass_on, args=(agent, client, 1), daemon=True)
            back.start()
            self._pass_on(client, agent, 2)
            agent.close()
            back.join()

    def _pass_on(self, source: Connection, sink: Connection, way: int) -> None:
        dice = random.Random(self._seed + way)
        held: list[bytes] = []
        with suppress(ConnectionClosed, OSError):
            while True:
                try:
                    frame = source.recv(HELD_BACK if held else None)
                except TimeoutError:
                    sink.send(held.pop())
                    continue
                for each in [frame] if isinstance(frame, str) else self._mishandled(frame, held, dice):
                    sink.send(each)
        with suppress(ConnectionClosed, OSError):
            sink.close()

    def _mishandled(self, frame: bytes, held: list[bytes], dice: random.Random) -> Iterator[bytes]:
        luck = dice.random() / self.chance if self.chance else 9
        self.mishaps += luck < 3
        if luck < 1:  # lost
            return
        if luck < 2 and not held:  # overtaken by the next
            held.append(frame)
            return
        yield frame
        if luck < 3 and luck >= 2:  # doubled
            yield frame
        while held:
            yield held.pop()


@contextmanager
def bad_road(home_url: str, chance: float, seed: int = 1) -> Iterator[BadRoad]:
    road = BadRoad(home_url, chance, seed)
    try:
        yield road
    finally:
        road.close()
