"""Routes: what each needs is read off its view's signature, and every one answers in our shape whatever happens."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, get_type_hints

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel

from chalicelib.domain.errors import InvalidRequest, NotReady, TapitError, TooLarge, Unauthenticated
from chalicelib.domain.token import Token, read_token
from chalicelib.http.reading import read, read_query
from chalicelib.http.status_codes import status_code
from chalicelib.ports import Services, TokenStore

MAX_BODY = 256 * 1024  # bytes; far above the largest request that makes sense
_BEARER = re.compile(r"[Bb]earer +(\S+)")

View = Callable[..., BaseModel]


@dataclass(frozen=True)
class Call:
    """One request: the home it is for, who asks, and the parts that a view rarely needs."""

    home: Services
    token: Token
    headers: Mapping[str, str]
    raw_body: bytes


@dataclass(frozen=True)
class Route:
    """A view `(call, **path_parameters, body=, query=) -> model`; it takes a body or a query when it names one."""

    method: str
    path: str
    view: View
    status: int

    @cached_property
    def models(self) -> Mapping[str, type[BaseModel]]:
        """The models of `body`, `query` and `return`, as far as the view has them."""
        hints = get_type_hints(self.view)
        return {name: hints[name] for name in ("body", "query", "return") if name in hints}

    def run(self, home: Services, request: Request, path_parameters: Mapping[str, str]) -> BaseModel:
        raw_body = request.raw_body
        assert isinstance(raw_body, bytes)
        token = _token(request.headers.get("authorization", ""), home.tokens)
        call = Call(home=home, token=token, headers=request.headers, raw_body=raw_body)
        return self.view(call, **path_parameters, **self._parameters(request, raw_body))

    def _parameters(self, request: Request, raw_body: bytes) -> dict[str, BaseModel]:
        parameters = {}
        if "body" in self.models:
            parameters["body"] = read(self.models["body"], _parse_json(raw_body))
        query = request.to_original_event()["multiValueQueryStringParameters"]
        if "query" in self.models:
            parameters["query"] = read_query(self.models["query"], query)
        elif query:
            raise InvalidRequest("This route takes no query parameters.", dict.fromkeys(query, "is unknown"))
        return parameters


@dataclass(frozen=True)
class Routes:
    """Routes in the order in which they were added."""

    all: list[Route] = field(default_factory=list)

    def add(self, method: str, path: str, status: int = 200) -> Callable[[View], View]:
        def register(view: View) -> View:
            self.all.append(Route(method, path, view, status))
            return view

        return register


def blueprint(routes: Routes, services: Callable[[], Services]) -> Blueprint:
    """Return the routes as Chalice wants them; every request asks `services` for its home."""
    made = Blueprint(__name__)
    for route in routes.all:
        made.route(route.path, methods=[route.method])(_endpoint(made, route, services))
    return made


def refusal(error: TapitError) -> Response:
    said: dict[str, Any] = {"Code": type(error).__name__, "Message": str(error)}
    if error.hint:
        said["Hint"] = error.hint
    if isinstance(error, InvalidRequest) and error.fields:
        said["Fields"] = error.fields
    response = json_response(said, status_code(error))
    if isinstance(error, NotReady):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def json_response(body: Any, status: int = 200) -> Response:
    return Response(body=body, status_code=status, headers={"Content-Type": "application/json"})


def _endpoint(made: Blueprint, route: Route, services: Callable[[], Services]) -> Callable[..., Response]:
    @wraps(route.view)
    def answer(**path_parameters: str) -> Response:
        try:
            answered = route.run(services(), made.current_request, path_parameters)
            return json_response(answered.model_dump_json(), route.status)
        except TapitError as error:
            return refusal(error)

    return answer


def _token(authorization: str, tokens: TokenStore) -> Token:
    bearer = _BEARER.fullmatch(authorization)
    read = read_token(bearer[1]) if bearer else None
    token = tokens.find(read[0]) if read else None
    if read is None or token is None or not token.accepts(read[1]):
        raise Unauthenticated
    return token


def _parse_json(raw: bytes) -> Any:
    if len(raw) > MAX_BODY:
        raise TooLarge(f"The request body has {len(raw)} bytes; {MAX_BODY} is the most.")
    try:
        return json.loads(raw, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The request body is not JSON: {error}.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that is there twice, one value would be ignored without a word."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise InvalidRequest(f"The request body has the key {key} twice.", {key: "is given twice"})
        made[key] = value
    return made
