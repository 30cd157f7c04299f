"""The socket under a session's WebSocket: which hosts need no TLS, which certificates are trusted, whose sockets."""

import os
import socket
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from websockets.exceptions import InvalidURI
from websockets.uri import WebSocketURI, parse_uri

from tapit.errors import CliError
from tapit.home import tls
from tapit.home.unix_socket import refuse_open_folder


@dataclass(frozen=True)
class Address:
    """`path` is that of a socket on this machine."""

    uri: WebSocketURI
    path: bytes | None = None

    @property
    def name(self) -> str:
        return self.uri.host if self.path is None else self.path.decode(errors="backslashreplace")


def parse_url(url: str) -> Address:
    """Raise CliError for what is not a WebSocket URL, and for one whose connection would not be encrypted.

    `unix:SOCKET:/PATH` is a WebSocket on a socket of this machine, whose path is quoted as in any URL.
    """
    if url.startswith("unix:/"):
        path, _, asked = url.removeprefix("unix:").partition(":")
        return Address(_parsed(f"ws://localhost{asked}"), unquote_to_bytes(path))
    uri = _parsed(url)
    if not uri.secure and not tls.may_be_unencrypted(uri.host):
        raise CliError(
            f"the session at {uri.host} would not be encrypted",
            tls.why_not_plain("ws"),
            tls.TRUST_THE_NETWORK,
        )
    return Address(uri)


def refuse_this_machine(address: Address) -> None:
    """For a home that is not on it: what listens here may trust whoever is here, and answers to no other machine."""
    if address.path is None and not tls.is_this_machine(address.uri.host):
        return
    raise CliError(
        "the home sent us to this machine for the session, and is on another one itself",
        f"Nothing was sent to {address.name}.",
        "if its port is forwarded to here, name the home as you reach it: tapit login url=http://127.0.0.1:PORT",
    )


def open_socket(address: Address, timeout: float) -> socket.socket:
    """Raise OSError when nobody answers, CliError for certificates that cannot be read, and others' sockets."""
    if address.path is not None:
        return _open_on_this_machine(address.path, timeout)
    uri = address.uri
    context = tls.trusted_certificates() if uri.secure else None
    plain = socket.create_connection((uri.host, uri.port), timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain, server_hostname=uri.host) if context else plain
    except OSError:
        plain.close()
        raise


def _open_on_this_machine(path: bytes, timeout: float) -> socket.socket:
    refuse_open_folder(os.fsdecode(path))
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _parsed(url: str) -> WebSocketURI:
    try:
        return parse_uri(url)
    except (InvalidURI, ValueError) as error:
        raise CliError(
            "the home gave an address for the session that is not a WebSocket URL", str(error)
        ) from error
