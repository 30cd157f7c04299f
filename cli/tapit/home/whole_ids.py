"""From the beginning of a task's id to the whole: looked up among the tasks of the app that is chosen."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import NotFound, UsageError
from tapit.home.client import Client, segment

if TYPE_CHECKING:
    from tapit.home.answers import ListedTask, PageOfTasks

MOST_TOLD = 10
SHOWN_COMMAND = 40


def whole_id(client: Client, app: str, beginning: str) -> str:
    """Raise NotFound when no id of the app's tasks begins so, UsageError when several do."""
    path = f"/apps/{segment(app)}/tasks"
    page: PageOfTasks = client.get(path, {"id": beginning, "limit": MOST_TOLD})
    found = page["items"]
    if not found:
        raise NotFound(
            f"no task of app {app} has an id that begins with {beginning}",
            "A task of another app is found by its whole id, or with -a APP.",
            "tapit list tasks",
        )
    if len(found) > 1:
        more = ["..."] if page["next"] else []
        raise UsageError(
            f"the ids of several tasks begin with {beginning}",
            "\n".join([*map(_line, found), *more]),
            "type more of the one that you mean",
        )
    return found[0]["id"]


def _line(task: ListedTask) -> str:
    return f"{task['id']}  {task['status']}  {' '.join(task['command'].split())[:SHOWN_COMMAND]}"
