"""Let an AWS identity in that is trusted, for an hour."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.audit import What
from chalicelib.domain.aws_proof import read_proof, refuse_stale
from chalicelib.domain.errors import Forbidden, IdTaken, NoAwsIdentities, NotProven, Unavailable
from chalicelib.domain.token import LentBy, Rights, Token, new_token
from chalicelib.domain.trust import Trust, principal_of, trust_for
from chalicelib.ports import Services
from chalicelib.usecases.grant import entry_of_rights


@dataclass(frozen=True)
class Attempt:
    """A presigned request, the home that its sender says it is for, and the address by which it came to this one."""

    url: str
    home: str
    came_to: str | None


def refuse_on_one_machine(services: Services) -> None:
    """There is nobody to sign in as, whatever is sent."""
    if services.home == "local":
        raise NoAwsIdentities


def sign_in(services: Services, attempt: Attempt) -> tuple[Token, str]:
    """Return a token and its text. Raise NotProven for whoever is not proven, Forbidden for whoever is not trusted."""
    trusts = services.trusts.list()
    now = services.clock.now()
    proof = read_proof(attempt.url)
    refuse_stale(proof, now)
    arn = services.identities.identify(proof, _home(attempt))
    principal = principal_of(arn)
    trust = None if principal is None else trust_for(principal, trusts, now)
    if trust is None:
        raise _not_trusted(arn, principal)
    return _lend(services, trust, arn, now)


def _home(attempt: Attempt) -> str:
    """What is signed has to be the address that the gateway says was asked, whatever its sender says."""
    if attempt.came_to is None:
        raise Unavailable(
            "By which address this home was reached is not known, so nothing can be signed for it.",
            "Whoever runs tapit should see that requests come through its API Gateway.",
        )
    if attempt.home != attempt.came_to:
        raise NotProven(
            f"The request was signed for {attempt.home}; this home was asked as {attempt.came_to}.",
            f"tapit login url=https://{attempt.came_to} --aws",
        )
    return attempt.came_to


def _not_trusted(arn: str, principal: str | None) -> Forbidden:
    if principal is None:
        return Forbidden(
            f"{arn} is neither a role nor a user of IAM, and no other AWS identity can sign in.",
            "Take a role, or ask whoever has an admin's token for a token.",
        )
    return Forbidden(
        f"AWS knows you as {arn}, and no trust is for that.",
        f"An admin can make one: tapit create trust name=NAME arn='{principal}' role=ROLE",
    )


def _lend(services: Services, trust: Trust, arn: str, now: datetime) -> tuple[Token, str]:
    rights = Rights(role=trust.role, apps=trust.apps, expires_at=trust.until(now))
    while True:
        token, text = new_token(arn, rights, LentBy(trust=trust.name, id=trust.id))
        with suppress(IdTaken):
            entry = entry_of_rights(What.TRUST_USED, trust.name, token, by=arn, at=now, id=token.id)
            services.trusts.lend(token, now, entry)
            return token, text
