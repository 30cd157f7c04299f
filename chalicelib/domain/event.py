"""News: what is told to whoever follows an app. Its shape is a promise, kept in docs/events/ as a JSON Schema.

It is changed only by adding. Whoever reads events leaves aside what is new to it.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from chalicelib.domain.errors import Unreadable
from chalicelib.domain.record import problem_in
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.status import Status
from chalicelib.domain.subscription import PAUSED, SCHEDULE_PAUSED, Subscription
from chalicelib.domain.task import Task
from chalicelib.domain.task_view import PublicTask
from chalicelib.domain.view import Moment, View

KEPT_FOR = timedelta(days=7)
SHOWN_COMMAND = 1000  # characters
_LEFT_OUT: tuple[dict[str, Any], ...] = ({"history": [], "sessions": []}, {"environment": []})


class _News(View):
    # A function that tells or sends it has the most processor while it starts.
    model_config = ConfigDict(defer_build=False)


class TaskEvent(_News):
    """A task's status has changed, and the change is saved.

    It comes at least once, in order per task: leave aside what has a revision that is not above the last one seen.
    `task` is what `GET /tasks/{id}` gave at that time; its command is cut to 1,000 characters. Where an event must be
    smaller than it is, `truncated` is true: its history and sessions are left out, or these and the environment.
    """

    version: Literal[1] = 1
    type: Literal["Task State Change"] = "Task State Change"
    id: str
    time: Moment
    app: str
    task_id: str
    previous_status: Annotated[Status | str | None, Field(union_mode="left_to_right")]
    status: Status
    revision: int
    task: PublicTask
    truncated: bool = False

    @classmethod
    def of(cls, task: Task) -> Self | None:
        """Return the news in a saved record: none when its last change was not one of status."""
        if task.status_revision != task.revision or task.previous_status == task.status:
            return None
        time = task.history[-1].time
        return cls.model_construct(
            id=f"{task.id}-{task.revision}",
            time=time,
            app=task.app,
            task_id=task.id,
            previous_status=task.previous_status,
            status=task.status,
            revision=task.revision,
            task=PublicTask.at(_cut(task), time),
        )

    @property
    def event_name(self) -> str:
        """Return what subscriptions call it."""
        return self.status.lower()

    @property
    def subject(self) -> str:
        return self.task_id

    @property
    def about(self) -> str:
        return f"task {self.task_id} {self.status}"


class SubscriptionEvent(_News):
    """A subscription has paused itself: nothing is sent to its address until somebody resumes it."""

    version: Literal[1] = 1
    type: Literal["Subscription State Change"] = "Subscription State Change"
    id: str
    time: Moment
    app: str
    subscription_id: str
    subscription: str
    paused: Literal[True] = True
    why: str
    revision: int

    @classmethod
    def of(cls, subscription: Subscription) -> Self | None:
        """Return the news in a saved record; it is none when a person paused it, or when it was paused before."""
        paused = subscription.paused
        if paused is None or not paused.is_news_of(subscription.revision):
            return None
        return cls(
            id=f"{subscription.id}-{subscription.revision}",
            time=paused.since,
            app=subscription.app,
            subscription_id=subscription.id,
            subscription=subscription.name,
            why=paused.why,
            revision=subscription.revision,
        )

    @property
    def event_name(self) -> str:
        return PAUSED

    @property
    def subject(self) -> str:
        return self.subscription_id

    @property
    def about(self) -> str:
        return f"subscription {self.subscription} paused"


class ScheduleEvent(_News):
    """A schedule has paused itself: none of its times becomes a task until somebody switches it on again."""

    version: Literal[1] = 1
    type: Literal["Schedule State Change"] = "Schedule State Change"
    id: str
    time: Moment
    app: str
    schedule_id: str
    schedule: str
    paused: Literal[True] = True
    why: str
    revision: int

    @classmethod
    def of(cls, schedule: Schedule) -> Self | None:
        """Return the news in a saved record; it is none when it was paused before."""
        paused = schedule.paused
        if paused is None or not paused.is_news_of(schedule.revision):
            return None
        return cls(
            id=f"{schedule.id}-{schedule.revision}",
            time=paused.since,
            app=schedule.app,
            schedule_id=schedule.id,
            schedule=schedule.name,
            why=paused.why,
            revision=schedule.revision,
        )

    @property
    def event_name(self) -> str:
        return SCHEDULE_PAUSED

    @property
    def subject(self) -> str:
        return self.schedule_id

    @property
    def about(self) -> str:
        return f"schedule {self.schedule} paused"


class TrialEvent(_News):
    """Somebody tries a subscription out: nothing has happened. It is sent there alone, and is in no feed."""

    version: Literal[1] = 1
    type: Literal["Subscription Trial"] = "Subscription Trial"
    id: str
    time: Moment
    app: str
    subscription_id: str
    subscription: str
    by: str


Event = Annotated[TaskEvent | SubscriptionEvent | ScheduleEvent, Field(discriminator="type")]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
# What goes to a webhook.
Sent = Annotated[TaskEvent | SubscriptionEvent | ScheduleEvent | TrialEvent, Field(discriminator="type")]
SENT: TypeAdapter[Sent] = TypeAdapter(Sent)


def read_event(text: str, event_id: str) -> Event:
    """Return what was written as JSON, or raise Unreadable."""
    try:
        return EVENT.validate_json(text)
    except ValidationError as error:
        raise Unreadable(f"event {event_id}", problem_in(error)) from error


def cut_to(event: Event, most: int) -> str:
    """Return the event as JSON; one of more bytes than that without what is long, which it says."""
    text = event.model_dump_json()
    for left_out in _LEFT_OUT:
        if isinstance(event, TaskEvent) and len(text.encode()) > most:
            task = event.task.model_copy(update=left_out)
            event = event.model_copy(update={"task": task, "truncated": True})
            text = event.model_dump_json()
    return text


def _cut(task: Task) -> Task:
    return task.model_copy(update={"command": task.command[:SHOWN_COMMAND]})


def first_kept(now: datetime) -> datetime:
    """Return the time before which events are forgotten."""
    return now - KEPT_FOR
