"""Remove one of what an app has by name."""

from collections.abc import Callable
from contextlib import suppress

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import Stale
from chalicelib.domain.named_record import Kind, Named
from chalicelib.ports import NamedStore, Services
from chalicelib.usecases.change_record import ATTEMPTS
from chalicelib.usecases.find_named import find_named


def anybody_may(_record: object) -> None:
    """Refuse nobody."""


def remove_named(
    services: Services,
    kept_in: NamedStore[Named],
    kind: Kind[Named],
    app: str,
    name: str,
    *,
    by: str,
    refuse: Callable[[Named], None] = anybody_may,
) -> Named:
    """Return what is removed; raise NotFound, what `refuse` raises of the newest record, or Stale after many tries."""
    what = What(f"{kind.word}.deleted")
    entry = Entry.of(what, name, app=app, by=by, at=services.clock.now())
    for _ in range(ATTEMPTS):
        record = find_named(services, kept_in, app, name)
        refuse(record)
        with suppress(Stale):  # it changes by itself too: it is fired, or sent to
            kept_in.remove(record, entry)
            return record
    raise Stale(kind.called(name))
