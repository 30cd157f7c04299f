"""Whose something is: who creates it may change it, and so may admins."""

from typing import Protocol

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.token import Role, Token


class Owned(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def created_by(self) -> str: ...


def refuse_unless_owner(what: str, record: Owned, token: Token) -> None:
    """Raise Forbidden for whoever neither created it nor is an admin; `what` is the word for it: `command`."""
    if token.role.includes(Role.ADMIN) or record.created_by == token.name:
        return
    raise Forbidden(
        f"The {what} {record.name} is {record.created_by}'s, so {token.name} may use it, but not change or delete it.",
        f"Ask {record.created_by} or an admin, or create another one under a name of your own.",
    )
