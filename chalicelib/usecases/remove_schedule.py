"""Remove a schedule, or all of an app."""

from contextlib import suppress

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import ScheduleNotFound, Stale
from chalicelib.domain.token import Token
from chalicelib.ports import Services
from chalicelib.usecases.find_named import find_named
from chalicelib.usecases.ownership import refuse_unless_owner

ATTEMPTS = 20


def remove_schedule(services: Services, app: str, name: str, token: Token) -> None:
    """Raise ScheduleNotFound when there is none, Forbidden for somebody else's. Its tasks stay."""
    entry = Entry.of(What.SCHEDULE_DELETED, name, app=app, by=token.name, at=services.clock.now())
    for _ in range(ATTEMPTS):
        schedule = find_named(services, services.schedules, app, name)
        refuse_unless_owner("schedule", schedule, token)
        with suppress(Stale):  # it may be fired at this very time
            services.schedules.remove(schedule, entry)
            return
    raise Stale(f"Schedule {name}")


def remove_schedules(services: Services, app: str, by: str) -> None:
    """Of an app that goes; whose they are does not matter."""
    at = services.clock.now()
    for _ in range(ATTEMPTS):
        left = services.schedules.list(app)
        if not left:
            return
        for schedule in left:
            entry = Entry.of(What.SCHEDULE_DELETED, schedule.name, app=app, by=by, at=at)
            with suppress(Stale, ScheduleNotFound):
                services.schedules.remove(schedule, entry)
