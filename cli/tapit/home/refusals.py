"""From an answer, or the lack of one, to words and an exit code."""

from __future__ import annotations

import http.client
import json

from tapit import TYPE_CHECKING
from tapit.errors import (
    AppNotFound,
    CliError,
    CommandNotFound,
    Endless,
    HomeFailed,
    NotAllowed,
    NotConnected,
    NotFound,
    NotReady,
    OutputForbidden,
    ScheduleNotFound,
    SessionOver,
    SubscriptionNotFound,
    TaskOver,
    TokenNotFound,
    TrustNotFound,
    Unreachable,
    UsageError,
)
from tapit.home import tokens
from tapit.home.choosing import ChosenHome
from tapit.home.private_files import local_home_folder
from tapit.home.tls import TRUST_AN_AUTHORITY
from tapit.home.unix_socket import state_of

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
    "TaskOver": TaskOver,
    "SessionNotFound": SessionOver,
    "AppNotFound": AppNotFound,
    "SubscriptionNotFound": SubscriptionNotFound,
    "ScheduleNotFound": ScheduleNotFound,
    "CommandNotFound": CommandNotFound,
    "TokenNotFound": TokenNotFound,
    "TrustNotFound": TrustNotFound,
}
TYPED = {
    "expires_in": "expires",
    "command_name": "command",
    "environment": "env",
    "secret_values": "secret",
    "limits.max_hours": "max_hours_limit",
}
KEYS_OF = {
    "environment": "variable",
    "tags": "tag",
    "secrets": "secret",
    "secret_values": "secret",
    "limits": "limit",
}
NOT_OURS = "{} answered something that is not a tapit home's answer"
NEXT = {
    "TaskNotFound": "tapit list tasks",
    "AppNotFound": "tapit list apps",
    "SubscriptionNotFound": "tapit list subscriptions",
    "ScheduleNotFound": "tapit list schedules",
    "CommandNotFound": "tapit list commands",
}


def judged(status: int, content: bytes, headers: http.client.HTTPMessage, home: ChosenHome) -> dict[str, Any]:
    """The answer's object, or the error it stands for."""
    said = _object(content if status < 300 else _masked(content, home), home)
    if said is None and not 500 <= status < 600:
        raise _not_ours(f"It was not a JSON object; the status was {status}.", home)
    if said is not None and 200 <= status < 300:
        return said
    raise _refusal(status, said or {}, headers.get("X-Request-Id"), home)


class Said(dict[str, "Any"]):
    """An object of an answer: what every home's answer holds is missing only where no home answered."""

    home: ChosenHome

    def __missing__(self, field: str) -> None:
        raise _not_ours(f"It was a JSON object without {field!r}.", self.home)


def _object(content: bytes, home: ChosenHome) -> dict[str, Any] | None:
    def said_by_home(fields: dict[str, Any]) -> Said:
        said = Said(fields)
        said.home = home
        return said

    try:
        said = json.loads(content, object_hook=said_by_home)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _masked(content: bytes, home: ChosenHome) -> bytes:
    """A gateway between may repeat the header that it did not like."""
    return content.replace(home.token.encode(), tokens.masked(home.token).encode()) if home.token else content


def endless(home: ChosenHome) -> Endless:
    why = "Its list never ends: page after page brings nothing new."
    return Endless(NOT_OURS.format(home.url), why, _is_the_url_right(home))


def _not_ours(why: str, home: ChosenHome) -> Unreachable:
    return Unreachable(NOT_OURS.format(home.url), why, _is_the_url_right(home))


def _is_the_url_right(home: ChosenHome) -> str:
    return f"is the url right? It comes from {home.sources.get('url', 'the configuration')}"


def _refusal(status: int, said: dict[str, Any], request_id: str | None, home: ChosenHome) -> CliError:
    code = str(said.get("Code", ""))
    message = said.get("Message") or said.get("message")  # API Gateway's own refusals have no capital
    kind = KINDS_BY_CODE.get(code) or KINDS.get(status, CliError)
    if status == 401 and code != "NotProven":  # which is about no token
        return kind(
            _bare(message) or "the token was refused",
            _token_source(home),
            _log_in(home),
            request_id=request_id,
        )
    if code == "RouteNotFound":
        return _no_such_route(kind, request_id, home)
    if not message:
        message = f"{home.url} answered {status}, without a reason"
    then = said.get("Hint") or NEXT.get(code) or ("try again in a moment" if status >= 500 else None)
    if not code and (status in (403, 404) or (not said.get("message") and status < 500)):
        then = _is_the_url_right(home)  # neither a home speaks so nor its gateway
    is_no_app = code in ("AppNotFound", "AppOutOfReach")
    message = _in_our_words(str(message), said)
    why = _app_source(home) if is_no_app and home.is_app_asked else _fields(said)
    return kind(_bare(message), why, _bare(then), request_id=request_id)


