"""The task's record, and the pure functions that move it from status to status."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, Field

from chalicelib.domain.bounds import LARGEST_HISTORY, LARGEST_PLAN, Reason, Shown, fitting, size_of
from chalicelib.domain.diagnosis import Diagnosis, EndedBy, diagnose
from chalicelib.domain.errors import TaskFinished, TaskNotFinished
from chalicelib.domain.fargate_sizes import Size
from chalicelib.domain.image import Pull, with_tag
from chalicelib.domain.lengths import hours_as_typed
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.outcome import Asked, ended_by_wish, outcome
from chalicelib.domain.record import Record
from chalicelib.domain.session import Session, kept_sessions
from chalicelib.domain.sighting import Passing, Sighting
from chalicelib.domain.status import FINAL, Status
from chalicelib.domain.stop_cause import StopCause

DEFAULT_WAIT = 30.0  # seconds between two tries
KEPT_FOR = timedelta(days=90)
MOST_LINES = 100  # of a task's history
ANOTHER_ATTEMPT = "another attempt: "
MOST_REMEMBERED = 100  # attempts that failed
MOST_FAILURES = 3  # to start, of those that may be the app's own fault
UNKNOWN_FOR = timedelta(hours=1)  # ECS keeps a stopped task at least that long


class Change(Record):
    """One line of a task's history."""

    status: Annotated[Status | str, Field(union_mode="left_to_right")]
    time: AwareDatetime
    why: Shown | None = None


def _kept_history(lines: tuple[Change, ...]) -> tuple[Change, ...]:
    """Of very many lines the second ones go: how it began, and what happened last, is what people ask for."""
    return fitting(lines, LARGEST_HISTORY, MOST_LINES, lambda line: (line is lines[0],))


class Launch(Record):
    """What the cluster was asked, saved before asking, so that the very same call can be repeated.

    An attempt whose container failed to start is as good as refused; `failed` are the numbers of the latest of them.
    Another attempt may follow `until` then.
    """

    plan: dict[str, Any]
    attempt: int
    attempted_at: AwareDatetime
    accepted_at: AwareDatetime | None = None
    refused_at: AwareDatetime | None = None
    failed: tuple[int, ...] = ()
    until: AwareDatetime | None = None

    @property
    def is_unanswered(self) -> bool:
        return self.accepted_at is None and self.refused_at is None


class EarlierTry(Record):
    """How a task went that was tried again."""

    id: str
    status: Annotated[Status | str, Field(union_mode="left_to_right")]
    exit_code: int | None = None


