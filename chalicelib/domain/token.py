"""Tokens: who may do what. `tpt_<id>_<secret>`; only a digest of the secret is ever stored."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chalicelib.domain.record import Record

KEPT_AFTER_EXPIRY = timedelta(days=30)  # listed as expired, so that whoever wonders finds out
USES_ARE_NOTED_EVERY = timedelta(hours=1)  # so that a request costs no write each
MOST_APPS = 50  # that a token may be bound to
NAME = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}"  # part of paths and filters, and stands in lists
NAME_IN_WORDS = "1 to 64 letters, digits and . _ @ + -, starting with a letter or digit"

_FORM = re.compile(r"tpt_([a-z0-9]{8})_([A-Za-z0-9]{43})")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Role(StrEnum):
    """What a token is good for, the least first: each may do all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


class Rights(BaseModel):
    """What a token is good for: `apps` None is every app, `expires_at` None is for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role = Role.ADMIN
    apps: tuple[str, ...] | None = None
    expires_at: AwareDatetime | None = None

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def reaches(self, app: str) -> bool:
        return self.apps is None or app in self.apps

    @property
    def apps_in_words(self) -> str:
        return "every app" if self.apps is None else ", ".join(self.apps) or "no app"

    def reaches_all(self, apps: Sequence[str] | None) -> bool:
        """Say it of a choice of apps; None is every app."""
        return self.apps is None or (apps is not None and set(apps) <= set(self.apps))


class LentBy(BaseModel):
    """The trust by which somebody signed in with an AWS identity; its `id` is a secret of the server's."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    trust: str
    id: str


class Token(Rights):
    """What the check of a request needs: `name` is who acts under it.

    It is no record that is read tolerantly: what a version does not know of a token may be what narrows it.
    """

    # A value that does not fit may be a secret's, and the error about it comes into logs.
    model_config = ConfigDict(hide_input_in_errors=True)

    id: str
    name: str
    secret_sha256: str
    lent_by: LentBy | None = None  # then it is good for an hour, and whoever has it gets another one

    def accepts(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_sha256, digest(secret))

    @property
    def holder(self) -> str:
        """Who is meant wherever something is one token's alone: for an AWS identity, all the tokens it is lent."""
        return (
            self.id if self.lent_by is None else f"aws-{digest(f'holder {self.lent_by.id} {self.name}')[:32]}"
        )

    @property
    def seal_key(self) -> str:
        """What nobody knows but the server, and is the same as long as `holder` is."""
        return self.secret_sha256 if self.lent_by is None else digest(f"seal {self.lent_by.id} {self.name}")


class ListedToken(Record):
    """What is told of a token. `last_used_at` is as coarse as uses are written down: about an hour."""

    id: str
    name: str
    role: Role | str
    apps: tuple[str, ...] | None
    expires_at: AwareDatetime | None
    created_at: AwareDatetime | None
    created_by: str | None
    last_used_at: AwareDatetime | None = None

    @classmethod
    def of(cls, token: Token, created_at: datetime | None, created_by: str | None) -> "ListedToken":
        told = token.model_dump(exclude={"secret_sha256", "lent_by"})
        return cls(**told, created_at=created_at, created_by=created_by)

    def was_used_lately(self, now: datetime) -> bool:
        return self.last_used_at is not None and now - self.last_used_at < USES_ARE_NOTED_EVERY


def new_token(name: str, rights: Rights | None = None, lent_by: LentBy | None = None) -> tuple[Token, str]:
    """Return what to keep, and the token's text, which is shown once and kept nowhere by us."""
    token_id = secrets.token_hex(4)
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(43))
    token = Token(
        id=token_id, name=name, secret_sha256=digest(secret), lent_by=lent_by, **dict(rights or Rights())
    )
    return token, f"tpt_{token_id}_{secret}"


def read_token(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a token's text, or None when it is not one of ours."""
    form = _FORM.fullmatch(text)
    return (form[1], form[2]) if form else None


def is_token_name(text: str) -> bool:
    return re.fullmatch(NAME, text) is not None


def digest(secret: str) -> str:
    # The secret has 255 random bits, so a plain digest cannot be guessed from; a slow one would cost every request.
    return hashlib.sha256(secret.encode()).hexdigest()
