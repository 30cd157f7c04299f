"""Who asks, and whether they may: the check of every request, before anything of it is read."""

import re
from collections.abc import Mapping

from chalicelib.domain.errors import AppOutOfReach, Forbidden, TaskNotFound, Unauthenticated
from chalicelib.domain.token import Role, Token, read_token
from chalicelib.ports import Services

_BEARER = re.compile(r"[Bb]earer +(\S+)")


def authenticate(home: Services, authorization: str) -> Token:
    """Return the token that a request came with; raise Unauthenticated unless it is good."""
    token = _token_in(home, authorization)
    if token.is_over(home.clock.now()):
        raise Unauthenticated(
            f"Token {token.name} expired at {token.expires_at:%Y-%m-%d %H:%M} UTC.", _NEW_ONE
        )
    return token


def authorize(home: Services, token: Token, role: Role, path_parameters: Mapping[str, str]) -> None:
    """Let a token pass that reaches the app in question and has the role; to others that app is not there."""
    app, task_id = path_parameters.get("app_name"), path_parameters.get("task_id")
    if app is not None and not token.reaches(app):
        raise AppOutOfReach(app, token.name, token.apps_in_words)
    if task_id is not None and token.apps is not None and not token.reaches(home.tasks.get(task_id).app):
        raise TaskNotFound(task_id)
    if not token.role.includes(role):
        raise Forbidden(
            f"This takes the role {role}; token {token.name} is {_a(token.role)}'s.",
            f"Whoever has an admin's token can make one: tapit create token name=NAME role={role}",
        )


_NEW_ONE = "Whoever has an admin's token can make a new one: tapit create token name=NAME role=ROLE"


def _token_in(home: Services, authorization: str) -> Token:
    if not authorization.strip():
        raise Unauthenticated
    bearer = _BEARER.fullmatch(authorization)
    read = read_token(bearer[1]) if bearer else None
    if read is None:
        raise Unauthenticated("That is not a token of tapit's: those look like tpt_ID_SECRET.")
    token = home.tokens.find(read[0])
    if token is None or not token.accepts(read[1]):
        raise Unauthenticated(
            "The token is not known here: it was deleted, or belongs to another home.", _NEW_ONE
        )
    return token


def _a(role: Role) -> str:
    return f"{'a' if role is Role.VIEWER else 'an'} {role}"