class Task(Record):
    """One container run, from request to exit code. cpu in vCPU, memory in GB; max_hours None: no limit.

    One that fails for a reason in `retry_on` is tried again, `retries` times, as another task: the first try has the
    number 1, and a later one waits until `not_before`.

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
    environment: dict[str, str] = Field(default_factory=dict, repr=False)  # beside the app's, and before it
    workdir: str | None = None
    user: str | None = None
    pull: Pull | None = None
    initiated_by: str | None = None
    created_by: str
    tags: dict[str, str] = Field(default_factory=dict)
    interactive: bool = False
    attached: bool = False
    retries: int = 0
    retry_on: tuple[str, ...] = ()
    retry_wait: float = DEFAULT_WAIT
    try_number: int = 1
    earlier_tries: tuple[EarlierTry, ...] = ()
    retried_by: str | None = None
    not_before: AwareDatetime | None = None
    lock: str | None = None
    if_locked: IfLocked = IfLocked.WAIT
    command_name: str | None = None  # the saved command that it was taken from
    command_revision: int | None = None
    rerun_of: str | None = None
    status: Status = Status.PENDING
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    deadline: AwareDatetime | None = None
    exit_code: int | None = None
    stop_cause: StopCause | None = None
    ended_by: Annotated[EndedBy | str, Field(union_mode="left_to_right")] | None = None
    reason: Reason | None = None
    waiting_for: Reason | None = None
    waits_until: AwareDatetime | None = None  # for its turn
    diagnosis: Diagnosis | None = None
    lost_output_bytes: int = 0
    launch: Launch | None = None
    ecs_arn: str | None = None
    ecs_version: int = 0
    unknown_since: AwareDatetime | None = None
    failing_since: AwareDatetime | None = None
    history: Annotated[tuple[Change, ...], AfterValidator(_kept_history)] = ()
    sessions: Annotated[tuple[Session, ...], AfterValidator(kept_sessions)] = ()
    revision: int = 1
    status_revision: int = 1  # the one that brought the status
    previous_status: Annotated[Status | str | None, Field(union_mode="left_to_right")] = None
    expires_at: AwareDatetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def size(self) -> Size:
        return Size(self.cpu, self.memory)

    def image_in(self, own: str | None) -> str | None:
        """Return the image of its container, where its app's is `own`; None when nobody names one."""
        if self.image is not None or own is None or self.docker_tag is None:
            return self.image or own
        return with_tag(own, self.docker_tag)

    @property
    def retry_of(self) -> str | None:
        """Return the id of the try before this one."""
        return self.earlier_tries[-1].id if self.earlier_tries else None

    @property
    def due_at(self) -> datetime:
        """Return when it may be launched at the earliest."""
        return self.not_before or self.created_at

    @property
    def is_launched(self) -> bool:
        """An event may tell of the container before the cluster's own answer is written down."""
        return self.ecs_arn is not None or (self.launch is not None and self.launch.accepted_at is not None)

    @property
    def has_moved(self) -> bool:
        """Say whether it came to its status since it was read."""
        return self.status_revision == self.revision + 1

    @property
    def waits_its_turn(self) -> bool:
        """Nothing was asked for it yet, and another task may have its lock."""
        return self.lock is not None and self.status is Status.PENDING and self.launch is None

    def is_early(self, now: datetime) -> bool:
        """Say whether it is not to be launched yet: another try leaves some time to what failed."""
        return self.launch is None and self.not_before is not None and now < self.not_before

    def has_failed_to_start(self, attempt: int | None) -> bool:
        """Its container was seen to fail, so whatever else is heard of it is old news."""
        return self.launch is not None and attempt in self.launch.failed

    def moved(self, status: Status, now: datetime, why: str | None = None, **changes: Any) -> Self:
        """Return a copy in another status, with a line of history for it."""
        line = Change(status=status, time=now, why=why)
        if status is not self.status:
            changes |= self._news()
        return self.but(status=status, history=(*self.history, line), **changes)

    def _news(self) -> dict[str, Any]:
        """Of several moves before one save, those in between are no news: nobody has seen them."""
        next_revision = self.revision + 1
        is_saved = self.status_revision != next_revision
        return {
            "status_revision": next_revision,
            "previous_status": self.status if is_saved else self.previous_status,
        }


def begin_attempt(task: Task, plan: dict[str, Any], now: datetime, until: datetime | None = None) -> Task:
    """Save what the cluster is about to be asked; a task that was stopped or has ended stays as it is."""
    attempt, failed = (task.launch.attempt + 1, task.launch.failed) if task.launch else (1, ())
    launch = Launch(plan=plan, attempt=attempt, attempted_at=now, failed=failed, until=until)
    if task.launch is not None and task.launch.refused_at is None:
        return task  # somebody else has just made this attempt
    if size_of(plan) > LARGEST_PLAN:
        return refuse_launch(
            task, f"the plan of its launch is too large to be kept: {size_of(plan)} bytes", now
        )
    if task.status is Status.PENDING:
        return task.moved(Status.STARTING, now, launch=launch, waiting_for=None)
    if task.status is Status.STARTING:
        return task.but(launch=launch)
    return task


def accept_launch(task: Task, arn: str, now: datetime, attempt: int | None = None) -> Task:
    """Remember which container is ours: the first that is heard of, by an event or an answer, of whichever attempt.

    Nothing is accepted of an `attempt` (None: the newest) whose container was seen to fail before.
    """
    if task.is_final or task.launch is None or task.launch.accepted_at is not None:
        return task
    asked = task.launch.attempt if attempt is None else attempt
    if task.ecs_arn is None and task.has_failed_to_start(asked):
        return task
    launch = task.launch.but(accepted_at=now)
    return task.but(ecs_arn=task.ecs_arn or arn, launch=launch, waiting_for=None, failing_since=None)


def wait_for_answer(task: Task, what: str) -> Task:
    """Say what an unanswered launch waits for."""
    return task if task.is_final or task.is_launched else task.but(waiting_for=what, failing_since=None)


