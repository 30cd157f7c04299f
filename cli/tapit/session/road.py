"""The socket to the other end: who may be spoken to without encryption, and whose certificates are trusted."""

import os
import re
import socket
import ssl

from websockets.exceptions import InvalidURI
from websockets.uri import WebSocketURI, parse_uri

from tapit.errors import CliError


def parts_of(url: str) -> WebSocketURI:
    """Raise CliError for what is no address of a session, or one that would be spoken to in the open."""
    try:
        parts = parse_uri(url)
    except (InvalidURI, ValueError) as error:
        raise CliError("the home gave a session an address that is none", str(error)) from error
    if not parts.secure and not _may_be_open(parts.host):
        raise CliError(
            f"the session at {parts.host} would not be encrypted",
            "Plain ws:// is for a home on this machine: on the way to another one, others can read it.",
            "in a network that you trust: export TAPIT_ALLOW_HTTP=1",
        )
    return parts


def connected(parts: WebSocketURI, timeout: float) -> socket.socket:
    """Raise OSError when nobody answers, CliError when TAPIT_CA_BUNDLE cannot be read."""
    context = _trust() if parts.secure else None
    plain = socket.create_connection((parts.host, parts.port), timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain, server_hostname=parts.host) if context else plain
    except OSError:
        plain.close()
        raise


def _trust() -> ssl.SSLContext:
    bundle = os.environ.get("TAPIT_CA_BUNDLE") or None
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise CliError(
            f"cannot read the certificates in {bundle}", str(error), "unset TAPIT_CA_BUNDLE"
        ) from error


def _may_be_open(host: str) -> bool:
    this_machine = host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    return this_machine or os.environ.get("TAPIT_ALLOW_HTTP") == "1"
