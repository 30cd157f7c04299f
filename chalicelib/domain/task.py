"""The task's record, and the pure functions that move it from status to status."""

from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chalicelib.domain.diagnosis import Diagnosis, EndedBy, diagnose
from chalicelib.domain.errors import TaskFinished, TaskNotFinished
from chalicelib.domain.outcome import outcome
from chalicelib.domain.session import Session
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.size import Size
from chalicelib.domain.status import FINAL, Status

KEPT_FOR = timedelta(days=90)
UNKNOWN_FOR = timedelta(hours=1)  # ECS keeps a stopped task at least that long


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StopCause(_Frozen):
    """Why we asked a task to stop, and who did; after a session, how the command in it ended."""

    kind: Literal["user", "deadline", "start_timeout", "session"]
    by: str | None = None
    exit_code: int | None = None


class Change(_Frozen):
    """One line of a task's history."""

    status: Status
    time: AwareDatetime
    why: str | None = None


class Launch(_Frozen):
    """What the cluster was asked, saved before asking, so that the very same call can be repeated."""

    plan: dict[str, Any]
    attempt: int
    attempted_at: AwareDatetime
    accepted_at: AwareDatetime | None = None
    refused_at: AwareDatetime | None = None

    @property
    def is_unanswered(self) -> bool:
        return self.accepted_at is None and self.refused_at is None


class Task(_Frozen):
    """One container run, from request to exit code. cpu in vCPU, memory in GB; max_hours None: no limit.

    Sessions can be opened in an interactive task. The command of an attached one runs in such a session.
    """

    id: str
    app: str
    command: str
    image: str | None = None
    docker_tag: str | None = None
    cpu: float
    memory: float
    ephemeral_storage_gb: int
    max_hours: float | None
    initiated_by: str | None = None
    created_by: str
    interactive: bool = False
    attached: bool = False
    status: Status = Status.PENDING
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    deadline: AwareDatetime | None = None
    exit_code: int | None = None
    stop_cause: StopCause | None = None
    ended_by: EndedBy | None = None
    reason: str | None = None
    waiting_for: str | None = None
    diagnosis: Diagnosis | None = None
    lost_output_bytes: int = 0
    launch: Launch | None = None
    ecs_arn: str | None = None
    ecs_version: int = 0
    unknown_since: AwareDatetime | None = None
    history: tuple[Change, ...] = ()
    sessions: tuple[Session, ...] = ()
    revision: int = 1
    expires_at: AwareDatetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def size(self) -> Size:
        return Size(self.cpu, self.memory)

    def but(self, **changes: Any) -> Self:
        """Return a validated copy; model_copy(update=...) would skip the checks."""
        return type(self).model_validate(dict(self) | changes)

    @property
    def is_launched(self) -> bool:
        """An event may tell of the container before the cluster's own answer is written down."""
        return self.ecs_arn is not None or (self.launch is not None and self.launch.accepted_at is not None)

    def moved(self, status: Status, now: datetime, why: str | None = None, **changes: Any) -> Self:
        """Return a copy in another status, with a line of history for it."""
        line = Change(status=status, time=now, why=why)
        return self.but(status=status, history=(*self.history, line), **changes)


def begin_attempt(task: Task, plan: dict[str, Any], now: datetime) -> Task:
    """Save what the cluster is about to be asked; a task that was stopped or has ended stays as it is."""
    attempt = task.launch.attempt + 1 if task.launch else 1
    launch = Launch(plan=plan, attempt=attempt, attempted_at=now)
    if task.launch is not None and task.launch.refused_at is None:
        return task  # somebody else has just made this attempt
    if task.status is Status.PENDING:
        return task.moved(Status.STARTING, now, launch=launch)
    if task.status is Status.STARTING:
        return task.but(launch=launch)
    return task


def accept_launch(task: Task, arn: str, now: datetime) -> Task:
    """Remember which container is ours; harmless after an event has already told."""
    if task.is_final or task.launch is None or task.launch.accepted_at is not None:
        return task
    launch = Launch(**dict(task.launch) | {"accepted_at": now})
    return task.but(ecs_arn=task.ecs_arn or arn, launch=launch, waiting_for=None)


def wait_for_answer(task: Task, what: str) -> Task:
    """Say what an unanswered launch waits for."""
    return task if task.is_final or task.is_launched else task.but(waiting_for=what)


def wait_for_capacity(task: Task, what: str, now: datetime) -> Task:
    """Close an attempt that was answered with a refusal for now: the next launch makes a new one."""
    if task.is_final or task.is_launched or task.launch is None or not task.launch.is_unanswered:
        return task
    if task.status is Status.STOPPING:
        return refuse_launch(task, what, now)
    launch = Launch(**dict(task.launch) | {"refused_at": now})
    return task.but(launch=launch, waiting_for=what)


def refuse_launch(task: Task, reason: str, now: datetime) -> Task:
    """End a task that the cluster refused: as STOPPED when a user had asked for its end anyway.

    One whose container was seen meanwhile goes on: that is what counts, whatever the cluster answered.
    """
    if task.is_final or task.is_launched:
        return task
    if task.stop_cause is not None and task.stop_cause.kind == "user":
        return _ended(task, Status.STOPPED, EndedBy.USER, now, reason=reason)
    return _ended(task, Status.FAILED, EndedBy.START_FAILURE, now, reason=reason)


