"""Routes: what each needs is read off its view's signature, and every one answers in our shape whatever happens."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, get_args, get_type_hints

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel

from chalicelib.domain.errors import InvalidRequest, NotInReach, TapitError, TooLarge, Unauthenticated
from chalicelib.domain.task import Task
from chalicelib.domain.token import Role, Token
from chalicelib.http.access import authenticate, authorize
from chalicelib.http.fields import QueryParameters, may_be_left_out
from chalicelib.http.reading import read, read_query
from chalicelib.http.status_codes import status_code
from chalicelib.ports import Services
from chalicelib.usecases.turn import as_it_waits

MAX_BODY = 256 * 1024  # bytes; far above the largest request that makes sense

CHALLENGE = 'Bearer realm="tapit"'
PLAIN_TEXT = "text/plain"
ABOUT_TEXT = "Tapit-Page"
ROLE = "Tapit-Role"  # of the token that asks, with every success: nobody has to be sent where they may not go


@dataclass(frozen=True)
class PlainText:
    """An answer to whoever accepts text/plain; what is to be known about it is JSON in the header Tapit-Page."""

    text: str
    about: BaseModel


_GIVEN_ONCE = ("Authorization", "Idempotency-Key")

View = Callable[..., BaseModel | PlainText]


@dataclass(frozen=True)
class Call:
    """One request: the home it is for, who asks, and the parts that a view rarely needs."""

    home: Services
    token: Token
    headers: Mapping[str, str]
    raw_body: bytes

    def as_it_stands(self, task: Task) -> Task:
        """Say of an unfinished task whom it waits for now, or what keeps its home from writing what becomes of it."""
        task = as_it_waits(self.home, task)
        trouble = None if task.is_final or task.waiting_for else self.home.trouble()
        return task if trouble is None else task.but(waiting_for=trouble)

    @property
    def wants_text(self) -> bool:
        return self.headers.get("accept", "").partition(";")[0].strip() == PLAIN_TEXT


@dataclass(frozen=True)
class Visit:
    """A request without a token: the home it is for, and the address by which the gateway says that was asked."""

    home: Services
    came_to: str | None


@dataclass(frozen=True)
class Route:
    """A view `(call, **path_parameters, body=, query=) -> model`; it takes a body or a query when it names one.

    Whoever asks needs the role, and a token for the app in question: that of the path, or of the path's task. With
    the role None nobody needs a token, and the view is given a Visit; what comes `first` is asked then before anything
    of the request is read.
    """

    method: str
    path: str
    view: View
    role: Role | None
    status: int
    first: Callable[[Services], None] | None = None

    @cached_property
    def models(self) -> Mapping[str, type[BaseModel]]:
        """The models of `body`, `query` and `return`, as far as the view has them."""
        hints = get_type_hints(self.view)
        named = {name: hints[name] for name in ("body", "query", "return") if name in hints}
        return {name: next(iter(get_args(model)), model) for name, model in named.items()}

    @cached_property
    def has_text(self) -> bool:
        return PlainText in get_args(get_type_hints(self.view)["return"])

    def run(self, home: Services, request: Request, path_parameters: Mapping[str, str]) -> Response:
        if self.role is None:
            return self._answer(self._visit(home, request), request, path_parameters)
        token = self._token(home, request)
        try:
            authorize(home, token, self.role, path_parameters)
            home.tokens.note_use(token, home.clock.now())
            call = Call(home=home, token=token, headers=request.headers, raw_body=_raw_body(request))
            response = self._answer(call, request, path_parameters)
        except NotInReach as error:
            raise error if token.apps is None else error.told_to(token.name) from None
        response.headers[ROLE] = str(token.role)
        return response

    def _visit(self, home: Services, request: Request) -> Visit:
        if self.first is not None:
            self.first(home)
        return Visit(home, _address(request.context))

    def _token(self, home: Services, request: Request) -> Token:
        _refuse_given_twice(request)
        token = authenticate(home, request.headers.get("authorization", ""))
        home.admit(token)
        return token

    def _answer(self, asked: Visit | Call, request: Request, path_parameters: Mapping[str, str]) -> Response:
        answered = self.view(asked, **path_parameters, **self._parameters(request))
        return _success(answered, self.status)

    def _parameters(self, request: Request) -> dict[str, BaseModel]:
        parameters: dict[str, BaseModel] = {}
        if "body" in self.models:
            model, raw = self.models["body"], _raw_body(request)
            parameters["body"] = read(model, {} if not raw and may_be_left_out(model) else _parse_json(raw))
        query = request.to_original_event()["multiValueQueryStringParameters"]
        if "query" in self.models:
            model = self.models["query"]
            assert issubclass(model, QueryParameters)
            parameters["query"] = read_query(model, query)
        elif query:
            raise InvalidRequest("This route takes no query parameters.", dict.fromkeys(query, "is unknown"))
        return parameters


@dataclass(frozen=True)
class Routes:
    """Routes in the order in which they were added."""

    all: list[Route] = field(default_factory=list)

    def add(
        self,
        method: str,
        path: str,
        role: Role | None,
        *,
        status: int = 200,
        any_app: bool = False,
        first: Callable[[Services], None] | None = None,
    ) -> Callable[[View], View]:
        """`any_app`: the route is about no single app, and its view heeds what its caller's token reaches."""
        if any_app is ("{app_name}" in path or "{task_id}" in path):
            raise ValueError(f"{method} {path}: about which app is it?")

        def register(view: View) -> View:
            self.all.append(Route(method, path, view, role, status, first))
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
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = CHALLENGE
    return response


