"""The internet, for the functions on the emulated AWS and whom tests let in: some names in it, each with an address.

Python reads this by its name when it starts, by PYTHONPATH, in the emulator and so in its functions. The program itself
is not told: it resolves a name, checks the address, connects to it, and checks the certificate. INTERNET says to which
port of this machine a name leads: `hooks.example.org=41234 sts.us-east-1.amazonaws.com=41235`.
"""

import os
import socket
from typing import Any

_PORTS = dict(place.split("=") for place in os.environ.get("INTERNET", "").split())
_PUBLIC = {name: f"93.184.215.{14 + n}" for n, name in enumerate(_PORTS)}
_PLACES = {_PUBLIC[name]: ("127.0.0.1", int(port)) for name, port in _PORTS.items()}

_resolve, _connect = socket.getaddrinfo, socket.socket.connect


def _getaddrinfo(host: Any, *others: Any, **named: Any) -> Any:
    return _resolve(_PUBLIC.get(host, host), *others, **named)


def _connected(self: socket.socket, address: Any) -> None:
    leads_to_us = isinstance(address, tuple) and address[0] in _PLACES
    _connect(self, _PLACES[address[0]] if leads_to_us else address)


if _PORTS:
    socket.getaddrinfo = _getaddrinfo
    socket.socket.connect = _connected  # type: ignore[method-assign, assignment]
