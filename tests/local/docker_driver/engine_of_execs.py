"""An engine's end of the commands that are run inside a container: what it is asked, and the lines to them."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue
from socketserver import ThreadingMixIn
from typing import Any

from local.docker_driver.exec_terminal import ContainerAddress
from tests.local.supervisor.supervised_task import GENEROUS

UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


class EngineOfExecs(ThreadingMixIn, HTTPServer):
    """It runs nothing: a test says what a command would, on `line`. `told` are the lines that it ran beside it."""

    address_family = socket.AF_UNIX
    daemon_threads = False

    def __init__(self, path: Path) -> None:
        self.address = ContainerAddress(f"unix://{path}", "1.41", "container")
        self.exit_code: int | None = None  # None while it runs
        self.told: list[str] = []
        self.lines: SimpleQueue[socket.socket] = SimpleQueue()
        super().__init__(str(path), _Request)  # type: ignore[arg-type]

    @property
    def line(self) -> socket.socket:
        """Return the engine's end of the line to the command that was begun last."""
        line = self.lines.get(timeout=GENEROUS)
        line.settimeout(GENEROUS)
        return line

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)

    def shutdown_request(self, request: Any) -> None:
        """Leave the other ends of a line as they are."""
        self.close_request(request)


class _Request(BaseHTTPRequestHandler):
    server: EngineOfExecs

    def do_GET(self) -> None:
        code = self.server.exit_code
        self._answer(200, {"Running": code is None, "ExitCode": code})

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path.endswith("/exec"):
            self.server.told += [] if said.get("AttachStdin") else [said["Cmd"][-1]]
            self._answer(201, {"Id": "id"})
        elif said.get("Detach") is False:
            self.connection.sendall(UPGRADED)
            self.server.lines.put(self.connection.dup())
        else:
            self._answer(200, {})

    def _answer(self, status: int, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "somebody"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def engine_of_execs(path: Path) -> Iterator[EngineOfExecs]:
    engine = EngineOfExecs(path)
    thread = threading.Thread(target=engine.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield engine
    finally:
        engine.shutdown()
        engine.server_close()
        thread.join()
