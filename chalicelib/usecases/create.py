"""Create a task: once its record is written it is accepted, and will be launched."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from chalicelib.domain import ids
from chalicelib.domain.app import App
from chalicelib.domain.errors import IdTaken, InvalidRequest, LimitExceeded, Locked, NotFound, Unanswered
from chalicelib.domain.fargate_sizes import fit
from chalicelib.domain.lock import IfLocked, words_of_waiting
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.retry import DEFAULT_REASONS
from chalicelib.domain.saved_command import OfCommand
from chalicelib.domain.status import Status
from chalicelib.domain.tags import with_defaults
from chalicelib.domain.task import DEFAULT_WAIT, Change, Task
from chalicelib.ports import IdempotencyKey, Services
from chalicelib.usecases.turn import lock_before, lock_with_living_holder


def create_task(
    services: Services,
    app_name: str,
    wanted: NewTask | OfCommand,
    *,
    created_by: str,
    key: IdempotencyKey | None,
) -> tuple[Task, Sequence[str]]:
    """Return the task and notes for the caller; with a key that was used before, the earlier task."""

    def make(now: datetime) -> tuple[Task, list[str]]:
        app = services.apps.get(app_name)
        return write_task(services, app, _asked(services, app_name, wanted), created_by, key, now)

    return accept(services, key, make)


def accept(
    services: Services, key: IdempotencyKey | None, make: Callable[[datetime], tuple[Task, list[str]]]
) -> tuple[Task, Sequence[str]]:
    """Begin what is made, or was made with the key before."""
    now = services.clock.now()
    try:
        task, notes = make(now)
    except (NotFound, LimitExceeded, InvalidRequest, Locked):
        # What was accepted once stays accepted, whatever the app allows by now, and if it is there at all.
        earlier = services.tasks.find_by_key(key, now) if key else None
        if earlier is None:
            raise
        task, notes = earlier, []
    if task.status is Status.PENDING:
        with suppress(Unanswered):  # written means accepted: the sweep begins it when this does not
            services.lifecycle.begin(task)
    return task, [*notes, *_notes_on_lock(services, task)]


def write_task(
    services: Services,
    app: App,
    wanted: NewTask,
    created_by: str,
    key: IdempotencyKey | None,
    now: datetime,
) -> tuple[Task, list[str]]:
    draft, notes = _draft(app, wanted, created_by, now)
    services.cluster.refuse(draft, app)
    task = _write(services, draft, key, app.limits.max_running)
    return task, [*notes, *services.cluster.notes(task, app)]


def refuse_what_cannot_run(services: Services, app: App, wanted: NewTask) -> None:
    """Raise what would be said if it were to be a task now; nothing is made."""
    wanted.refuse_what_cannot_be()
    draft, _ = _draft(app, wanted, "", services.clock.now())
    services.cluster.refuse(draft, app)


def _asked(services: Services, app_name: str, wanted: NewTask | OfCommand) -> NewTask:
    if isinstance(wanted, NewTask):
        return wanted
    return services.commands.get(app_name, wanted.name).asked_with(wanted.given)


def _draft(app: App, wanted: NewTask, created_by: str, now: datetime) -> tuple[Task, list[str]]:
    clash = sorted(wanted.environment.keys() & app.secret_names)
    if clash:
        problem = f"{clash[0]} is a secret of the app's"
        raise InvalidRequest(f"{problem}: a task cannot set it otherwise.", {"environment": problem})
    size, note = fit(wanted.cpu, wanted.memory, app.size)
    max_hours = wanted.hours(app.max_hours)
    app.refuse_beyond_limits(size, max_hours)
    task = Task(
        id=ids.new_id(now),
        app=app.name,
        command=wanted.command,
        image=wanted.image,
        docker_tag=wanted.docker_tag,
        cpu=size.cpu,
        memory=size.memory,
        ephemeral_storage_gb=wanted.ephemeral_storage_gb or app.ephemeral_storage_gb,
        max_hours=max_hours,
        environment=dict(wanted.environment),
        workdir=wanted.workdir,
        user=wanted.user,
        pull=wanted.pull,
        initiated_by=wanted.initiated_by,
        tags=with_defaults(wanted.tags, app.tags),
        interactive=wanted.interactive or wanted.attached,
        attached=wanted.attached,
        lock=wanted.lock,
        if_locked=wanted.if_locked,
        retries=wanted.retries or 0,
        retry_on=wanted.retry_on or (DEFAULT_REASONS if wanted.retries else ()),
        retry_wait=DEFAULT_WAIT if wanted.retry_wait is None else wanted.retry_wait,
        command_name=wanted.command_name,
        command_revision=wanted.command_revision,
        rerun_of=wanted.rerun_of,
        created_by=created_by,
        created_at=now,
        history=(Change(status=Status.PENDING, time=now),),
    )
    return task, [note] if note else []


def _write(services: Services, draft: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
    while True:
        with suppress(IdTaken):
            return _written(services, draft, key, max_running)
        draft = draft.but(id=ids.new_id(draft.created_at))


def _notes_on_lock(services: Services, task: Task) -> list[str]:
    if task.if_locked is IfLocked.REFUSE or not task.waits_its_turn:
        return []
    lock = lock_before(services, task)
    if lock is None:
        return []
    if task.if_locked is IfLocked.REPLACE:
        replaced = lock.replaced_by(task.id)
        return [_note_on_replaced(replaced)] if replaced else []
    return [f"It waits for {words_of_waiting(lock)}."]


def _note_on_replaced(replaced: Sequence[str]) -> str:
    if len(replaced) == 1:
        return f"It replaces task {replaced[0]}, and starts when that one has ended."
    return f"It replaces tasks {', '.join(replaced)}, and starts when they have ended."


def _written(services: Services, draft: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
    try:
        return services.tasks.create(draft, key, max_running)
    except Locked as refusal:
        assert draft.lock is not None
        lock = services.tasks.lock(draft.app, draft.lock)
        if lock_with_living_holder(services, lock).holder == refusal.holder:
            raise
        return services.tasks.create(draft, key, max_running)
