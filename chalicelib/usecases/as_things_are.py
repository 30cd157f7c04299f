"""Say of schedules what is true of them now, which they would note when they are due."""

from collections.abc import Sequence
from functools import cache

from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest, LimitExceeded, NotFound, Unreadable
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.schedule_runs import as_it_stands, unended, with_ends
from chalicelib.ports import Services
from chalicelib.usecases.create import refuse_what_cannot_run
from chalicelib.usecases.find_runs import last_tries
from chalicelib.usecases.fire import SavedCommands, asked_of_its_tasks


def schedules_as_things_are(services: Services, app: App, schedules: Sequence[Schedule]) -> list[Schedule]:
    """Return the schedules of an app, each with how its runs stand, and why its next one cannot be."""
    tries = last_tries(services, (task_id for each in schedules for task_id in unended(each)))
    standing = [as_it_stands(with_ends(each, tries), tries) for each in schedules]
    commands = _ReadOnce(services.commands)
    return [_judged(services, app, each, commands) for each in standing]


class _ReadOnce:
    """A command that several schedules run is read for all of them."""

    def __init__(self, commands: SavedCommands) -> None:
        self.get = cache(commands.get)


def _judged(services: Services, app: App, schedule: Schedule, commands: SavedCommands) -> Schedule:
    if schedule.next_run_at is None:
        return schedule
    try:
        refuse_what_cannot_run(services, app, asked_of_its_tasks(schedule, commands))
    except (InvalidRequest, LimitExceeded, NotFound, Unreadable) as refusal:
        return schedule.but(problem=str(refusal))
    return schedule
