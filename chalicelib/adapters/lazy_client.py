"""Clients of AWS services, made when they are first used."""

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Patience:
    """How long to wait for AWS: seconds to connect and to hear, and how many times to try."""

    connect: float
    read: float
    attempts: int


# Well below the shortest time a function has, so that a silent AWS is an answer of ours, not a time-out.
PATIENT = Patience(connect=3, read=8, attempts=3)
# For a request whose every answer counts: after a lost one, that to the SDK's own second try would hide what it did.
# Or for a quota that many share: who is refused hears of it, and asks again when it pleases.
ONCE = Patience(connect=3, read=8, attempts=1)
# For a function whose answer takes as long as that of somebody out there, who has ten seconds.
LONG = Patience(connect=3, read=20, attempts=1)
# For whoever asks again anyway, once a second: two calls take 5 seconds at the most.
HURRIED = Patience(connect=0.5, read=2, attempts=1)


class LazyClient:
    """Making a client takes tens of milliseconds, so a function pays only for those that it uses."""

    def __init__(self, service: str, region: str, patience: Patience = PATIENT) -> None:
        self._service = service
        self._region = region
        self._patience = patience
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ready(), name)

    def ready(self) -> Any:
        """Make the client now, if it is not there yet."""
        if self._client is None:
            self._client = _make(self._service, self._region, self._patience)
        return self._client


def credentials() -> Any:
    """Return those of the function, as they are now."""
    found = shared_session().get_credentials()
    if found is None:
        from botocore.exceptions import NoCredentialsError

        raise NoCredentialsError
    return found.get_frozen_credentials()


@cache
def shared_session() -> Any:
    """One for all clients: each session reads AWS's list of endpoints anew."""
    from botocore.session import get_session

    return get_session()


def _make(service: str, region: str, patience: Patience) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
    )
    return shared_session().create_client(service, region_name=region, config=config)
