"""The trusts that somebody's own token reaches: those that are for no app but its own."""

from collections.abc import Sequence

from chalicelib.domain.audit import What
from chalicelib.domain.errors import TrustNotFound
from chalicelib.domain.token import Token
from chalicelib.domain.trust import Trust
from chalicelib.ports import Services
from chalicelib.usecases.create_trust import trust_entry


def list_trusts(services: Services, by: Token) -> Sequence[Trust]:
    """Return trusts by name."""
    return [trust for trust in services.trusts.list() if by.reaches_all(trust.apps)]


def remove_trust(services: Services, name: str, by: Token) -> None:
    """Raise TrustNotFound for one that is not there, or out of reach."""
    trust = services.trusts.get(name)
    if not by.reaches_all(trust.apps):
        raise TrustNotFound(name)
    services.trusts.remove(trust, trust_entry(What.TRUST_DELETED, trust, by, services.clock.now()))
