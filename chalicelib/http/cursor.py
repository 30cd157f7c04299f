"""Cursors: opaque, good only for the query and the token they were made for, and no other text passes.

One that is to outlive its token is made for none: then it is good for everybody who may ask the query, and since
anybody can make one, its position is to be checked as every input is.
"""

import base64
import hashlib
import hmac

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.token import Token

_SEAL_LENGTH = 12


def seal(token: Token | None, query: str, position: str) -> str:
    """Return a cursor for going on with `query` at `position`."""
    text = position.encode()
    return base64.urlsafe_b64encode(_seal(token, query, text) + text).decode().rstrip("=")


def unseal(token: Token | None, query: str, cursor: str | None, name: str = "cursor") -> str | None:
    """Return the position of a cursor that `seal` made for the same token and query, or raise InvalidRequest.

    `name` is the parameter that it came as.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise _invalid(name) from error
    given, text = raw[:_SEAL_LENGTH], raw[_SEAL_LENGTH:]
    if not hmac.compare_digest(given, _seal(token, query, text)):
        raise _invalid(name)
    return text.decode()


def _seal(token: Token | None, query: str, text: bytes) -> bytes:
    # The key is per token's holder and never leaves the server, so a cursor needs no secret of its own.
    message = query.encode() + b"\0" + text
    key = token.seal_key if token else "anybody"
    return hmac.digest(key.encode(), message, hashlib.sha256)[:_SEAL_LENGTH]


def _invalid(name: str) -> InvalidRequest:
    return InvalidRequest(
        "The cursor is not one of ours, or was made for another query.",
        {name: "is not valid here"},
        hint="Start again without a cursor.",
    )
