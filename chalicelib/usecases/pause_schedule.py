"""Pause a schedule with the failure that is one too many, though its next time may be far off."""

from chalicelib.domain.schedule import SCHEDULES, Schedule
from chalicelib.domain.schedule_runs import fails_too_often, pause_itself, unended, with_ends
from chalicelib.ports import Services
from chalicelib.usecases.change_record import change_named
from chalicelib.usecases.find_runs import last_tries


def pause_failing_schedule(services: Services, app: str, name: str) -> None:
    """A run of it has just failed. Raise ScheduleNotFound when it is gone."""

    def judged(schedule: Schedule) -> Schedule:
        if schedule.pause_after_failures is None:
            return schedule
        seen = with_ends(schedule, last_tries(services, unended(schedule)))
        why = fails_too_often(seen)
        return schedule if why is None else pause_itself(seen, why, services.clock.now())

    change_named(services.schedules, SCHEDULES, app, name, judged)
