"""The network that an app's tasks have to themselves: there when one of them needs it."""

import time
from collections.abc import Mapping
from typing import Any

from docker.errors import APIError

_TRIES, _PAUSE = 5, 0.05  # seconds
# For Podman's, whose networks lead to one another; Docker's do not, and Docker passes over what it does not know.
_ALONE = {"isolate": "true"}
_ALREADY_THERE = "already exists"  # as both say it; Podman with the status of a failure of its own


def have_network(client: Any, name: str, labels: Mapping[str, str]) -> None:
    """Make it unless it is there. Several may find it missing at once; Podman may give two networks the same addresses
    then, and refuses the second. And it cannot describe one with a container that it was killed over, though it can
    use it.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            client.inspect_network(name)
        except APIError:
            if _is_made(client, name, labels, is_last_try=tries_left == 0):
                return
        else:
            return
        time.sleep(_PAUSE)


def _is_made(client: Any, name: str, labels: Mapping[str, str], *, is_last_try: bool) -> bool:
    try:
        client.create_network(
            name, driver="bridge", options=_ALONE, labels=dict(labels), check_duplicate=True
        )
    except APIError as error:
        if _ALREADY_THERE in str(error.explanation):
            return True
        if is_last_try:
            raise
        return False
    return True
