"""Make a token, which is never good for more than the one of whoever makes it."""

from contextlib import suppress
from datetime import datetime

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import IdTaken, TokenNotFound
from chalicelib.domain.token import ListedToken, Rights, Token, new_token
from chalicelib.ports import Services
from chalicelib.usecases.grant import Wanted, entry_of_rights, granted, notes_on_apps


def create_token(services: Services, wanted: Wanted, by: Token) -> tuple[ListedToken, str, list[str]]:
    """Return the token, its text, which is kept nowhere, and notes for the caller; raise Forbidden or TokenExists."""
    now = services.clock.now()
    rights, notes = granted(wanted, by, now)
    _clear_name(services, wanted.name, now)
    token, text = _add(services, wanted.name, rights, now, by)
    return ListedToken.of(token, now, by.name), text, [*notes, *notes_on_apps(services, wanted)]


def _clear_name(services: Services, name: str, now: datetime) -> None:
    """The name of one that has expired is free."""
    with suppress(TokenNotFound):
        earlier = services.tokens.get(name)
        if earlier.expires_at is not None and earlier.expires_at <= now:
            services.tokens.remove(earlier)


def _add(services: Services, name: str, rights: Rights, now: datetime, by: Token) -> tuple[Token, str]:
    while True:
        token, text = new_token(name, rights)
        with suppress(IdTaken):
            services.tokens.add(token, now, by.name, token_entry(What.TOKEN_CREATED, token, by.name, now))
            return token, text


def token_entry(what: What, token: Token | ListedToken, by: str, now: datetime) -> Entry:
    """Names are given again, so an entry has the id, which is no secret."""
    return entry_of_rights(what, token.name, token, by=by, at=now, id=token.id)
