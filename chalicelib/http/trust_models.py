"""What requests about trusts, and about signing in by one, and their answers look like."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field

from chalicelib.domain.aws_proof import LONGEST_URL
from chalicelib.domain.token import MOST_APPS, Role, Token
from chalicelib.domain.trust import LONGEST_ARN, Trust, problem_of_arn
from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import AppName, RequestBody
from chalicelib.http.token_models import A_MINUTE, TEN_YEARS, TokenName
from chalicelib.usecases.grant import Wanted


def _arn(text: str) -> str:
    if problem := problem_of_arn(text):
        raise ValueError(problem)
    return text


class CreateTrust(RequestBody):
    """Without `apps` it is for every app, without `expires_in` (seconds) for as long as the token that makes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "deployers",
                    "arn": "arn:aws:iam::123456789012:role/deploy-*",
                    "role": "operator",
                    "apps": ["shop"],
                }
            ]
        }
    )

    name: TokenName
    arn: Annotated[
        str,
        Field(
            max_length=LONGEST_ARN,
            description="of a role, without its path, or of a user; a * is any characters of its name",
        ),
        AfterValidator(_arn),
    ]
    role: Literal["viewer", "operator", "admin"]
    apps: Annotated[list[AppName], Field(min_length=1, max_length=MOST_APPS)] | None = None
    expires_in: Annotated[float, Field(ge=A_MINUTE, le=TEN_YEARS, allow_inf_nan=False)] | None = None

    def wanted(self) -> Wanted:
        apps = None if self.apps is None else tuple(dict.fromkeys(self.apps))
        lasts = None if self.expires_in is None else timedelta(seconds=self.expires_in)
        return Wanted(self.name, Role(self.role), apps, lasts)


class TrustView(View):
    """Which AWS identities may sign in, and what for; `apps` null is every app."""

    name: str
    arn: str
    role: str
    apps: tuple[str, ...] | None
    expires_at: Moment | None
    created_at: Moment
    created_by: str


class CreatedTrustView(TrustView):
    """A new trust."""

    notes: list[str]

    @classmethod
    def of_new(cls, made: Trust, notes: Sequence[str]) -> Self:
        return cls.showing(made, notes=list(notes))


class TrustList(View):
    """All the trusts, by name."""

    items: list[TrustView]
    next: None = None


class TrustRemovedView(View):
    """Nobody signs in by it any more; whoever did may do so half a minute longer."""

    name: str
    removed: Literal[True] = True


class SignIn(RequestBody):
    """`url` is a presigned sts:GetCallerIdentity; `home` is the header X-Tapit-Home that was signed with it.

    That is the address of this API without its https://, such as abc.execute-api.eu-west-1.amazonaws.com/api.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-...",
                    "home": "abc.execute-api.eu-west-1.amazonaws.com/api",
                }
            ]
        }
    )

    url: Annotated[str, Field(max_length=LONGEST_URL)]
    home: Annotated[str, Field(max_length=512)]


class SignedInView(View):
    """Whom AWS says you are, and a token for that, good for an hour; its text is in this answer, and nowhere else."""

    name: str
    role: str
    apps: tuple[str, ...] | None
    expires_at: Moment
    token: str

    @classmethod
    def of(cls, token: Token, text: str) -> Self:
        return cls.showing(token, token=text)
