"""From an answer, or the lack of one, to words and an exit code."""

import http.client
import json

from tapit.errors import (
    CliError,
    HomeFailed,
    NotAllowed,
    NotConnected,
    NotFound,
    NotReady,
    OutputForbidden,
    SessionOver,
    Unreachable,
    UsageError,
)
from tapit.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KINDS: dict[int, type[CliError]] = {
    400: UsageError,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    410: NotFound,
    413: UsageError,
    429: Unreachable,
    500: HomeFailed,
    502: Unreachable,
    503: Unreachable,
    504: Unreachable,
}
KINDS_BY_CODE: dict[str, type[CliError]] = {
    "OutputForbidden": OutputForbidden,
    "NotReady": NotReady,
    "TargetNotConnected": NotConnected,
    "SessionOver": SessionOver,
    "SessionNotFound": SessionOver,
}
NEXT = {
    "TaskNotFound": "tapit list tasks",
    "AppNotFound": "tapit list apps",
}


def judged(status: int, content: bytes, headers: http.client.HTTPMessage, home: Settings) -> "dict[str, Any]":
    """The answer's object, or the error it stands for."""
    said = _object(content, home)
    if said is None and not 500 <= status < 600:
        raise _not_ours(f"It was no JSON object; the status was {status}.", home)
    if said is not None and 200 <= status < 300:
        return said
    raise _refusal(status, said or {}, headers.get("X-Request-Id"), home)


class Said(dict[str, "Any"]):
    """An object of an answer: what every home's answer holds is missing only where no home answered."""

    home: Settings

    def __missing__(self, field: str) -> None:
        raise _not_ours(f"It was a JSON object without {field!r}.", self.home)


def _object(content: bytes, home: Settings) -> "dict[str, Any] | None":
    def said_by_home(fields: "dict[str, Any]") -> Said:
        said = Said(fields)
        said.home = home
        return said

    try:
        said = json.loads(content, object_hook=said_by_home)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _not_ours(why: str, home: Settings) -> Unreachable:
    return Unreachable(
        f"{home.url} answered something that is not a tapit home's answer", why, _is_the_url_right(home)
    )


def _is_the_url_right(home: Settings) -> str:
    return f"is the url right? It comes from {home.sources.get('url', 'the configuration')}"


def _refusal(status: int, said: "dict[str, Any]", request_id: str | None, home: Settings) -> CliError:
    code = str(said.get("Code", ""))
    message = said.get("Message") or said.get("message")  # API Gateway's own refusals have no capital
    kind = KINDS_BY_CODE.get(code) or KINDS.get(status, CliError)
    if status == 401:
        return kind(
            _bare(message) or "the token was refused",
            _token_source(home),
            _log_in(home),
            request_id=request_id,
        )
    if not message:
        message = f"{home.url} answered {status}, without a reason"
    then = said.get("Hint") or NEXT.get(code) or ("try again in a moment" if status >= 500 else None)
    if not code and not said.get("message") and status < 500:  # neither a home nor a gateway speaks so
        then = _is_the_url_right(home)
    return kind(_bare(message), _fields(said), _bare(then), request_id=request_id)


def _bare(message: object) -> str:
    return str(message).strip() if message else ""


def _fields(said: "dict[str, Any]") -> str | None:
    fields = said.get("Fields")
    if not isinstance(fields, dict):
        return None
    lines = [f"{name}: {text}" for name, text in fields.items() if str(text) not in str(said.get("Message"))]
    return "\n".join(lines) or None


def _token_source(home: Settings) -> str:
    return f"It comes from {home.sources.get('token', 'the configuration')} and was sent to {home.url}."


def _log_in(home: Settings) -> str:
    if home.sources.get("token") == "TAPIT_TOKEN":
        return "export TAPIT_TOKEN=..."
    login = f"tapit login --profile {home.profile or 'NAME'}"
    return (
        f"start the local home anew, which writes its token: tapit-local\nor: {login}"
        if home.is_local
        else login
    )


def unreachable(error: Exception, home: Settings, timeout: float) -> Unreachable:
    """Each way of not getting an answer has its own text and its own way out."""
    if isinstance(error, ConnectionRefusedError):
        return _refused(home)
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{home.url} did not answer within {timeout:g} seconds", then="try again in a moment"
        )
    if isinstance(error, http.client.RemoteDisconnected | ConnectionError):
        return Unreachable(
            f"{home.url} closed the connection without an answer", then="try again in a moment"
        )
    if isinstance(error, http.client.HTTPException | UnicodeError):
        return Unreachable(
            f"{home.url} does not speak HTTP as tapit knows it",
            f"{type(error).__name__}: {error}",
            f"is the url right? It comes from {home.sources.get('url', 'the configuration')}",
        )
    return _named(error, home)


def _refused(home: Settings) -> Unreachable:
    if home.is_local:
        return Unreachable(
            "the local home is not running", f"Nothing answers at {home.url}.", "start it with: tapit-local"
        )
    return Unreachable(
        f"nothing answers at {home.url}", "The connection was refused.", "are the host and the port right?"
    )


def _named(error: Exception, home: Settings) -> Unreachable:
    """Told by name, so that neither socket nor ssl need be imported for it."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "gaierror" in kinds:
        where = home.sources.get("url", "the configuration")
        return Unreachable(
            f"there is no host for {home.url}", str(error), f"is the url right? It comes from {where}"
        )
    if "SSLCertVerificationError" in kinds:
        return Unreachable(
            f"the certificate of {home.url} is not trusted",
            getattr(error, "verify_message", "") or str(error),
            "if your team has its own authority: export TAPIT_CA_BUNDLE=/path/to/ca.pem",
        )
    if "SSLError" in kinds:
        return Unreachable(f"no secure connection to {home.url}", str(error), "is it https at that port?")
    return Unreachable(f"cannot reach {home.url}", str(error))
