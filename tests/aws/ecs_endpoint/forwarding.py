"""Of Systems Manager only sessions are ours: what is about its parameters is the emulator's, signature and all."""

import http.client
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_PARAMETERS = re.compile(r"AmazonSSM\.\w+Parameters?(ByPath)?")


def is_about_parameters(target: str) -> bool:
    return _PARAMETERS.fullmatch(target) is not None


def forwarded(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Return the status and the body of what the emulator answers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("POST", "/", body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
