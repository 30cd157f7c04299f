"""Where a task that was tried again has got to: whoever asks about an old try is sent to the last one."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.statuses import is_final

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Task, Try


def last_try(task: Task) -> Try | None:
    """The last that is known; None when it is the task itself."""
    tries = task.get("tries") or []
    return tries[-1] if tries and tries[-1]["id"] != task["id"] else None


def hint_to_last_try(call: Call, task: Task, *, act: str) -> None:
    """`act` is what to do about one that is not over; of the others there is no more than to look."""
    last = last_try(task)
    if last is None:
        return
    if is_final(last):
        call.hint("its last try", f"tapit show task task={last['id']}")
    else:
        call.hint("its current try", f"{act} task={last['id']}")