def _no_such_route(kind: type[CliError], request_id: str | None, home: ChosenHome) -> CliError:
    """What is asked for are a home's routes, so either the address is not a home's, or the home is an earlier one."""
    return kind(
        f"{home.url} has no such route",
        "Its address goes too far or not far enough, or the home is older than this tapit.",
        _is_the_url_right(home),
        request_id=request_id,
    )


def _bare(message: object) -> str:
    return str(message).strip() if message else ""


def _fields(said: dict[str, Any]) -> str | None:
    fields = said.get("Fields")
    if not isinstance(fields, dict):
        return None
    message = str(said.get("Message"))
    lines = [f"{_as_typed(name)}: {text}" for name, text in fields.items() if str(text) not in message]
    return "\n".join(lines) or None


def _in_our_words(message: str, said: dict[str, Any]) -> str:
    """A home speaks of fields of its API; whoever reads this has typed keys."""
    fields = said.get("Fields")
    for name, text in fields.items() if isinstance(fields, dict) else ():
        message = message.replace(f"{name} {text}", f"{_as_typed(name)} {text}")
    return message


def _as_typed(field: str) -> str:
    of, dot, name = field.partition(".")
    if field in TYPED or not dot or of not in KEYS_OF:
        return TYPED.get(field, field)
    return f"the {KEYS_OF[of]} {name}"


def _app_source(home: ChosenHome) -> str:
    return f"{home.sources['app']} chose it." if "app" in home.sources else ""


def _token_source(home: ChosenHome) -> str:
    return f"It comes from {home.sources.get('token', 'the configuration')} and was sent to {home.url}."


def _log_in(home: ChosenHome) -> str:
    if home.sources.get("token") == "TAPIT_TOKEN":
        owner = "\nor, as its owner, without a token: unset TAPIT_TOKEN" if home.is_socket else ""
        return f"export TAPIT_TOKEN=...{owner}"
    login = f"tapit login --profile {home.profile or 'NAME'}{' --aws' if home.signed_in else ''}"
    return (
        f"{login}\nor, as whose home it is, without a token: tapit --profile local ..."
        if home.is_local
        else login
    )


def somebody_else(now: str, was: str, home: ChosenHome) -> NotAllowed:
    """Whoever's keys are found by now, nothing is done under their name that was not asked for."""
    return NotAllowed(
        f"AWS knows you as {now} by now",
        f"Profile {home.profile or ''} was signed in as {was}.",
        f"to go on as whom AWS knows: tapit login --aws --profile {home.profile or 'NAME'}",
    )


def unreachable(error: Exception, home: ChosenHome, timeout: float) -> Unreachable:
    """Each way of not getting an answer has its own text and its own way out."""
    said = _masked(str(error).encode(), home).decode()
    if isinstance(error, ConnectionRefusedError) or (home.is_socket and isinstance(error, FileNotFoundError)):
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
            f"{type(error).__name__}: {said}",
            f"is the url right? It comes from {home.sources.get('url', 'the configuration')}",
        )
    return _named(error, said, home)


def _refused(home: ChosenHome) -> Unreachable:
    if home.is_local:
        return Unreachable(
            "the local home is not running",
            f"Nothing answers at {home.url}.",
            f"start it with: {_start(home)}",
        )
    return Unreachable(
        f"nothing answers at {home.url}", "The connection was refused.", "are the host and the port right?"
    )


def _start(home: ChosenHome) -> str:
    """The command that starts the same home, which may have a folder and a profile of its own."""
    import shlex

    words = ["tapit-local"]
    if home.is_socket and (folder := state_of(str(home.url))) != local_home_folder():
        words += ["--state", folder]
    if home.profile not in (None, "local") and home.sources["url"] == f"profile {home.profile}":
        words += ["--profile", str(home.profile)]
    return shlex.join(words)


def _named(error: Exception, said: str, home: ChosenHome) -> Unreachable:
    """Told by name, so that neither socket nor ssl need be imported for it."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "gaierror" in kinds:
        where = home.sources.get("url", "the configuration")
        return Unreachable(
            f"there is no host for {home.url}", said, f"is the url right? It comes from {where}"
        )
    if "SSLCertVerificationError" in kinds:
        return Unreachable(
            f"the certificate of {home.url} is not trusted",
            getattr(error, "verify_message", "") or said,
            TRUST_AN_AUTHORITY,
        )
    if "SSLError" in kinds:
        return Unreachable(f"no secure connection to {home.url}", said, "is it https at that port?")
    return Unreachable(f"cannot reach {home.url}", said)
