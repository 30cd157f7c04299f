"""What an app has by name is removed although others change it meanwhile, and nobody tries for ever."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, cast

import pytest

from chalicelib.domain.errors import NotFound, Stale
from chalicelib.domain.token import Rights, Role, new_token
from chalicelib.ports import NamedStore, Services
from chalicelib.usecases.change_record import ATTEMPTS
from chalicelib.usecases.remove_command import remove_command, remove_commands
from chalicelib.usecases.remove_schedule import remove_schedule, remove_schedules
from chalicelib.usecases.remove_subscription import remove_subscription, remove_subscriptions
from tests.builders import a_command, a_schedule, a_subscription
from tests.home_in_process import HomeInProcess

ADMIN, _ = new_token("root", Rights(role=Role.ADMIN))
_numbers = count()


class Restless:
    """A store in which somebody else saves each record just before it is removed, so many times."""

    def __init__(self, kept_in: NamedStore[Any], times: int) -> None:
        self._kept_in = kept_in
        self._left = times
        self.removals = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept_in, name)

    def remove(self, record: Any, entry: Any = None) -> None:
        self.removals += 1
        if self._left:
            self._left -= 1
            self._kept_in.save(record)
        self._kept_in.remove(record, entry)


@dataclass
class Kept:
    """A store of the services, the app that has two records in it, and how one of them or all are removed."""

    services: Services
    place: str
    app: str
    remove_one: Callable[[Services, str], None]
    remove_all: Callable[[Services], None]

    @property
    def names(self) -> list[str]:
        return [each.name for each in getattr(self.services, self.place).list(self.app)]

    def restless(self, times: int) -> tuple[Services, Restless]:
        store = Restless(getattr(self.services, self.place), times)
        return replace(self.services, **{self.place: cast(Any, store)}), store


@pytest.fixture(params=["commands", "schedules", "subscriptions"])
def kept(request: pytest.FixtureRequest, inside: HomeInProcess) -> Kept:
    app, services, place = inside.new_app(), inside.services, request.param
    build: Any = {"commands": a_command, "schedules": a_schedule, "subscriptions": a_subscription}[place]
    for name in ("one", "two"):
        getattr(services, place).create(build(id=f"{name}-{next(_numbers)}", app=app, name=name), 20)
    one: Any = {
        "commands": lambda home, name: remove_command(home, app, name, ADMIN),
        "schedules": lambda home, name: remove_schedule(home, app, name, ADMIN),
        "subscriptions": lambda home, name: remove_subscription(home, app, name, "root"),
    }
    every: Any = {
        "commands": remove_commands,
        "schedules": remove_schedules,
        "subscriptions": remove_subscriptions,
    }
    return Kept(services, place, app, one[place], lambda home: every[place](home, app, "root"))


def test_one_that_changes_meanwhile_is_removed_as_it_is_then(kept: Kept) -> None:
    services, store = kept.restless(2)

    kept.remove_one(services, "one")

    assert (kept.names, store.removals) == (["two"], 3)


def test_one_that_never_stands_still_is_given_up_and_stays(kept: Kept) -> None:
    services, store = kept.restless(10 * ATTEMPTS)

    with pytest.raises(Stale, match="one"):
        kept.remove_one(services, "one")

    assert (kept.names, store.removals) == (["one", "two"], ATTEMPTS)


def test_all_of_an_app_are_removed_although_they_change_meanwhile(kept: Kept) -> None:
    services, _ = kept.restless(3)

    kept.remove_all(services)

    assert kept.names == []


def test_to_remove_all_of_an_app_ends_although_one_never_stands_still(kept: Kept) -> None:
    services, store = kept.restless(10 * ATTEMPTS)

    with pytest.raises(Stale):
        kept.remove_all(services)

    assert store.removals == ATTEMPTS


def test_what_is_not_there_is_said_to_be_missing(kept: Kept) -> None:
    with pytest.raises(NotFound):
        kept.remove_one(kept.services, "three")
