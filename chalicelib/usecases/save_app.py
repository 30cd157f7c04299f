"""Create an app, or change it; what none of its tasks could do is told now, not at the first launch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from chalicelib.domain.app import App
from chalicelib.domain.audit import Entry, What, changed
from chalicelib.domain.errors import AppExists, AppNotFound
from chalicelib.ports import Services
from chalicelib.usecases.change_record import change_app

# What a cluster has a say in: the service that tasks are like, and their containers. All else of an app can be changed
# also when its service is gone.
_CHECKED = ("cluster", "service", "container", "sidecars", "image", "user", "mounts", "networks")


class Told(TypedDict):
    """What an entry says of a change."""

    changed: list[str]
    secrets_version: NotRequired[int]


_NO_VALUES: Mapping[str, str] = {}


def create_app(
    services: Services, app: App, secret_values: Mapping[str, str] = _NO_VALUES
) -> tuple[App, Sequence[str]]:
    """Return the app and notes for the caller; raise InvalidRequest or AppExists."""
    notes = services.cluster.check_app(app)
    if secret_values:
        _refuse_existing(services, app.name)  # whose secrets would have a version more
    kept = _with_values_kept(services, None, app, secret_values)
    entry = Entry.of(What.APP_CREATED, app.name, app=app.name, by=app.created_by, at=app.created_at)
    return services.apps.create(kept, entry), [*notes, *_about_secrets(services, None, kept)]


@dataclass(frozen=True)
class Altered:
    """An app before and after, the names of what differs, and notes for the caller."""

    before: App
    after: App
    changed: Sequence[str]
    notes: Sequence[str]


def alter_app(
    services: Services,
    name: str,
    change: Callable[[App], App],
    secret_values: Mapping[str, str] = _NO_VALUES,
    *,
    by: str,
) -> Altered:
    """Return what became of it; raise InvalidRequest when its new service does not fit."""
    before = services.apps.get(name)
    after = change(before)
    is_checked = any(getattr(before, field) != getattr(after, field) for field in _CHECKED)
    notes = services.cluster.check_app(after) if is_checked else ()

    def change_and_keep(app: App) -> App:
        nonlocal before
        before = app
        return _with_values_kept(services, app, change(app), secret_values)

    def audit(before: App, after: App) -> Entry:
        details = _told(before, after, secret_values)
        return Entry.of(What.APP_CHANGED, name, app=name, by=by, at=services.clock.now(), details=details)

    saved = change_app(services.apps, name, change_and_keep, audit)
    told = _told(before, saved, secret_values)["changed"]
    return Altered(before, saved, told, [*notes, *_about_secrets(services, before, saved)])


def _told(before: App, after: App, secret_values: Mapping[str, str]) -> Told:
    """A secret that is given another value is named, as one is that comes or goes; and which version of them it is."""
    was, now = before.kept_secrets, after.kept_secrets
    if now is None or (was is not None and was.current == now.current):
        return {"changed": changed(before, after)}
    others = set(was.names if was else ()) ^ set(now.names)
    secrets = [f"secrets.{name}" for name in sorted(others | secret_values.keys())]
    return {
        "changed": changed(before, after, but=["kept_secrets"], more=secrets),
        "secrets_version": now.current,
    }


def _refuse_existing(services: Services, name: str) -> None:
    try:
        services.apps.get(name)
    except AppNotFound:
        return
    raise AppExists(name)


def _with_values_kept(services: Services, before: App | None, after: App, values: Mapping[str, str]) -> App:
    """Keep the values of a new version first: what is on record can be given to tasks.

    When somebody else saves the app meanwhile, the next try keeps another version, made of what that one named.
    """
    kept = after.kept_secrets
    if kept is None:
        return after
    if kept.version.id:
        if before is not None and before.kept_secrets != kept:  # back to an earlier one
            services.app_secrets.check(after.name, kept.names, kept.version.id)
        return after
    others = [name for name in kept.names if name not in values]
    base = before.kept_secrets.version.id if before and before.kept_secrets else None
    written = services.app_secrets.write(after.name, values, others, base)
    return after.but(kept_secrets=kept.kept_as(written.place, written.version_id))


def _about_secrets(services: Services, before: App | None, after: App) -> Sequence[str]:
    """The first time somebody should know where they are, and what that costs."""
    is_first = after.kept_secrets is not None and (before is None or before.kept_secrets is None)
    return [services.app_secrets.about(after.name)] if is_first else ()
