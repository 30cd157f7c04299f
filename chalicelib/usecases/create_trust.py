"""Trust AWS identities, with no more than the token of whoever trusts them is good for."""

import secrets
from contextlib import suppress
from datetime import datetime

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import TrustNotFound
from chalicelib.domain.token import Token
from chalicelib.domain.trust import MOST_TRUSTS, Trust
from chalicelib.ports import Services
from chalicelib.usecases.grant import Wanted, entry_of_rights, granted, notes_on_apps


def create_trust(services: Services, wanted: Wanted, arn: str, by: Token) -> tuple[Trust, list[str]]:
    """Return the trust, and notes for the caller; raise Forbidden, TrustExists or TooManyTrusts."""
    now = services.clock.now()
    rights, notes = granted(wanted, by, now)
    _clear_name(services, wanted.name, now)
    trust = Trust(
        id=secrets.token_hex(16),
        name=wanted.name,
        arn=arn,
        created_at=now,
        created_by=by.name,
        **dict(rights),
    )
    services.trusts.create(trust, MOST_TRUSTS, trust_entry(What.TRUST_CREATED, trust, by, now))
    return trust, [*notes, *notes_on_apps(services, wanted)]


def trust_entry(what: What, trust: Trust, by: Token, now: datetime) -> Entry:
    """Names are given again, so an entry tells whom was trusted."""
    return entry_of_rights(what, trust.name, trust, by=by.name, at=now, arn=trust.arn)


def _clear_name(services: Services, name: str, now: datetime) -> None:
    """The name of one that has expired is free."""
    with suppress(TrustNotFound):
        earlier = services.trusts.get(name)
        if earlier.is_over(now):
            services.trusts.remove(earlier)