def wait_for_turn(task: Task, what: str, until: datetime) -> Task:
    """Say whom a task waits for, and until when it does."""
    return task.but(waiting_for=what, waits_until=until, failing_since=None) if task.waits_its_turn else task


def give_up_turn(task: Task, what: str, now: datetime) -> Task:
    """End a task that has waited long enough for others."""
    return refuse_launch(task, f"it waited too long for {what}", now) if task.waits_its_turn else task


def last_words(task: Task) -> str | None:
    """Return why a task that waits for its launch was not launched the last time."""
    return task.waiting_for and task.waiting_for.removeprefix(ANOTHER_ATTEMPT)


def note_failure(task: Task, what: str, now: datetime) -> Task:
    """Remember since when launches fail for reasons that nobody foresaw, until one is answered."""
    if task.is_final or task.is_launched:
        return task
    return task.but(waiting_for=what, failing_since=task.failing_since or now)


def give_up_launch(task: Task, reason: str, now: datetime) -> Task:
    """End a task that cannot be launched; when a call for it was not answered, nobody knows what became of it."""
    is_in_doubt = task.launch is not None and task.launch.is_unanswered
    return (
        lose(task, now, reason) if is_in_doubt and not task.is_launched else refuse_launch(task, reason, now)
    )


def wait_for_room(task: Task, what: str, now: datetime) -> Task:
    """Close the attempt, which was answered with a refusal for now: the next launch makes a new one."""
    if task.is_final or task.is_launched:
        return task
    if task.launch is None or not task.launch.is_unanswered:
        return task.but(waiting_for=what, failing_since=None)
    if task.status is Status.STOPPING:
        return refuse_launch(task, what, now)
    return task.but(launch=task.launch.but(refused_at=now), waiting_for=what, failing_since=None)


def refuse_launch(task: Task, reason: str, now: datetime) -> Task:
    """End a task that the cluster refused: as STOPPED when a user had asked for its end anyway.

    One whose container was seen meanwhile goes on: that is what counts, whatever the cluster answered.
    """
    if task.is_final or task.is_launched:
        return task
    if task.stop_cause is not None and task.stop_cause.is_a_wish:
        return _ended(task, Status.STOPPED, ended_by_wish(task.stop_cause), now, reason=reason)
    return _ended(task, Status.FAILED, EndedBy.START_FAILURE, now, reason=reason)


def request_stop(task: Task, cause: StopCause, now: datetime) -> Task:
    """Ask for the end. The first cause wins; a task that no cluster may have taken ends here and now."""
    if task.is_final or task.status is Status.STOPPING:
        return task
    if not task.is_launched and (task.launch is None or not task.launch.is_unanswered):
        wished = task.but(stop_cause=cause)
        return _ended(wished, Status.STOPPED, ended_by_wish(cause), now, why=_asked_by(cause, task.max_hours))
    return task.moved(Status.STOPPING, now, why=_asked_by(cause, task.max_hours), stop_cause=cause)


def observe(task: Task, seen: Sighting, now: datetime) -> Task:
    """Fold one sighting of the container into the record.

    Events repeat, reorder and come late, so an old or second sighting leaves the record exactly as it was, and so
    does one that tells nothing new: an older one that comes after it cannot tell more than it did.
    """
    if task.is_final and not (task.status is Status.LOST and seen.is_over):
        return task
    if seen.version <= task.ecs_version or not _may_be_the_tasks(task, seen):
        return task
    if _may_start_another_time(task, seen, now):
        return _failed_to_start(task, seen, now)
    started_at = task.started_at or seen.started_at
    changed = task.but(
        ecs_arn=seen.arn,
        started_at=started_at,
        deadline=deadline_of(started_at, task.max_hours),
        waiting_for=None if started_at else seen.waiting_for or task.waiting_for,
    )
    if seen.is_over:
        changed = _over(changed, seen, now)
    elif seen.progress is not None and (line := _new_line(task, seen.progress)):
        changed = changed.moved(changed.status, now, line)
    elif started_at is not None and task.status in (Status.PENDING, Status.STARTING):
        changed = changed.moved(Status.RUNNING, started_at)
    return task if changed == task else changed.but(ecs_version=seen.version)


