"""Clients of AWS services, made when they are first used."""

from functools import cache
from typing import Any


class LazyClient:
    """Making a client takes tens of milliseconds, so a function pays only for those that it uses."""

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ready(), name)

    def ready(self) -> Any:
        """Make the client now, if it is not there yet."""
        if self._client is None:
            self._client = _make(self._service, self._region)
        return self._client


@cache
def _session() -> Any:
    """One for all clients: each session reads AWS's list of endpoints anew."""
    from botocore.session import get_session

    return get_session()


def _make(service: str, region: str) -> Any:
    from botocore.config import Config

    # Well below the shortest time a function has, so that a silent AWS is an answer of ours, not a time-out.
    config = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 3})
    return _session().create_client(service, region_name=region, config=config)
