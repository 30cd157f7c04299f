"""Create a schedule, or change it; what cannot be is refused before anything is stored."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from chalicelib.domain import ids
from chalicelib.domain.audit import Entry, What, changed
from chalicelib.domain.schedule import SCHEDULES, Schedule
from chalicelib.domain.schedule_change import asked_to_be
from chalicelib.domain.token import Token
from chalicelib.ports import Services
from chalicelib.usecases.change_record import change_named
from chalicelib.usecases.create import refuse_what_cannot_run
from chalicelib.usecases.find_named import find_named
from chalicelib.usecases.fire import asked_of_its_tasks
from chalicelib.usecases.ownership import refuse_unless_owner

_RUN = ("task", "command_name", "options")  # what is run
_OWN = ("next_run_at", "due_at", "starts_at", "failures", "counts_from", "problem")  # nobody asks for these


def create_schedule(
    services: Services, app_name: str, name: str, given: Mapping[str, Any], by: str
) -> Schedule:
    """Raise InvalidRequest for what cannot be, AppNotFound, ScheduleExists or LimitExceeded."""
    app, now = services.apps.get(app_name), services.clock.now()
    blank = Schedule(
        id=ids.new_id(now), app=app_name, name=name, starts_at=now, created_at=now, created_by=by
    )
    wanted = asked_to_be(blank, given, now)
    refuse_what_cannot_run(services, app, asked_of_its_tasks(wanted, services.commands))
    entry = Entry.of(What.SCHEDULE_CREATED, name, app=app_name, by=by, at=now)
    return services.schedules.create(wanted, app.most_schedules, entry)


def alter_schedule(
    services: Services, app: str, name: str, given: Mapping[str, Any], token: Token
) -> tuple[Schedule, Sequence[str]]:
    """Return the schedule and what changed of it; raise Forbidden for somebody else's."""
    before = find_named(services, services.schedules, app, name)

    def change(newest: Schedule) -> Schedule:
        nonlocal before
        before = newest
        refuse_unless_owner(SCHEDULES.word, newest, token)
        wanted = asked_to_be(newest, given, services.clock.now())
        if any(getattr(wanted, name) != getattr(newest, name) for name in _RUN):
            refuse_what_cannot_run(
                services, services.apps.get(app), asked_of_its_tasks(wanted, services.commands)
            )
        return wanted

    def audit(before: Schedule, after: Schedule) -> Entry:
        details: dict[str, JsonValue] = {"changed": [*changed_in(before, after)]}
        at = services.clock.now()
        return Entry.of(What.SCHEDULE_CHANGED, name, app=app, by=token.name, at=at, details=details)

    saved = change_named(services.schedules, SCHEDULES, app, name, change, audit)
    return saved, changed_in(before, saved)


def changed_in(before: Schedule, after: Schedule) -> list[str]:
    """Name what differs, in the words in which it is given."""
    return changed(before, after, (*_OWN, "task", "options"), changed(before.asked, after.asked))
