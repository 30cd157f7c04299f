"""Routes about tasks: translate, delegate, translate back."""

from collections.abc import Sequence

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.task import Task
from chalicelib.domain.token import Role
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, PlainText, Routes
from chalicelib.http.idempotency_key import idempotency_key_of
from chalicelib.http.task_models import (
    CreateTask,
    ExtendTask,
    ListQuery,
    LogsQuery,
    LogState,
    LogView,
    RerunTask,
    ShowQuery,
    TaskList,
    TaskRemovedView,
    TaskSummary,
    TaskView,
)
from chalicelib.ports import LogText
from chalicelib.usecases.create import create_task
from chalicelib.usecases.extend import extend_task
from chalicelib.usecases.find_tasks import find_tasks
from chalicelib.usecases.read_logs import LogQuery, read_logs
from chalicelib.usecases.remove import remove_task
from chalicelib.usecases.rerun import rerun_task
from chalicelib.usecases.show import later_tries, show_task
from chalicelib.usecases.stop import stop_task

routes = Routes()


@routes.add("POST", "/apps/{app_name}/tasks", Role.OPERATOR, status=201)
def create(call: Call, app_name: str, body: CreateTask) -> TaskView:
    """Create a task. With an Idempotency-Key it is safe to send again: the earlier task is the answer."""
    key = idempotency_key_of(call, app_name)
    task, notes = create_task(call.home, app_name, body.wanted(), created_by=call.token.name, key=key)
    return view_of(call, task, notes)


@routes.add("POST", "/tasks/{task_id}/rerun", Role.OPERATOR, status=201)
def rerun(call: Call, task_id: str, body: RerunTask) -> TaskView:
    """Create a task like an earlier one. With an Idempotency-Key it is safe to send again."""
    key = idempotency_key_of(call, f"rerun {task_id}")
    task, notes = rerun_task(call.home, task_id, body.changes(), created_by=call.token.name, key=key)
    return view_of(call, task, notes)


@routes.add("GET", "/apps/{app_name}/tasks", Role.VIEWER)
def list_tasks(call: Call, app_name: str, query: ListQuery) -> TaskList:
    """List an app's tasks, newest first."""
    call.home.apps.get(app_name)
    scope = f"{app_name} {query.model_dump_json(exclude={'cursor', 'limit'})}"
    found, last = find_tasks(call.home, *query.wanted(app_name, unseal(call.token, scope, query.cursor)))
    after = seal(call.token, scope, last) if last else None
    return TaskList.model_construct(items=[TaskSummary.of(task) for task in found], next=after)


@routes.add("GET", "/tasks/{task_id}", Role.VIEWER)
def show(call: Call, task_id: str, query: ShowQuery) -> TaskView:
    """Show a task; with `wait`, as soon as there is news of it."""
    task = show_task(call.home, task_id, known_revision=query.revision, wait=query.wait)
    cluster = call.home.cluster
    notes = [*cluster.notes(task), *cluster.not_enforced(task)]
    return view_of(call, task, notes)


@routes.add("PATCH", "/tasks/{task_id}", Role.OPERATOR)
def extend(call: Call, task_id: str, body: ExtendTask) -> TaskView:
    """Change the time limit of a task that is not over."""
    max_hours = None if body.max_hours == "none" else body.max_hours
    return view_of(call, extend_task(call.home, task_id, max_hours, by=call.token.name))


@routes.add("DELETE", "/tasks/{task_id}", Role.OPERATOR)
def remove(call: Call, task_id: str) -> TaskRemovedView:
    """Remove a finished task from the list."""
    remove_task(call.home, task_id, by=call.token.name)
    return TaskRemovedView(id=task_id)


@routes.add("POST", "/tasks/{task_id}/stop", Role.OPERATOR)
def stop(call: Call, task_id: str) -> TaskView:
    """Ask a task to end; one that is over stays as it is."""
    return view_of(call, stop_task(call.home, task_id, by=call.token.name))


@routes.add("GET", "/tasks/{task_id}/logs", Role.VIEWER)
def logs(call: Call, task_id: str, query: LogsQuery) -> LogView | PlainText:
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
        as_text=call.wants_text,
        unfinished=query.unfinished,
    )
    task, page = read_logs(call.home, task_id, wanted)
    poll_after = call.home.changes.poll_after(task, call.home.clock.now(), has_output=not page.is_empty)
    state = LogState.of(call.as_it_stands(task), page, seal(call.token, scope, page.position), poll_after)
    if isinstance(page, LogText):
        return PlainText(page.text, state)
    return LogView.with_lines(state, page)


def view_of(call: Call, task: Task, notes: Sequence[str] = ()) -> TaskView:
    now, later = call.home.clock.now(), later_tries(call.home, task)
    return TaskView.of(call.as_it_stands(task), now, call.home.changes, notes, later)
