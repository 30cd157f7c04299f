"""Remove an app."""

from chalicelib.domain.errors import AppInUse
from chalicelib.ports import Services


def remove_app(services: Services, name: str) -> None:
    """Raise AppInUse while a task of the app is unfinished; finished tasks stay until they expire."""
    app = services.apps.get(name)
    active = services.tasks.count_active(name)
    if active:
        raise AppInUse(name, active)
    services.apps.remove(app)
