"""Find tasks of an app, also those of some statuses among others that are found by another field."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.status import Status
from chalicelib.ports import Services, TaskQuery

MOST_READ = 1000  # tasks that one page looks at, however rare what is looked for is among them
READ_AT_ONCE = 100


def find_tasks(
    services: Services, query: TaskQuery, statuses: Sequence[Status] = (), most_read: int = MOST_READ
) -> tuple[Sequence[ListedTask], str | None]:
    """Return a page, of these statuses alone if any are given, and the id to go on behind if there may be more.

    A page by statuses may hold few, or none, and be followed by more.
    """
    if not statuses:
        page = services.tasks.list(query)
        return page.items, page.items[-1].id if page.has_more else None
    found: list[ListedTask] = []
    last = query.after_id
    for number, task in enumerate(_all_of(services, replace(query, limit=READ_AT_ONCE))):
        if len(found) == query.limit or number == most_read:
            return found, last
        last = task.id
        if task.status in statuses:
            found.append(task)
    return found, None


def _all_of(services: Services, query: TaskQuery) -> Iterator[ListedTask]:
    while True:
        page = services.tasks.list(query)
        yield from page.items
        if not page.has_more:
            return
        query = replace(query, after_id=page.items[-1].id)
