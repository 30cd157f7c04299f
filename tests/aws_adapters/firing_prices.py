"""What the minute's look for due schedules takes of DynamoDB, and what a firing does, counted on moto."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalicelib.domain.lock import IfLocked
from chalicelib.domain.new_task import NewTask
from chalicelib.ports import IdempotencyKey
from chalicelib.usecases.create import create_task
from tests.aws_adapters.dynamodb_meter import Meter
from tests.builders import NOON
from tests.dynamodb_table import NAME
from tests.firing_world import FiringWorld, firing_world

LATER = NOON + timedelta(days=1)


@dataclass(frozen=True)
class Taken:
    """Requests by name, and their units and price."""

    requests: Counter[str]
    reads: float
    writes: int
    dollars: float


@dataclass
class MeteredWorld:
    world: FiringWorld
    client: Any
    meter: Meter

    def look(self, schedules: int) -> Taken:
        """Make it so many schedules in all, none of them due, and look for what is due."""
        self._fill(schedules)
        return self._taken_by(self.world.fire)

    def firing(self) -> Taken:
        """Return what a run takes whose schedule had one before, which has ended."""
        self.world.schedule(every=900)
        self.world.fire()
        self.world.end(self.world.tasks()[-1].id)
        return self._taken_by(lambda: self.world.fire(minutes=15))

    def creation(self) -> Taken:
        """Return what it takes to create such a task, whoever asks for it."""
        wanted = NewTask(command="true", lock="nightly", if_locked=IfLocked.REFUSE)
        key = IdempotencyKey("schedule:1jd3m8k7x2qs", NOON.isoformat(), NOON.isoformat(), LATER)
        return self._taken_by(
            lambda: create_task(self.world.services, "blog", wanted, created_by="schedule:nightly", key=key)
        )

    def _fill(self, schedules: int) -> None:
        """Write them side by side; how they got there is not what this is about."""
        self.world.schedule("s0", app="blog", next_run_at=LATER, due_at=LATER)
        key = {"pk": {"S": "schedule#blog#s0"}}
        like = self.client.get_item(TableName=NAME, Key=key)["Item"]
        copies = [
            {
                "PutRequest": {
                    "Item": like
                    | {"pk": {"S": f"schedule#blog-{number}#s0"}, "id": {"S": f"{like['id']['S']}-{number}"}}
                }
            }
            for number in range(1, schedules)
        ]
        for start in range(0, len(copies), 25):
            self.client.batch_write_item(RequestItems={NAME: copies[start : start + 25]})
        if schedules == 0:
            self.client.delete_item(TableName=NAME, Key=key)

    def _taken_by(self, act: Callable[[], object]) -> Taken:
        self.meter.reset()
        act()
        meter = self.meter
        return Taken(Counter(meter.calls), meter.reads, meter.writes, meter.dollars)


@contextmanager
def metered_world(place: Path) -> Iterator[MeteredWorld]:
    meters: list[Meter] = []
    clients: list[Any] = []

    def watched(client: Any) -> Meter:
        clients.append(client)
        meters.append(Meter(client))
        return meters[0]

    with firing_world("dynamodb", place, watched) as world:
        yield MeteredWorld(world, clients[0], meters[0])
