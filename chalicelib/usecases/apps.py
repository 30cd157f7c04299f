"""Create, change and remove apps."""

from collections.abc import Callable
from contextlib import suppress

from chalicelib.domain.app import App
from chalicelib.domain.errors import AppInUse, Stale
from chalicelib.ports import AppStore, Services
from chalicelib.usecases.change import ATTEMPTS


def change_app(apps: AppStore, name: str, change: Callable[[App], App]) -> App:
    """Apply a pure change to the newest app and return what is saved."""
    for _ in range(ATTEMPTS):
        before = apps.get(name)
        after = change(before)
        if after == before:
            return before
        with suppress(Stale):
            return apps.save(after)
    raise Stale(f"App {name}")


def remove_app(services: Services, name: str) -> None:
    """Raise AppInUse while a task of the app is unfinished; finished tasks stay until they expire."""
    app = services.apps.get(name)
    active = services.tasks.count_active(name)
    if active:
        raise AppInUse(name, active)
    services.apps.remove(app)
