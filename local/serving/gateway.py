"""Turns a request into the event that API Gateway would send, and asks the Chalice app."""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice
from chalice.local import LambdaContext, LambdaEventConverter, LocalChalice, RouteMatcher

LONGEST_REQUEST = 60  # seconds
_TOKEN = re.compile(r"tpt_[A-Za-z0-9_-]+")


def new_request_id() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Request:
    """One request, read whole; `target` is the path with its query, names of headers are in lower case.

    `repeated` are the headers that came more than once, with all their values.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    repeated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    id: str = field(default_factory=new_request_id)

    def __str__(self) -> str:
        """For the log: somebody may have put a token into the address."""
        target = _TOKEN.sub("tpt_***", harmless(self.target))
        return f"{self.id} {self.method} {target}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Gateway:
    """Safe to use from several threads at once."""

    def __init__(self, app: Chalice) -> None:
        # Chalice keeps the current request on the app; its own class for local use keeps one for every thread.
        app.__class__ = LocalChalice
        self._app = app
        self._events = LambdaEventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)

    def answer(self, request: Request) -> Answer:
        asked = "GET" if request.method == "HEAD" else request.method
        try:
            event = self._events.create_lambda_event(
                method=asked, path=request.target, headers=request.headers, body=request.body
            )
        except ValueError:
            return refusal(404, "RouteNotFound", f"There is no route {request.target.partition('?')[0]}.")
        allowed = self._app.routes[event["requestContext"]["resourcePath"]]
        if asked not in allowed:
            known = ", ".join(sorted({*allowed, "HEAD"} if "GET" in allowed else allowed))
            problem = f"This route knows {known}, not {request.method}."
            return refusal(405, "MethodNotAllowed", problem, allow=known)
        event["multiValueHeaders"] = {name: [value] for name, value in request.headers.items()} | dict(
            request.repeated
        )
        event["requestContext"]["requestId"] = request.id
        parameters = event["pathParameters"]
        event["pathParameters"] = {name: unquote(value) for name, value in parameters.items()}
        context = LambdaContext(function_name="api", memory_size=1024, max_runtime_ms=LONGEST_REQUEST * 1000)
        answered: dict[str, Any] = self._app(event, context)
        body = answered["body"]
        return Answer(
            answered["statusCode"],
            {name.lower(): value for name, value in answered["headers"].items()},
            body.encode() if isinstance(body, str) else body,
        )


def refusal(status: int, code: str, message: str, **headers: str) -> Answer:
    """Say no in the API's own shape, where the app was not asked."""
    body = json.dumps({"Code": code, "Message": message}).encode()
    return Answer(status, headers, body)


def harmless(text: str) -> str:
    """Without what a terminal that shows the log would obey."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
