"""Routes about tasks: translate, delegate, translate back."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.task import Task
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.http.task_models import (
    CreateTask,
    ExtendTask,
    ListQuery,
    LogsQuery,
    LogView,
    ShowQuery,
    TaskList,
    TaskRemovedView,
    TaskSummary,
    TaskView,
)
from chalicelib.ports import IdempotencyKey, TaskQuery
from chalicelib.usecases.create import create_task
from chalicelib.usecases.extend import extend_task
from chalicelib.usecases.find import show_task
from chalicelib.usecases.read_logs import LogQuery, read_logs
from chalicelib.usecases.remove import remove_task
from chalicelib.usecases.stop import stop_task

routes = Routes()
KEY_KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255


@routes.add("POST", "/apps/{app_name}/tasks", status=201)
def create(call: Call, app_name: str, body: CreateTask) -> TaskView:
    """Create a task. With an Idempotency-Key it is safe to send again: the earlier task is the answer."""
    key = _idempotency_key(call, app_name)
    task, notes = create_task(call.home, app_name, body.wanted(), created_by=call.token.name, key=key)
    return _view(call, task, notes)


@routes.add("GET", "/apps/{app_name}/tasks")
def list_tasks(call: Call, app_name: str, query: ListQuery) -> TaskList:
    """List an app's tasks, newest first."""
    call.home.apps.get(app_name)
    scope = f"{app_name} {query.model_dump_json(exclude={'cursor', 'limit'})}"
    page = call.home.tasks.list(_task_query(app_name, query, unseal(call.token, scope, query.cursor)))
    after = seal(call.token, scope, page.items[-1].id) if page.has_more else None
    return TaskList.model_construct(items=[TaskSummary.of(task) for task in page.items], next=after)


@routes.add("GET", "/tasks/{task_id}")
def show(call: Call, task_id: str, query: ShowQuery) -> TaskView:
    """Show a task; with `wait`, as soon as there is news of it."""
    return _view(call, show_task(call.home, task_id, known_revision=query.revision, wait=query.wait))


@routes.add("PATCH", "/tasks/{task_id}")
def extend(call: Call, task_id: str, body: ExtendTask) -> TaskView:
    """Change the time limit of a task that is not over."""
    max_hours = None if body.max_hours == "none" else body.max_hours
    return _view(call, extend_task(call.home, task_id, max_hours))


@routes.add("DELETE", "/tasks/{task_id}")
def remove(call: Call, task_id: str) -> TaskRemovedView:
    """Remove a finished task from the list."""
    remove_task(call.home, task_id)
    return TaskRemovedView(id=task_id)


@routes.add("POST", "/tasks/{task_id}/stop")
def stop(call: Call, task_id: str) -> TaskView:
    """Ask a task to end; one that is over stays as it is."""
    return _view(call, stop_task(call.home, task_id, by=call.token.name))


@routes.add("GET", "/tasks/{task_id}/logs")
def logs(call: Call, task_id: str, query: LogsQuery) -> LogView:
    """Read a task's output; with `wait`, as soon as there is more, or news of the task."""
    if query.tail is not None and query.cursor is not None:
        raise InvalidRequest("Give cursor= or tail=, not both.", {"tail": "does not go with cursor"})
    scope = f"logs {task_id}"
    wanted = LogQuery(
        position=unseal(call.token, scope, query.cursor),
        tail=query.tail,
        limit=query.limit,
        wait=query.wait,
        known_revision=query.revision,
    )
    task, page = read_logs(call.home, task_id, wanted)
    return LogView.of(task, page, seal(call.token, scope, page.position), call.home.changes.poll_after)


def _view(call: Call, task: Task, notes: Sequence[str] = ()) -> TaskView:
    return TaskView.of(task, call.home.clock.now(), poll_after=call.home.changes.poll_after, notes=notes)


def _task_query(app_name: str, query: ListQuery, after_id: str | None) -> TaskQuery:
    filters = {name: getattr(query, name) for name in ("status", "initiated_by", "created_by")}
    given = [name for name, value in filters.items() if value is not None]
    if len(given) > 1:
        problem = f"Filter by one of {', '.join(given)}, not by {len(given)} of them."
        raise InvalidRequest(problem, dict.fromkeys(given, "only one filter at a time"))
    return TaskQuery(app=app_name, limit=query.limit, since=query.since, after_id=after_id, **filters)


def _idempotency_key(call: Call, app_name: str) -> IdempotencyKey | None:
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY:
        raise InvalidRequest(f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    digest = hashlib.sha256(app_name.encode() + b"\0" + call.raw_body).hexdigest()
    expires_at = call.home.clock.now() + KEY_KEPT_FOR
    return IdempotencyKey(caller=call.token.id, key=key, digest=digest, expires_at=expires_at)
