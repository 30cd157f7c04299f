"""AWS's own names in front of the emulator: with TLS, as functions and people's programs ask for them."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import trustme

NETWORK = Path(__file__).parent / "network"


@dataclass
class Front:
    """Where names lead that are the emulator's, whose port is `leads_to`; those that are `closed` hang up."""

    port: int
    certificates: Path
    leads_to: int = 0
    closed: set[str] = field(default_factory=set)

    def environment(self, *names: str) -> dict[str, str]:
        """What a Python needs for which these names are part of the internet."""
        return {
            "PYTHONPATH": str(NETWORK),
            "INTERNET": " ".join(f"{name}={self.port}" for name in names),
            "SSL_CERT_FILE": str(self.certificates),
        }


@contextmanager
def fronting(folder: Path, names: Sequence[str]) -> Iterator[Front]:
    """Speak TLS for names, a wildcard among them perhaps, until the block ends."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    trusted = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))

    asked_for: dict[Any, str | None] = {}
    context.sni_callback = lambda connection, name, _: asked_for.update({connection: name})

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as asked:
                if asked_for.pop(asked) not in front.closed:
                    _hand_on(asked, front.leads_to)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        front = Front(server.server_address[1], trusted)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield front
        finally:
            server.shutdown()


def _hand_on(asked: ssl.SSLSocket, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as behind:
        back = Thread(target=_pump, args=(behind, asked), daemon=True)
        back.start()
        _pump(asked, behind)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            sink.sendall(some)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
