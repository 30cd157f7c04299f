"""Idempotency of RunTask: docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

from tests.aws.ecs_endpoint.refusals import Refusal


@dataclass(frozen=True)
class _Used:
    params: str
    answer: dict[str, Any]
    at: float


class ClientTokens:
    """The same token with the same parameters gets the original answer, failures and all, and starts nothing."""

    def __init__(self, kept: timedelta) -> None:
        self._kept = kept.total_seconds()
        self._used: dict[tuple[str, str], _Used] = {}
        self._lock = Lock()

    def answer(
        self, cluster: str, params: dict[str, Any], run: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        token, wanted = params.get("clientToken"), json.dumps(params, sort_keys=True)
        if token is None:
            return run()
        with self._lock:
            used = self._used.get((cluster, token))
            if used is None or time.monotonic() - used.at > self._kept:
                used = self._used[cluster, token] = _Used(wanted, run(), time.monotonic())
        if used.params != wanted:
            raise _conflict(used.answer)
        return used.answer


def _conflict(original: dict[str, Any]) -> Refusal:
    arns = [task["taskArn"] for task in original["tasks"]]
    message = "The request uses the same client token as a previous, but non-identical request."
    return Refusal("ConflictException", message, resourceIds=arns)
