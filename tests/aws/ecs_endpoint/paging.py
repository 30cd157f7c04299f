"""Lists in pages, with a token that says where to go on."""

from collections.abc import Sequence
from typing import Any

from tests.aws.ecs_endpoint.refusals import invalid

MOST = 100


def page(name: str, arns: Sequence[str], params: dict[str, Any]) -> dict[str, Any]:
    """Return one page under `name`, and nextToken while there are more."""
    size, start = params.get("maxResults", MOST), params.get("nextToken", "0")
    if not 1 <= size <= MOST:
        raise invalid(f"maxResults must be between 1 and {MOST}.")
    if not start.isdigit():
        raise invalid("Invalid token.")
    end = int(start) + size
    answer: dict[str, Any] = {name: list(arns[int(start) : end])}
    return answer if end >= len(arns) else answer | {"nextToken": str(end)}
