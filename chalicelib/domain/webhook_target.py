"""Where webhooks may go: to the public internet over TLS, never to what only this machine or its network can reach.

What the URL says is checked when it is given; what its name resolves to, whenever something is sent.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from chalicelib.domain.errors import InvalidRequest

LONGEST = 2048
PORTS = {"https": 443, "http": 80}
Address = IPv4Address | IPv6Address

# What RFC 3986 has in a URL: programs differ in how they read anything else, such as a backslash.
_WRITTEN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LOCAL_DOMAINS = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
_HINT = "Give the https:// address of a receiver on the public internet: url=https://hooks.example.com/..."
_LOCAL_HINT = "A receiver on this machine is allowed by: tapit-local --allow-local-webhooks"

_METADATA = frozenset(
    ip_address(known)
    for known in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
    )
)
_SHARED = (ip_network("100.64.0.0/10"),)
_STANDING_FOR_ANOTHER = tuple(
    ip_network(network)
    for network in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b:1::/48",  # NAT64, with a network's own choice of what is behind it
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "192.88.99.0/24",  # its relays
    )
)
# Also what some version of Python takes for global.
_RESERVED = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "3ffe::/16",
        "3fff::/20",
        "fec0::/10",
    )
)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")  # how a network without IPv4 names what has nothing else

# First come, first told. The last two are IANA's registries of special addresses, as Python knows them.
_KINDS: tuple[tuple[Callable[[Address], bool], str], ...] = (
    (lambda address: address in _METADATA, "an address of a cloud's metadata or credentials"),
    (lambda address: address.is_unspecified, "an unspecified address"),
    (lambda address: address.is_loopback, "a loopback address"),
    (lambda address: address.is_link_local, "a link-local address"),
    (lambda address: address.is_multicast, "a multicast address"),
    (lambda address: _is_in(address, _SHARED), "an address inside of a provider's network"),
    (lambda address: _is_in(address, _STANDING_FOR_ANOTHER), "an address that stands for another one"),
    (lambda address: _is_in(address, _RESERVED), "a reserved address"),
    (lambda address: address.is_private, "a private address"),
    (lambda address: not address.is_global, "a reserved address"),
)


@dataclass(frozen=True)
class Target:
    """A URL that webhooks may go to, as far as its text tells; `path` has its query with it.

    `is_local`: it says itself that it is on this machine, and nowhere else may it lead.
    """

    scheme: str
    host: str
    port: int
    path: str
    is_local: bool

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str, *, allow_local: bool) -> Target:
    """Return where a URL leads, or raise InvalidRequest, which says why nothing is sent there."""
    split = _split(url)
    host = (split.hostname or "").removesuffix(".")
    is_local = host == "localhost" or _is_loopback(host)
    if is_local and not allow_local:
        raise _refused(f"{host} is the machine itself that would send it", _LOCAL_HINT)
    if split.scheme != "https" and not (is_local and split.scheme == "http"):
        raise _refused("it has to begin with https://, or others could read and change what is sent")
    if not is_local:
        _check_host(host)
    return Target(split.scheme, host, _port(split), _path(split), is_local)


def refusal_of(address: str, *, is_local: bool) -> str | None:
    """Say why nothing is sent to an address that a target's name resolves to; None when it may be."""
    try:
        found = ip_address(address)
    except ValueError:
        return f"{address} is no address of the internet"
    if is_local:
        return None if found.is_loopback else f"{address} is not this machine's loopback address"
    kind = _kind_of(found)
    return None if kind is None else f"{address} is {kind}"


def _kind_of(address: Address) -> str | None:
    """Say what kind of address it is, when it is none of the public internet."""
    if address in _NAT64:
        inside = _kind_of(IPv4Address(int(address) & 0xFFFFFFFF))
        return inside and f"{inside}, by way of NAT64"
    kind = next((kind for applies, kind in _KINDS if applies(address)), None)
    if kind is None and isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return "a reserved address"
    return kind


def _is_in(address: Address, networks: tuple[object, ...]) -> bool:
    return any(address in network for network in networks)  # type: ignore[operator] # of both versions


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST:
        raise _refused(f"it is longer than {LONGEST:,} characters")
    if not _WRITTEN.fullmatch(url):
        raise _refused(
            "it has characters that a URL has to write otherwise: %20 for a blank, xn--... for a name"
        )
    try:
        split = urlsplit(url)
    except ValueError as error:
        raise _refused("it is no URL") from error
    if not split.hostname:
        raise _refused("it names no host")
    if "%" in split.hostname:
        raise _refused(f"{split.hostname} is no name of a host")
    if "@" in split.netloc:
        raise _refused(
            "it has a user name or password in it, which lists and logs would show",
            "Leave it out: what is sent is signed, and the receiver can verify that.",
        )
    if "#" in url:
        raise _refused("it has a fragment (#...), which is never sent")
    return split


def _check_host(host: str) -> None:
    address = _address(host)
    if address is not None:
        if (kind := _kind_of(address)) is not None:
            raise _refused(f"{host} is {kind}")
        return
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(f"{host} is no name of a host")
    if _is_number(labels[-1]):
        raise _refused(f"{host} is an address in a form that only some programs read")
    if len(labels) == 1 or any(f".{host}".endswith(f".{domain}") for domain in _LOCAL_DOMAINS):
        raise _refused(f"{host} is a name within one network only")


def _is_number(label: str) -> bool:
    return label.isdigit() or re.fullmatch(r"0x[0-9a-f]*", label) is not None


def _address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback


def _port(split: SplitResult) -> int:
    try:
        port = split.port
    except ValueError as error:
        raise _refused("its port is no number between 1 and 65535") from error
    if port == 0:
        raise _refused("its port is no number between 1 and 65535")
    return PORTS[split.scheme] if port is None else port


def _path(split: SplitResult) -> str:
    return (split.path or "/") + (f"?{split.query}" if split.query else "")


def _refused(why: str, hint: str = _HINT) -> InvalidRequest:
    return InvalidRequest(f"Webhooks cannot go to this URL: {why}.", {"url": why}, hint)