def json_response(body: Any, status: int = 200) -> Response:
    return Response(body=body, status_code=status, headers={"Content-Type": "application/json"})


def _endpoint(made: Blueprint, route: Route, services: Callable[[], Services]) -> Callable[..., Response]:
    @wraps(route.view)
    def answer(**path_parameters: str) -> Response:
        try:
            return route.run(services(), made.current_request, path_parameters)
        except TapitError as error:
            return refusal(error)

    return answer


def _success(answered: BaseModel | PlainText, status: int) -> Response:
    if isinstance(answered, BaseModel):
        return json_response(answered.model_dump_json(), status)
    about = json.dumps(answered.about.model_dump(mode="json"))  # nothing but ASCII, as a header must be
    headers: dict[str, str | list[str]] = {"Content-Type": f"{PLAIN_TEXT}; charset=utf-8", ABOUT_TEXT: about}
    return Response(body=answered.text, status_code=status, headers=headers)


def _address(context: Mapping[str, Any]) -> str | None:
    """Return host and path of the API's address, as API Gateway chose it by them; its caller cannot make them up."""
    host, path, resource = (context.get(name) for name in ("domainName", "path", "resourcePath"))
    if not host or not str(path).endswith(str(resource)):
        return None
    return str(host) + str(path).removesuffix(str(resource))


def _raw_body(request: Request) -> bytes:
    raw_body = request.raw_body
    assert isinstance(raw_body, bytes)
    return raw_body


def _refuse_given_twice(request: Request) -> None:
    """Whoever stands between might have judged by another one of them than we do."""
    told = request.to_original_event().get("multiValueHeaders") or {}
    for wanted in _GIVEN_ONCE:
        count = sum(len(values) for name, values in told.items() if name.lower() == wanted.lower())
        if count > 1:
            raise InvalidRequest(f"The request has {count} {wanted} headers; send one.")


def _parse_json(raw: bytes) -> Any:
    if len(raw) > MAX_BODY:
        raise TooLarge(f"The request body has {len(raw)} bytes; {MAX_BODY} is the most.")
    try:
        return json.loads(raw, object_pairs_hook=_object)
    except RecursionError as error:
        raise InvalidRequest("The request body is nested too deeply.") from error
    except ValueError as error:
        raise InvalidRequest(f"The request body is not JSON: {error}.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that is there twice, one value would be ignored without a word."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise InvalidRequest(f"The request body has the key {key} twice.", {key: "is given twice"})
        made[key] = value
    return made