def request_stop(task: Task, cause: StopCause, now: datetime) -> Task:
    """Ask for the end. The first cause wins; a task that no cluster may have taken ends here and now."""
    if task.is_final or task.status is Status.STOPPING:
        return task
    if not task.is_launched and (task.launch is None or not task.launch.is_unanswered):
        return _ended(task.but(stop_cause=cause), Status.STOPPED, EndedBy.USER, now)
    return task.moved(Status.STOPPING, now, why=_asked_by(cause, task.max_hours), stop_cause=cause)


def observe(task: Task, seen: Sighting, now: datetime) -> Task:
    """Fold one sighting of the container into the record.

    Events repeat, reorder and come late, so an old or second sighting leaves the record exactly as it was.
    """
    if task.is_final and not (task.status is Status.LOST and seen.is_over):
        return task
    if seen.version <= task.ecs_version or (task.ecs_arn is not None and seen.arn != task.ecs_arn):
        return task
    started_at = task.started_at or seen.started_at
    task = task.but(
        ecs_arn=seen.arn,
        ecs_version=seen.version,
        started_at=started_at,
        deadline=deadline_of(started_at, task.max_hours),
        waiting_for=None if started_at else seen.waiting_for or task.waiting_for,
    )
    if seen.is_over:
        return _over(task, seen, now)
    if started_at is not None and task.status in (Status.PENDING, Status.STARTING):
        return task.moved(Status.RUNNING, started_at)
    return task


def is_stray(task: Task, seen: Sighting) -> bool:
    """Say whether a container runs that no record watches: another than the task's, or one that outlives its record.

    Ask after the sighting was folded in: a container that is seen before it is written down has become the task's.
    """
    if not seen.runs_on:
        return False
    if task.ecs_arn == seen.arn:
        return task.is_final and seen.version > task.ecs_version
    return task.is_final or task.ecs_arn is not None


def why_stray(task: Task) -> str:
    return f"task {task.id} is over" if task.is_final else f"task {task.id} runs in another container"


def miss(task: Task, now: datetime) -> Task:
    """What runs it does not know it at the moment. That may pass; after an hour of it the task is lost."""
    if task.is_final:
        return task
    if task.unknown_since is None:
        return task.but(unknown_since=now)
    return lose(task, now) if now - task.unknown_since > UNKNOWN_FOR else task


def find_again(task: Task) -> Task:
    """It is known after all."""
    return task if task.is_final or task.unknown_since is None else task.but(unknown_since=None)


def lose(task: Task, now: datetime) -> Task:
    """Give up on a task that what ran it no longer knows."""
    if task.is_final:
        return task
    return _ended(task, Status.LOST, EndedBy.LOST, now)


def set_max_hours(task: Task, max_hours: float | None, now: datetime) -> Task:
    """Change the time limit of an unfinished task; it still counts from the start.

    Past its deadline a task is being stopped, whether its record says so yet or not.
    """
    if task.is_final or task.status is Status.STOPPING:
        raise TaskFinished(task.id, task.status)
    if task.deadline is not None and now >= task.deadline:
        raise TaskFinished(task.id, "its time is up")
    return task.but(max_hours=max_hours, deadline=deadline_of(task.started_at, max_hours))


def refuse_unless_final(task: Task) -> None:
    if not task.is_final:
        raise TaskNotFinished(task.id, task.status)


def deadline_of(started_at: datetime | None, max_hours: float | None) -> datetime | None:
    if started_at is None or max_hours is None:
        return None
    return started_at + timedelta(hours=max_hours)


def _over(task: Task, seen: Sighting, now: datetime) -> Task:
    end = outcome(task, seen)
    return _ended(
        task,
        end.status,
        end.ended_by,
        seen.stopped_at or now,
        exit_code=end.exit_code,
        reason=seen.reason or task.reason,
        lost_output_bytes=seen.lost_output_bytes,
    )


def _ended(task: Task, status: Status, ended_by: EndedBy, at: datetime, **changes: Any) -> Task:
    ended = task.moved(
        status,
        at,
        ended_by=ended_by,
        stopped_at=at,
        expires_at=at + KEPT_FOR,
        waiting_for=None,
        sessions=tuple(session.ended(at, None) for session in task.sessions),
        **changes,
    )
    diagnosis = diagnose(
        ended_by,
        exit_code=ended.exit_code,
        reason=ended.reason,
        memory=ended.memory,
        max_hours=ended.max_hours,
        by=ended.stop_cause.by if ended.stop_cause else None,
    )
    return ended.but(diagnosis=diagnosis)


def _asked_by(cause: StopCause, max_hours: float | None) -> str:
    match cause.kind:
        case "user":
            return f"stopped by {cause.by}"
        case "session":
            return f"the session of {cause.by} ended with exit code {cause.exit_code}"
        case "deadline":
            return f"max_hours={max_hours:g} exceeded" if max_hours is not None else "time limit exceeded"
        case "start_timeout":
            return "it did not start in time"