def _new_line(task: Task, progress: str) -> str | None:
    """Return what the history is to say of something that has just begun; how far it is changes too often for that."""
    what = progress.partition(" (")[0]
    return None if (task.waiting_for or "").startswith(what) else what


def is_stray(task: Task, seen: Sighting) -> bool:
    """Say whether a container runs that no record watches: another than the task's, or one that outlives its record.

    Ask after the sighting was folded in: a container that is seen before it is written down has become the task's.
    """
    if not seen.runs_on:
        return False
    if task.ecs_arn == seen.arn:
        return task.is_final and seen.version > task.ecs_version
    return not task.has_failed_to_start(seen.attempt) and (task.is_final or task.ecs_arn is not None)


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


def lose(task: Task, now: datetime, reason: str | None = None) -> Task:
    """Give up on a task that what ran it no longer knows, or that nobody knows to have been started."""
    if task.is_final:
        return task
    return _ended(task, Status.LOST, EndedBy.LOST, now, reason=reason or task.reason)


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


def _may_be_the_tasks(task: Task, seen: Sighting) -> bool:
    """Before its container is known it is the one that is seen first: of several attempts, too, it runs already."""
    if task.ecs_arn is not None:
        return seen.arn == task.ecs_arn
    return not task.has_failed_to_start(seen.attempt)


def _may_start_another_time(task: Task, seen: Sighting, now: datetime) -> bool:
    """Nothing of the command ran, nobody has asked for the end, and there is time left to wait."""
    if not seen.is_over or seen.passing is None or task.status is not Status.STARTING:
        return False
    if task.started_at is not None or task.launch is None or task.launch.until is None:
        return False
    is_worth_it = seen.passing is Passing.CLUSTERS or len(task.launch.failed) + 1 < MOST_FAILURES
    return is_worth_it and now < task.launch.until


def _failed_to_start(task: Task, seen: Sighting, now: datetime) -> Task:
    """Close the attempt: the next launch makes another one, with a container of its own."""
    assert task.launch is not None
    attempt = task.launch.attempt if seen.attempt is None else seen.attempt
    launch = task.launch.but(failed=(*task.launch.failed, attempt)[-MOST_REMEMBERED:])
    if attempt != launch.attempt and launch.is_unanswered:  # there is another one already
        return task.but(launch=launch, ecs_arn=None, ecs_version=0)
    launch = launch.but(accepted_at=None, refused_at=now)
    told = f" did not start: {seen.reason}"
    if (task.history[-1].why or "").endswith(told):  # for days, it may be; the newest line says it
        task = task.but(history=task.history[:-1])
    return task.moved(
        Status.STARTING,
        now,
        why=f"attempt {attempt}{told}",
        launch=launch,
        ecs_arn=None,
        ecs_version=0,
        waiting_for=f"{ANOTHER_ATTEMPT}{seen.reason}",
    )


def _over(task: Task, seen: Sighting, now: datetime) -> Task:
    end = outcome(Asked(task.attached, task.stop_cause, task.deadline), seen)
    return _ended(
        task,
        end.status,
        end.ended_by,
        seen.stopped_at or now,
        memory_kills=seen.memory_kills,
        exit_code=end.exit_code,
        reason=seen.reason or task.reason,
        lost_output_bytes=seen.lost_output_bytes,
    )


def _ended(
    task: Task,
    status: Status,
    ended_by: EndedBy,
    at: datetime,
    *,
    memory_kills: int | None = None,
    **changes: Any,
) -> Task:
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
        memory_kills=memory_kills,
        max_hours=ended.max_hours,
        by=ended.stop_cause.by if ended.stop_cause else None,
        attempts=ended.launch.attempt if ended.launch else 0,
    )
    return ended.but(diagnosis=diagnosis)


def _asked_by(cause: StopCause, max_hours: float | None) -> str:
    match cause.kind:
        case "user":
            return f"stopped by {cause.by}"
        case "replaced":
            return f"replaced by {cause.by}"
        case "session":
            return f"the session of {cause.by} ended with exit code {cause.exit_code}"
        case "deadline":
            limit = "time limit" if max_hours is None else f"max_hours={hours_as_typed(max_hours)}"
            return f"{limit} exceeded"
        case "start_timeout":
            return "it did not start in time"
        case of_a_newer_version:
            return of_a_newer_version
