"""What requests about tokens and their answers look like."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field

from chalicelib.domain.token import MOST_APPS, NAME, NAME_IN_WORDS, ListedToken, Role, Token
from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import AppName, QueryParameters, RequestBody
from chalicelib.ports import Services
from chalicelib.usecases.grant import Wanted

A_MINUTE, TEN_YEARS = 60.0, 3650 * 24 * 3600.0  # seconds

TokenName = Annotated[
    str,
    Field(
        pattern=f"^{NAME}$",
        description=NAME_IN_WORDS,
    ),
]


class CreateToken(RequestBody):
    """Without `apps` it is for every app, without `expires_in` (seconds) for as long as the token that makes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "ci", "role": "operator", "apps": ["shop"], "expires_in": 86400}]
        }
    )

    name: TokenName
    role: Literal["viewer", "operator", "admin"]
    apps: Annotated[list[AppName], Field(min_length=1, max_length=MOST_APPS)] | None = None
    expires_in: Annotated[float, Field(ge=A_MINUTE, le=TEN_YEARS, allow_inf_nan=False)] | None = None

    def wanted(self) -> Wanted:
        apps = None if self.apps is None else tuple(dict.fromkeys(self.apps))
        lasts = None if self.expires_in is None else timedelta(seconds=self.expires_in)
        return Wanted(self.name, Role(self.role), apps, lasts)


class ListTokensQuery(QueryParameters):
    """A page of tokens, by name."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None


class TokenView(View):
    """What a token is good for; `apps` null is every app. When it was last used is known to the hour."""

    id: str
    name: str
    role: str
    apps: tuple[str, ...] | None
    expires_at: Moment | None
    created_at: Moment | None
    created_by: str | None
    last_used_at: Moment | None


class CreatedTokenView(TokenView):
    """A new token; its text is in this answer, and nowhere else."""

    token: str
    notes: list[str]

    @classmethod
    def of_new(cls, made: ListedToken, text: str, notes: Sequence[str]) -> Self:
        return cls.showing(made, token=text, notes=list(notes))


class TokenList(View):
    """Tokens by name; `next` is the cursor of the next page, None on the last."""

    items: list[TokenView]
    next: str | None


class TokenRemovedView(View):
    """The token is good for nothing any more; on AWS it may be taken for half a minute yet."""

    name: str
    removed: Literal[True] = True


class WhoAmIView(View):
    """Who a request's token says that its sender is, and what it is good for; `apps` null is every app."""

    name: str
    role: Role
    apps: tuple[str, ...] | None
    expires_at: Moment | None
    home: Literal["local", "aws"]

    @classmethod
    def of(cls, token: Token, home: Services) -> Self:
        rights = {name: getattr(token, name) for name in ("name", "role", "apps", "expires_at")}
        return cls.model_construct(**rights, home=home.home)
