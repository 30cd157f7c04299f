"""Find how the runs of schedules are getting on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock

from chalicelib.domain.schedule import Schedule
from chalicelib.domain.schedule_runs import unended
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


class EarlierRuns:
    """How they ended: when a schedule is fired, that is read for as many as one request can ask for together."""

    def __init__(self, services: Services, schedules: Sequence[Schedule]) -> None:
        self._services = services
        waiting = [schedule for schedule in schedules if unended(schedule)]
        self._together = {schedule.id: some for some in _slices(waiting) for schedule in some}
        self._read: dict[str, Mapping[str, Task] | None] = {}
        self._reading = Lock()

    def of(self, schedule: Schedule) -> Mapping[str, Task] | None:
        """Return the last tries of its runs; None when they could not be read, which was raised once already."""
        some = self._together.get(schedule.id)
        if some is None:
            return {}
        with self._reading:
            if some[0].id not in self._read:
                self._read[some[0].id] = None
                asked = (task_id for each in some for task_id in unended(each))
                self._read[some[0].id] = last_tries(self._services, asked)
            return self._read[some[0].id]


def _all_of(services: Services, task_ids: Sequence[str]) -> list[Task]:
    batches = (task_ids[first : first + AT_ONCE] for first in range(0, len(task_ids), AT_ONCE))
    return [task for batch in batches for task in services.tasks.get_all(batch)]


def _slices(schedules: Sequence[Schedule]) -> Iterator[Sequence[Schedule]]:
    """Yield them in order, as many together as have runs that one request can ask for."""
    some: list[Schedule] = []
    runs = 0
    for schedule in schedules:
        more = len(unended(schedule))
        if some and runs + more > AT_ONCE:
            yield some
            some, runs = [], 0
        some.append(schedule)
        runs += more
    yield some
