"""Find what somebody has named."""

from chalicelib.domain.errors import NotFound
from chalicelib.domain.named_record import Named
from chalicelib.ports import NamedStore, Services


def find_named(services: Services, kept_in: NamedStore[Named], app: str, name: str) -> Named:
    """Raise AppNotFound when it is the app that is not there, so that nobody takes a misspelt one for an empty one."""
    try:
        return kept_in.get(app, name)
    except NotFound:
        services.apps.get(app)
        raise
