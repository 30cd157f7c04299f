"""Whatever happens in whichever order: every subscription receives every status of every task, in order.

The database, the use case, the signatures and the connections are the real ones; the clock is set, and a server is
"killed" by an exception in the middle of its work, after which another one goes on with what is in the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.webhook_sender import WebhookSender
from chalicelib.domain.delivery import State
from chalicelib.domain.event import TaskEvent
from chalicelib.domain.status import Status
from chalicelib.domain.subscription import Subscription
from chalicelib.domain.task import Task
from chalicelib.ports import Services
from chalicelib.usecases.deliver import deliver
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from local.store.deliveries import SqliteDeliveries
from local.store.due_deliveries import DueDeliveries
from local.store.feed import SqliteFeed
from local.store.subscription_store import SqliteSubscriptionStore
from local.store.task_store import SqliteTaskStore
from local.store.webhook_secrets import SqliteWebhookSecrets
from tests import receiver as does
from tests.builders import a_subscription, a_task, an_app, services_with
from tests.dynamodb_table import SetClock
from tests.receiver import Behaviour, Receiver, answering, receiving
from tests.webhooks.post_office import SECRET

NAMES = ("first", "second")
TASKS = 3
LIFE = (Status.PENDING, Status.STARTING, Status.RUNNING, Status.STOPPING, Status.STOPPED)
FAILURES: tuple[Behaviour, ...] = (
    answering(500),
    answering(429, retry_after="1800"),
    answering(302, location="https://example.com"),
    does.resetting,
    does.babbling,
)
KILLED_AT = (None, "sender.post", "deliveries.record", "subscriptions.save")


class Killed(BaseException):
    """The server is gone, from one moment to the next."""


class Machine:
    """One machine with its database and its clock; servers come and go."""

    def __init__(self, place: Path, receiver: Receiver) -> None:
        self._receiver = receiver
        self._database = Database(place / "tapit.db")
        self._clock = SetClock()
        self._due = DueDeliveries(self._database)
        self.services = self._new_services()
        self.told: list[str] = []
        self.delivered: set[tuple[str, str]] = set()
        SqliteAppStore(self._database).create(an_app())
        for number, name in enumerate(NAMES):
            subscription = a_subscription(id=f"1jd3m8k7x2s{number}", name=name, url=f"{receiver.url}/{name}")
            self.services.subscriptions.create(subscription, 20)
            self.services.secrets.add(subscription.id, SECRET)
        tasks = [a_task(id=f"1jd3m8k7x2t{number}") for number in range(TASKS)]
        self.tasks = [self._noted(self.services.tasks.create(task, None, None)) for task in tasks]

    def close(self) -> None:
        self._database.close()

    def move(self, number: int) -> None:
        task = self.tasks[number]
        if task.status is not LIFE[-1]:
            moved = task.moved(LIFE[LIFE.index(task.status) + 1], self._clock.now())
            self.tasks[number] = self._noted(self.services.tasks.save(moved))

    def wait(self, minutes: int) -> None:
        self._clock.time += timedelta(minutes=minutes)

    def send(self, name: str, which: int, behaviour: Behaviour, killed_at: str | None) -> None:
        """Make one of the tries that are due, if there are any."""
        subscription = self._subscription(name)
        now = self._clock.now()
        due = [each for each in self._due.next_for(subscription.id, 10) if each.due_at and each.due_at <= now]
        if not due:
            return
        delivery = due[which % len(due)]
        assert (name, delivery.event_id) not in self.delivered
        self._receiver.decide = lambda _: behaviour
        event = self.services.feed.find("shop", delivery.event_id)
        try:
            made = deliver(_dying(self.services, killed_at), delivery, event)
        except Killed:
            self.services = self._new_services()
        else:
            if made.state is State.DELIVERED:
                self.delivered.add((name, made.event_id))

    def send_all(self, name: str) -> None:
        """Go on with a receiver that is well again, until nothing is due any more."""
        subscription = self._subscription(name)
        while next_one := self._due.next_for(subscription.id, 1):
            due_at = next_one[0].due_at
            assert due_at is not None
            self._clock.time = max(self._clock.time, due_at)
            self.send(name, 0, answering(200), None)

    def _noted(self, task: Task) -> Task:
        event = TaskEvent.of(task)
        assert event is not None
        self.told.append(event.id)
        return task

    def _subscription(self, name: str) -> Subscription:
        return self.services.subscriptions.get("shop", name)

    def _new_services(self) -> Services:
        database, clock = self._database, self._clock
        return services_with(
            tasks=SqliteTaskStore(database, clock, lambda _: None),
            feed=SqliteFeed(database, clock),
            subscriptions=SqliteSubscriptionStore(database, clock, lambda _: None),
            secrets=SqliteWebhookSecrets(database),
            deliveries=SqliteDeliveries(database),
            sender=WebhookSender(clock, allow_local=True),
            clock=clock,
        )


class _Dying:
    """A part whose one method is not come back from."""

    def __init__(self, part: Any, method: str, *, before: bool) -> None:
        self._part, self._method, self._before = part, method, before

    def __getattr__(self, name: str) -> Any:
        if name != self._method:
            return getattr(self._part, name)

        def call(*values: Any) -> None:
            if not self._before:
                getattr(self._part, name)(*values)
            raise Killed

        return call


def _dying(services: Services, where: str | None) -> Services:
    """Return services that are killed there: after a try was made, or before what came of it is written down."""
    if where is None:
        return services
    part, _, method = where.partition(".")
    dying: Any = _Dying(getattr(services, part), method, before=part != "sender")
    return replace(services, **{part: dying})


@pytest.fixture(scope="module")
def served() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@contextmanager
def a_machine(receiver: Receiver) -> Iterator[Machine]:
    with TemporaryDirectory() as place:
        machine = Machine(Path(place), receiver)
        try:
            yield machine
        finally:
            machine.close()


SEND = st.tuples(
    st.just("send"),
    st.sampled_from(NAMES),
    st.integers(0, 3),
    st.sampled_from((answering(200), *FAILURES)),
    st.sampled_from(KILLED_AT),
)
MOVE = st.tuples(st.just("move"), st.integers(0, TASKS - 1))
WAIT = st.tuples(st.just("wait"), st.integers(1, 20))
STEPS = st.lists(SEND | SEND | MOVE | WAIT, min_size=10, max_size=40)


@pytest.mark.slow
@given(steps=STEPS)
@settings(max_examples=25)
def test_every_subscription_receives_every_status_of_every_task_in_order(
    served: Receiver, steps: list[tuple[Any, ...]]
) -> None:
    before = len(served.got)
    with a_machine(served) as machine:
        for step, *values in steps:
            getattr(machine, step)(*values)
        for name in NAMES:
            machine.send_all(name)

    got = served.got[before:]
    for name in NAMES:
        mine = [each for each in got if each.path.endswith(name)]
        first = list({each.id: each for each in mine}.values())
        assert sorted(each.id for each in first) == sorted(machine.told)
        for task in machine.tasks:
            revisions = [each.event["revision"] for each in first if each.event["task_id"] == task.id]
            assert revisions == sorted(revisions)
