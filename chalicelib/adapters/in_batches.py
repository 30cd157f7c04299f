"""Requests of many entries: ten at the most, of which AWS may take some and refuse others."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from chalicelib.domain.errors import RefusedForNow

MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024  # together; what EventBridge, SQS and all that they hand on to can hold
ATTEMPTS = 5
SHORTEST_PAUSE = 0.1

Entry = TypeVar("Entry")
Send = Callable[[Sequence[Entry]], Sequence[tuple[Entry, str]]]


def send_all(
    entries: Sequence[Entry],
    size_of: Callable[[Entry], int],
    send: Send[Entry],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send everything in order. `send` returns what was refused, and why; only that is tried again, a few times."""
    for batch in _batches(entries, size_of):
        _send(batch, send, sleep)


def _send(batch: Sequence[Entry], send: Send[Entry], sleep: Callable[[float], None]) -> None:
    for attempt in range(ATTEMPTS):
        refused = send(batch)
        if not refused:
            return
        batch, why = [entry for entry, _ in refused], refused[0][1]
        sleep(random.uniform(0, SHORTEST_PAUSE * 2**attempt))  # noqa: S311 - jitter
    raise RefusedForNow(f"AWS took all but {len(batch)}: {why}")


def _batches(entries: Sequence[Entry], size_of: Callable[[Entry], int]) -> Iterator[Sequence[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == MOST_ENTRIES or size + size_of(entry) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += size_of(entry)
    if batch:
        yield batch
