"""Trusts: which AWS identities may sign in, and what they may do then.

STS calls a session of a role `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. That tells no path, and need not: within
an account no two roles have the same name, whatever their paths. So a trust names a role without its path.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from pydantic import AwareDatetime, ConfigDict

from chalicelib.domain.token import Rights, Role

SIGNED_IN_FOR = timedelta(hours=1)
MOST_TRUSTS = 100
LONGEST_ARN = 700

_ARN = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):(role|user)/([A-Za-z0-9+=,.@_*/-]+)")
_IN_A_ROLE = re.compile(
    r"arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([A-Za-z0-9+=,.@_-]+)/([A-Za-z0-9+=,.@_-]+)"
)


class Trust(Rights):
    """Whoever AWS knows by an ARN like `arn` may do so much. It is no record that is read tolerantly, as a token is."""

    model_config = ConfigDict(hide_input_in_errors=True)

    role: Role
    id: str
    name: str
    arn: str
    created_at: AwareDatetime
    created_by: str

    def covers(self, principal: str) -> bool:
        """A `*` stands for any characters of a name, and goes past no slash; the account is always the very same."""
        (kind, *wanted), (found_kind, *found) = self.arn.split("/"), principal.split("/")
        return (
            kind == found_kind
            and len(wanted) == len(found)
            and all(fnmatchcase(name, pattern) for name, pattern in zip(found, wanted, strict=True))
        )

    def until(self, now: datetime) -> datetime:
        """Return when somebody who signs in now has to do so again."""
        return min(now + SIGNED_IN_FOR, self.expires_at or now + SIGNED_IN_FOR)


def principal_of(arn: str) -> str | None:
    """Return the ARN of the role or user that STS calls so; None for anybody else: the root user, or one federated."""
    session = _IN_A_ROLE.fullmatch(arn)
    if session:
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
    return arn if _ARN.fullmatch(arn) and ":user/" in arn else None


def trust_for(principal: str, trusts: Sequence[Trust], now: datetime) -> Trust | None:
    """Return the trust that says the most exactly who is meant: without a `*` before with, longer before shorter."""
    good = [trust for trust in trusts if not trust.is_over(now) and trust.covers(principal)]
    return min(good, key=_inexactness, default=None)


def problem_of_arn(arn: str) -> str | None:
    """Say why no identity can be trusted by this ARN, if so."""
    if session := _IN_A_ROLE.fullmatch(arn):
        role = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
        return f"is one session of a role; trust the role: {role}"
    parts = _ARN.fullmatch(arn)
    if parts is None:
        return (
            "is not the ARN of a role or a user, such as arn:aws:iam::123456789012:role/deploy-*; "
            "a * may stand only behind role/ or user/"
        )
    if parts[3] == "role" and "/" in parts[4]:
        name = parts[4].rsplit("/", 1)[1]
        return f"has a path, which AWS does not tell of whoever has a role; {_without_path(parts, name)}"
    return None


def _without_path(parts: re.Match[str], name: str) -> str:
    """A name with a * was meant for that path alone, and would let in others without it."""
    if "*" in parts[4] or not name:
        return "write each role's name without it"
    return f"write arn:{parts[1]}:iam::{parts[2]}:role/{name}"


def _inexactness(trust: Trust) -> tuple[bool, int, str]:
    return "*" in trust.arn, -len(trust.arn.replace("*", "")), trust.name
