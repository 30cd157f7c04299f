"""The tokens that somebody's own token reaches: those that are for no app but its own."""

from collections.abc import Iterator
from itertools import islice

from chalicelib.domain.audit import What
from chalicelib.domain.errors import TokenNotFound
from chalicelib.domain.token import ListedToken, Token
from chalicelib.ports import Page, Services
from chalicelib.usecases.create_token import token_entry


def list_tokens(services: Services, by: Token, limit: int, after_name: str | None) -> Page[ListedToken]:
    """Return tokens by name."""
    found = (token for token in _all_after(services, limit, after_name) if by.reaches_all(token.apps))
    tokens = list(islice(found, limit + 1))
    return Page(tokens[:limit], has_more=len(tokens) > limit)


def remove_token(services: Services, name: str, by: Token) -> None:
    """Raise TokenNotFound for one that is not there, or out of reach."""
    token = services.tokens.get(name)
    if not by.reaches_all(token.apps):
        raise TokenNotFound(name)
    services.tokens.remove(token, token_entry(What.TOKEN_DELETED, token, by.name, services.clock.now()))


def _all_after(services: Services, limit: int, after_name: str | None) -> Iterator[ListedToken]:
    has_more = True
    while has_more:
        page = services.tokens.list(limit + 1, after_name)
        yield from page.items
        after_name, has_more = (page.items[-1].name if page.items else None), page.has_more
