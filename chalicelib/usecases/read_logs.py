"""Read what a task printed; wait for more where the home can."""

from dataclasses import dataclass

from chalicelib.domain.task import Task
from chalicelib.ports import LogPage, LogText, Services


@dataclass(frozen=True)
class LogQuery:
    """What to read: from `position` on, or the last `tail` lines; and how long to wait for something new (seconds)."""

    position: str | None
    tail: int | None
    limit: int
    wait: float
    known_revision: int
    as_text: bool = False
    unfinished: bool = False


def read_logs(services: Services, task_id: str, query: LogQuery) -> tuple[Task, LogPage | LogText]:
    """Return the task beside the lines, so that a follower learns of its end without asking twice."""
    deadline = services.clock.monotonic() + query.wait
    with services.changes.watch(task_id) as watch:
        while True:
            task = services.tasks.get(task_id)
            page = _page(services, task, query)
            left = deadline - services.clock.monotonic()
            is_news = not page.is_empty or page.is_complete or task.revision > query.known_revision
            if is_news or not watch.wait(left):
                return task, page


def _page(services: Services, task: Task, query: LogQuery) -> LogPage | LogText:
    if query.tail is not None:
        page = services.logs.tail(task, query.tail)
        return LogText.of(page) if query.as_text else page
    if query.as_text:
        return services.logs.read_text(task, query.position, unfinished=query.unfinished)
    return services.logs.read(task, query.position, query.limit, unfinished=query.unfinished)
