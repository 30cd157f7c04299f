"""The network that an app's tasks have to themselves: there when one of them needs it."""

from collections.abc import Mapping
from typing import Any

from docker.errors import APIError, NotFound

_CONFLICT = 409
# For Podman's, whose networks lead to one another; Docker's do not, and Docker passes over what it does not know.
_ALONE = {"isolate": "true"}


def have_network(client: Any, name: str, labels: Mapping[str, str]) -> None:
    """Make it unless it is there; of several who find it missing, one makes it."""
    try:
        client.inspect_network(name)
    except NotFound:
        _make(client, name, labels)


def _make(client: Any, name: str, labels: Mapping[str, str]) -> None:
    try:
        client.create_network(
            name, driver="bridge", options=_ALONE, labels=dict(labels), check_duplicate=True
        )
    except APIError as error:
        if error.status_code != _CONFLICT:
            raise
