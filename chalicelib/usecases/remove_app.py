"""Remove an app."""

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import AppInUse
from chalicelib.ports import Services
from chalicelib.usecases.remove_command import remove_commands
from chalicelib.usecases.remove_schedule import remove_schedules
from chalicelib.usecases.remove_subscription import remove_subscriptions


def remove_app(services: Services, name: str, by: str) -> None:
    """Raise AppInUse while a task of the app is unfinished; finished tasks stay until they expire.

    All that it has goes with it: an app that is called like it one day has nothing to do with that. So do its secrets,
    before the record: while it is there, no other app of its name can have any, and this can be repeated.
    """
    app = services.apps.get(name)
    active = services.tasks.count_active(name)
    if active:
        raise AppInUse(name, active)
    _remove_what_it_has(services, name, by)
    if app.kept_secrets is not None:
        services.app_secrets.remove(name)
    services.apps.remove(app, Entry.of(What.APP_DELETED, name, app=name, by=by, at=services.clock.now()))
    _remove_what_it_has(services, name, by)  # that was made meanwhile; now nothing can be


def _remove_what_it_has(services: Services, name: str, by: str) -> None:
    remove_schedules(services, name, by)
    remove_subscriptions(services, name, by)
    remove_commands(services, name, by)
