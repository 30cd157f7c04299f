"""Task State Change events: in order and once each, unless a test asks for worse."""

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.ecs_endpoint.sinks import Described, EventSink


@dataclass(frozen=True)
class Weather:
    """How events travel: `copies` of each (0: all are lost); `reversed_at_end` holds a task's until it is STOPPED."""

    copies: int = 1
    reversed_at_end: bool = False


class Events:
    """Sent by a thread of its own, so that no task waits for whoever listens."""

    def __init__(self, settings: Settings, sink: EventSink) -> None:
        self.weather = Weather()
        self._settings = settings
        self._sink = sink
        self._held: dict[str, list[Described]] = defaultdict(list)
        self._queue: SimpleQueue[Described | Event | None] = SimpleQueue()
        self._sender = Thread(target=self._send_all, daemon=True)
        self._sender.start()

    def task_changed(self, described: Described) -> None:
        event = self._event(described)
        for one in self._as_the_weather_is(described, event):
            for _ in range(self.weather.copies):
                self._queue.put(one)

    def settle(self) -> None:
        """Return when everything before was sent."""
        sent = Event()
        self._queue.put(sent)
        assert sent.wait(60)

    def end(self) -> None:
        self._queue.put(None)
        self._sender.join()

    def _as_the_weather_is(self, described: Described, event: Described) -> Sequence[Described]:
        arn = described["taskArn"]
        if not self.weather.reversed_at_end and arn not in self._held:
            return [event]
        self._held[arn].append(event)
        return self._held.pop(arn)[::-1] if described["lastStatus"] == "STOPPED" else []

    def _event(self, described: Described) -> Described:
        detail = {name: value for name, value in described.items() if name != "tags"}
        now = datetime.now(UTC)
        event: dict[str, Any] = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "ECS Task State Change",
            "source": "aws.ecs",
            "account": self._settings.account,
            "time": now.replace(microsecond=0),
            "region": self._settings.region,
            "resources": [described["taskArn"]],
            "detail": detail | {"updatedAt": now},
        }
        whole: Described = json.loads(json.dumps(event, default=_time))
        return whole

    def _send_all(self) -> None:
        while (event := self._queue.get()) is not None:
            if isinstance(event, Event):
                event.set()
            else:
                self._sink.send(event)


def _time(value: object) -> str:
    assert isinstance(value, datetime)
    precision = "milliseconds" if value.microsecond else "seconds"
    return value.isoformat(timespec=precision).replace("+00:00", "Z")
