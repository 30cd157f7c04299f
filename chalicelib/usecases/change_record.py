"""Read, change, save; again when somebody else was faster. The one room for concurrency."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from chalicelib.domain.app import App
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import IdTaken, Stale
from chalicelib.domain.named_record import Kind, Named
from chalicelib.domain.record import Record
from chalicelib.ports import AppStore, NamedStore

ATTEMPTS = 20
Changed = TypeVar("Changed", bound=Record)
Audit = Callable[
    [Changed, Changed], Entry
]  # what is written down of a change, from the records before and after


def change_app(apps: AppStore, name: str, change: Callable[[App], App], audit: Audit[App]) -> App:
    """Apply a pure change to the newest app and return what is saved; raise Stale after too many tries."""
    return change_record(lambda: apps.get(name), change, apps.save, f"App {name}", audit)


def change_named(
    kept_in: NamedStore[Named],
    kind: Kind[Named],
    app: str,
    name: str,
    change: Callable[[Named], Named],
    audit: Audit[Named] | None = None,
) -> Named:
    """Do the same with what an app has by name."""
    return change_record(lambda: kept_in.get(app, name), change, kept_in.save, kind.called(name), audit)


def change_record(
    get: Callable[[], Changed],
    change: Callable[[Changed], Changed],
    save: Callable[[Changed, Entry | None], Changed],
    what: str,
    audit: Audit[Changed] | None,
) -> Changed:
    """Do the same with whatever can be read and saved."""
    for _ in range(ATTEMPTS):
        before = get()
        after = change(before)
        if after == before:
            return before
        with suppress(Stale, IdTaken):
            return save(after, audit(before, after) if audit else None)
    raise Stale(what)
