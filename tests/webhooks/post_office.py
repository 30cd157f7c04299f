"""The courier of a local home at work within this process: a real state folder, real threads, and no server."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from chalicelib.domain import ids
from chalicelib.domain.delivery import Delivery
from chalicelib.domain.errors import AppExists
from chalicelib.domain.status import Status
from chalicelib.domain.subscription import Subscription
from chalicelib.domain.task import Change, Task
from chalicelib.ports import Services
from chalicelib.wiring import running_on
from local.home import build_home
from local.store.state_folder import open_state
from tests.builders import a_task, an_app
from tests.local.supervisor.supervised_task import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LIFE = (Status.PENDING, Status.STARTING, Status.RUNNING, Status.SUCCEEDED)


class PostOffice:
    """Tasks here are records alone: they change as a test says."""

    def __init__(self, services: Services) -> None:
        self.services = services
        with suppress(AppExists):
            services.apps.create(an_app())

    def subscribe(self, url: str, name: str = "hooks", **fields: Any) -> Subscription:
        now = self.services.clock.now()
        subscription = Subscription(
            id=ids.new_id(now), app="shop", name=name, url=url, created_at=now, created_by="alice", **fields
        )
        self.services.secrets.add(subscription.id, SECRET)
        return self.services.subscriptions.create(subscription, most=100)

    def subscription(self, name: str = "hooks") -> Subscription:
        return self.services.subscriptions.get("shop", name)

    def deliveries(self, name: str = "hooks", limit: int = 1000) -> list[Delivery]:
        """Return what there is of them, the oldest first."""
        found = self.services.deliveries.list(self.subscription(name).id, limit)
        return sorted(found, key=lambda each: each.event_id)

    def create(self) -> Task:
        now = self.services.clock.now()
        history = (Change(status=Status.PENDING, time=now),)
        task = a_task(id=ids.new_id(now), created_at=now, history=history)
        return self.services.tasks.create(task, None, None)

    def move(self, task: Task, status: Status) -> Task:
        return self.services.tasks.save(task.moved(status, self.services.clock.now()))

    def live(self) -> Task:
        """A whole life: four events."""
        task = self.create()
        for status in LIFE[1:]:
            task = self.move(task, status)
        return task

    def wait_until_all_is_over(self, name: str = "hooks") -> list[Delivery]:
        return until(lambda: self._over(name))

    def _over(self, name: str) -> list[Delivery]:
        found = self.deliveries(name)
        return found if found and all(each.is_over for each in found) else []


@contextmanager
def post_office(place: Path, *, allow_local: bool = True) -> Iterator[PostOffice]:
    with open_state(place) as state:
        home = build_home(state, local_webhooks=allow_local)
        courier: Any = home.services.courier
        with running_on(home.services):
            office = PostOffice(home.services)
            courier.open()
            try:
                yield office
            finally:
                courier.close()
