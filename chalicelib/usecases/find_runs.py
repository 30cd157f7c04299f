"""Find how the runs of schedules are getting on."""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.domain.task import Task
from chalicelib.ports import Services

AT_ONCE = 100  # tasks


def last_tries(services: Services, first_tries: Iterable[str]) -> Mapping[str, Task]:
    """Return by each first try's id the last one there is; of a task that is gone there is none."""
    asked = {task_id: task_id for task_id in first_tries}
    found: dict[str, Task] = {}
    while asked:
        tasks = _all_of(services, list(asked))
        found |= {asked[task.id]: task for task in tasks}
        asked = {task.retried_by: asked[task.id] for task in tasks if task.retried_by is not None}
    return found


def _all_of(services: Services, task_ids: Sequence[str]) -> list[Task]:
    batches = (task_ids[first : first + AT_ONCE] for first in range(0, len(task_ids), AT_ONCE))
    return [task for batch in batches for task in services.tasks.get_all(batch)]
