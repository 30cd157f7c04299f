"""The ASGI application of one listener: who asks, what is read of a request, and how its answer is sent."""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from chalicelib.domain.errors import Unauthenticated, Unreadable
from chalicelib.domain.token import Token
from local.serving.asking import Asking
from local.serving.gateway import Answer, Request, harmless, refusal
from local.serving.unread import SMALL, Unread

logger = logging.getLogger(__name__)
LARGEST_BODY = (
    1024 * 1024
)  # bytes we are ready to read; the app refuses far smaller ones with a better answer
OUR_NAMES = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE | re.ASCII)

Authenticate = Callable[[str], Token]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class _Refused(Exception):
    """The request is not read to its end."""

    def __init__(self, status: int, message: str, code: str = "InvalidRequest") -> None:
        super().__init__(message)
        self.answer = refusal(status, code, message)


class _Gone(Exception):
    """The client hung up in the middle of its request."""


class Face:
    """`owner_token` is who asks where nobody but the owner can: on a socket in a folder of the owner's.

    `authenticate` judges the header of whoever else asks; it raises Unauthenticated.
    """

    def __init__(
        self, asking: Asking, authenticate: Authenticate, unread: Unread, owner_token: str | None = None
    ) -> None:
        self._asking = asking
        self._authenticate = authenticate
        self._unread = unread
        self._owner_token = owner_token

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        request = _head(scope)
        try:
            answer, closing = await self._answer(scope, request, receive)
        except _Gone:
            return
        except _Refused as refused:
            answer, closing = refused.answer, True
        except BaseException as error:
            error.add_note(f"Request {request}")
            ours = refusal(500, "InternalServerError", "An internal server error occurred.")
            await _send(send, request, ours, closing=True)
            raise
        if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("%s failed", request)
        if len(answer.body) > SMALL:
            await self._unread.room()
        await _send(send, request, answer, closing=closing)
        logger.debug("%s %s %.1f ms", request, answer.status, (time.monotonic() - began) * 1000)

    async def _answer(self, scope: Any, request: Request, receive: Receive) -> tuple[Answer, bool]:
        """Return the answer, and whether the connection ends with it: of a stranger's request no body is read."""
        length = _length_of_body(request, scope["headers"])
        if self._owner_token is not None:
            request.headers.setdefault("authorization", f"Bearer {self._owner_token}")
        elif not self._knows(scope, request):
            return await self._asking.answer(request), length > 0
        body = await _body(receive) if length else b""
        return await self._asking.answer(replace(request, body=body)), False

    def _knows(self, scope: Any, request: Request) -> bool:
        _check_host(scope)
        if "authorization" in request.repeated:
            return False
        try:
            self._authenticate(request.headers.get("authorization", ""))
        except (Unauthenticated, Unreadable):
            return False
        scope["state"]["connection"].trust()
        return True


def _head(scope: Any) -> Request:
    query = scope["query_string"].decode("latin-1")
    target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    values: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1").strip(" \t"))
    headers = {name: several[-1] for name, several in values.items()}
    repeated = {name: several for name, several in values.items() if len(several) > 1}
    return Request(scope["method"], target, headers, repeated=repeated)


def _check_host(scope: Any) -> None:
    """A page of a stranger's may give its own name our address, and would then be let read our answers."""
    hosts = [value.decode("latin-1").strip(" \t") for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or (not hosts and scope["http_version"] != "1.0"):
        raise _Refused(400, "Send one Host header.")
    if hosts and not OUR_NAMES.fullmatch(hosts[0]):
        problem = f"Nothing is served under the name {harmless(hosts[0][:100])!r}; ask 127.0.0.1."
        raise _Refused(403, problem, "ForeignHost")


def _length_of_body(request: Request, headers: list[tuple[bytes, bytes]]) -> int:
    if any(name == b"transfer-encoding" for name, _ in headers):
        raise _Refused(411, "Send the body with one Content-Length.")
    length = int(request.headers.get("content-length") or 0)  # the parser lets nothing but one number through
    if length > LARGEST_BODY:
        raise _Refused(413, f"The request body has {length} bytes; {LARGEST_BODY} is the most we read.")
    return length


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        parts.append(message["body"])
        if not message["more_body"]:
            return b"".join(parts)


async def _send(send: Send, request: Request, answer: Answer, *, closing: bool) -> None:
    headers = {
        "content-type": "application/json",
        **answer.headers,
        "content-length": str(len(answer.body)),
        "x-request-id": request.id,
        **({"connection": "close"} if closing else {}),
    }
    named = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": named})
    await send({"type": "http.response.body", "body": answer.body})
