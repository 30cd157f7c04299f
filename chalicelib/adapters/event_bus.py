"""The stage's bus in EventBridge, where whoever works in the account hears of every event.

Sizes: docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.adapters.aws_refusals import refusals
from chalicelib.adapters.in_batches import MOST_BYTES, send_all
from chalicelib.domain.event import Event, cut_to

SOURCE = "tapit"
_ENVELOPE = 1024  # at least what an entry takes beside its detail
_TIME_BYTES = 14

Entry = Mapping[str, Any]


class EventBus:
    """`client` is boto3's for EventBridge; `sleep` is for tests."""

    def __init__(self, client: Any, stage: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = f"tapit-{stage}"
        self._sleep = sleep

    def put(self, events: Sequence[Event]) -> None:
        """Tell the events; raise NotDone when one of them was not taken. Some of the others may have been."""
        send_all([self._entry(event) for event in events], _size_of, self._send, self._sleep)

    def _entry(self, event: Event) -> Entry:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.time,
            "Detail": cut_to(event, MOST_BYTES - _ENVELOPE),
        }

    def _send(self, entries: Sequence[Entry]) -> Sequence[tuple[Entry, str]]:
        with refusals():
            answer = self._client.put_events(Entries=entries)
        return [
            (entry, f"{told.get('ErrorMessage', '')} ({told['ErrorCode']})")
            for entry, told in zip(entries, answer["Entries"], strict=True)
            if "ErrorCode" in told
        ]


def _size_of(entry: Entry) -> int:
    return _TIME_BYTES + sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))
