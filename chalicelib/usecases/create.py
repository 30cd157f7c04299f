"""Create a task: once its record is written it is accepted, and will be launched."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import ids
from chalicelib.domain.app import App
from chalicelib.domain.errors import AppNotFound, IdTaken, InvalidRequest, LimitExceeded, Unanswered
from chalicelib.domain.size import fit
from chalicelib.domain.status import Status
from chalicelib.domain.task import Change, Task
from chalicelib.ports import IdempotencyKey, Services

APP_DEFAULT = "app default"


@dataclass(frozen=True)
class NewTask:
    """What a caller asks for; None is the app's default, and max_hours None is no limit at all."""

    command: str
    image: str | None = None
    docker_tag: str | None = None
    cpu: float | None = None
    memory: float | None = None
    ephemeral_storage_gb: int | None = None
    max_hours: float | str | None = APP_DEFAULT
    initiated_by: str | None = None
    interactive: bool = False
    attached: bool = False


def create_task(
    services: Services, app_name: str, wanted: NewTask, *, created_by: str, key: IdempotencyKey | None
) -> tuple[Task, Sequence[str]]:
    """Return the task and notes for the caller; with a key that was used before, the earlier task."""
    now = services.clock.now()
    try:
        task, notes = _create(services, app_name, wanted, created_by, key, now)
    except (AppNotFound, LimitExceeded, InvalidRequest):
        # What was accepted once stays accepted, whatever the app allows by now, and if it is there at all.
        earlier = services.tasks.find_by_key(key, now) if key else None
        if earlier is None:
            raise
        task, notes = earlier, []
    if task.status is Status.PENDING:
        with suppress(Unanswered):  # written means accepted: the sweep begins it when this does not
            services.lifecycle.begin(task)
    return task, [*notes, *services.cluster.notes(task)]


def _create(
    services: Services,
    app_name: str,
    wanted: NewTask,
    created_by: str,
    key: IdempotencyKey | None,
    now: datetime,
) -> tuple[Task, list[str]]:
    app = services.apps.get(app_name)
    draft, notes = _draft(app, wanted, created_by, now)
    services.cluster.refuse(draft, app)
    return _write(services, draft, key, app.limits.max_running), notes


def _draft(app: App, wanted: NewTask, created_by: str, now: datetime) -> tuple[Task, list[str]]:
    if wanted.image and wanted.docker_tag:
        problem = "image= already names its tag; give image= or docker_tag=, not both"
        raise InvalidRequest(f"{problem}.", {"docker_tag": problem})
    size, note = fit(wanted.cpu, wanted.memory, app.size)
    max_hours = app.max_hours if isinstance(wanted.max_hours, str) else wanted.max_hours
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
        initiated_by=wanted.initiated_by,
        interactive=wanted.interactive or wanted.attached,
        attached=wanted.attached,
        created_by=created_by,
        created_at=now,
        history=(Change(status=Status.PENDING, time=now),),
    )
    return task, [note] if note else []


def _write(services: Services, draft: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
    while True:
        with suppress(IdTaken):
            return services.tasks.create(draft, key, max_running)
        draft = draft.but(id=ids.new_id(draft.created_at))
