"""The apps that a token reaches."""

from collections.abc import Iterator
from itertools import islice

from chalicelib.domain.app import App
from chalicelib.domain.errors import AppNotFound, Unreadable
from chalicelib.domain.token import Token
from chalicelib.ports import Page, Services


def list_apps(services: Services, by: Token, limit: int, after_name: str | None) -> Page[App]:
    """Return apps by name."""
    if by.apps is None:
        return services.apps.list(limit, after_name)
    names = [name for name in sorted(by.apps) if name > (after_name or "")]
    apps = list(islice(_those_there(services, names), limit + 1))
    return Page(apps[:limit], has_more=len(apps) > limit)


def _those_there(services: Services, names: list[str]) -> Iterator[App]:
    for name in names:
        try:
            yield services.apps.get(name)
        except (
            AppNotFound,
            Unreadable,
        ):  # a list leaves out what cannot be read; to ask for it by name says why
            continue
