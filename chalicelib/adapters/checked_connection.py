"""Connects to where a webhook may go, and to nowhere else.

A name is resolved once, all its addresses are checked, and the connection is made to one of those very addresses: what
the name resolves to a moment later does not matter. TLS still checks the certificate for the name.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import cache
from ipaddress import ip_address
from threading import Thread

from chalicelib.adapters.bounded_socket import BoundedSocket, Deadline
from chalicelib.domain.webhook_target import Target, refusal_of

Resolve = Callable[[str], Sequence[str]]
Trust = Callable[[], ssl.SSLContext]


class NotReached(Exception):
    """No connection was made; the message says why, as whoever runs the receiver would want to know it."""


def addresses_of(name: str) -> Sequence[str]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@cache
def trusted_by_the_system() -> ssl.SSLContext:
    """Reading all the authorities takes a while, so it is done once, and only where TLS is spoken."""
    return ssl.create_default_context()


@contextmanager
def connected_to(
    target: Target, deadline: Deadline, resolve: Resolve, trust: Trust
) -> Iterator[BoundedSocket]:
    """A connection, with TLS on it where the target says so. Raise NotReached, OSError or TimeoutError."""
    addresses = _resolved(target.host, deadline, resolve)
    for address in addresses:
        if refusal := refusal_of(address, is_local=target.is_local):
            raise NotReached(f"nothing is sent where {target.host} leads: {refusal}")
    with ExitStack() as stack:
        connected = stack.enter_context(_connected(addresses, target.port, deadline))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.scheme == "https":
            connected.settimeout(deadline.left())
            connected = stack.enter_context(trust().wrap_socket(connected, server_hostname=target.host))
        yield BoundedSocket(connected, deadline)


def _resolved(name: str, deadline: Deadline, resolve: Resolve) -> Sequence[str]:
    if _is_address(name):
        return [name]
    try:
        addresses = _in_time(lambda: resolve(name), deadline)
    except TimeoutError as error:
        raise NotReached(f"the name {name} was not resolved in time") from error
    except OSError as error:
        raise NotReached(f"the name {name} does not resolve: {error.strerror or error}") from error
    if not addresses:
        raise NotReached(f"the name {name} has no address")
    return addresses


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _in_time(ask: Callable[[], Sequence[str]], deadline: Deadline) -> Sequence[str]:
    """No resolver of the system can be interrupted: one that takes too long is left to itself."""
    answer: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it was asked for
            answer.set_exception(error)

    Thread(target=run, name="resolve", daemon=True).start()
    return answer.result(deadline.left())


def _connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """Try one address after the other, each for its share of the time: of two families one may lead nowhere."""
    failure: OSError | None = None
    for tried, address in enumerate(addresses):
        share = deadline.left() / (len(addresses) - tried)
        try:
            return socket.create_connection((address, port), timeout=share)
        except OSError as error:
            failure = failure or error
    assert failure is not None
    raise failure
