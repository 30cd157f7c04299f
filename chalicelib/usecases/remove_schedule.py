"""Remove a schedule, or all of an app."""

from contextlib import suppress
from functools import partial

from chalicelib.domain.errors import NotFound
from chalicelib.domain.schedule import SCHEDULES
from chalicelib.domain.token import Token
from chalicelib.ports import Services
from chalicelib.usecases.ownership import refuse_unless_owner
from chalicelib.usecases.remove_named import remove_named


def remove_schedule(services: Services, app: str, name: str, token: Token) -> None:
    """Raise ScheduleNotFound when there is none, Forbidden for somebody else's. Its tasks stay."""
    refuse = partial(refuse_unless_owner, SCHEDULES.word, token=token)
    remove_named(services, services.schedules, SCHEDULES, app, name, by=token.name, refuse=refuse)


def remove_schedules(services: Services, app: str, by: str) -> None:
    """Of an app that goes; whose they are does not matter."""
    for schedule in services.schedules.list(app):
        with suppress(NotFound):  # somebody else was faster
            remove_named(services, services.schedules, SCHEDULES, app, schedule.name, by=by)
