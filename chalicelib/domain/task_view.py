"""A task as it is shown: in answers and in events."""

from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, Field

from chalicelib.domain import price
from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.image import Pull
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.domain.view import Moment, View


class Cost(BaseModel):
    """Dollars: so far or in total, and at the most (None: there is no time limit)."""

    estimate: float | None
    at_most: float | None
    basis: str = price.BASIS


class StopCauseView(View):
    """Why a task was asked to stop, and by whom: `user`, `deadline`, `start_timeout`, `session` or `replaced`."""

    kind: str
    by: str | None
    exit_code: int | None


class DiagnosisView(View):
    """What happened, and what to do next."""

    what: str
    next: str


class ChangeView(View):
    """One line of a task's history."""

    status: Status | str
    time: Moment
    why: str | None


class SessionView(View):
    """Who was in a task; `command` is None for the task's own. Whoever vanished left when last heard of."""

    id: str
    command: str | None
    opened_by: str
    opened_at: Moment
    resumed_by: str | None
    ended_at: Moment | None
    ended_by: str | None
    exit_code: int | None


class PublicTask(View):
    """A task as anybody may see it: of the variables of its own only the names."""

    id: str
    app: str
    command: str
    image: str | None
    docker_tag: str | None
    cpu: float
    memory: float
    ephemeral_storage_gb: int
    max_hours: float | None
    environment: list[str]
    workdir: str | None
    user: str | None = None
    pull: Pull | None = None
    initiated_by: str | None
    created_by: str
    tags: dict[str, str] = Field(default_factory=dict)
    interactive: bool
    attached: bool
    lock: str | None = None
    if_locked: IfLocked = IfLocked.WAIT
    retries: int = 0
    retry_on: tuple[str, ...] = ()
    retry_wait: float = 30.0
    try_number: int = 1
    retry_of: str | None = None
    retried_by: str | None = None
    not_before: Moment | None = None
    command_name: str | None = None
    command_revision: int | None = None
    rerun_of: str | None = None
    status: Status
    created_at: Moment
    started_at: Moment | None
    stopped_at: Moment | None
    deadline: Moment | None
    expires_at: Moment | None
    exit_code: int | None
    stop_cause: StopCauseView | None
    ended_by: EndedBy | str | None
    reason: str | None
    waiting_for: str | None
    diagnosis: DiagnosisView | None
    history: list[ChangeView]
    sessions: list[SessionView]
    lost_output_bytes: int = 0
    cost: Cost
    revision: int

    @classmethod
    def at(cls, task: Task, now: datetime, **others: Any) -> Self:
        return cls.showing(
            task,
            environment=sorted(task.environment),
            retry_of=task.retry_of,
            stop_cause=StopCauseView.showing_if_any(task.stop_cause),
            diagnosis=DiagnosisView.showing_if_any(task.diagnosis),
            history=[ChangeView.showing(change) for change in task.history],
            sessions=[SessionView.showing(each, ended_at=each.left_at(now)) for each in task.sessions],
            cost=_cost(task, now),
            **others,
        )


def _cost(task: Task, now: datetime) -> Cost:
    ran = (task.stopped_at or now) - task.started_at if task.started_at else None
    limit = None if task.max_hours is None else timedelta(hours=task.max_hours)
    storage = task.ephemeral_storage_gb
    return Cost(
        estimate=None if ran is None else price.dollars(task.size, storage, ran),
        at_most=None if limit is None else price.dollars(task.size, storage, limit),
    )
