"""What every source of news about tasks promises to those who wait."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.ports import Changes
from local.timing.changes import LocalChanges

AT_ONCE = 0.0

Telling = tuple[Changes, Callable[[str], None]]


@pytest.fixture(params=["local"])
def telling(request: pytest.FixtureRequest) -> Iterator[Telling]:
    """A source of news, and this home's own way of telling it."""
    changes = LocalChanges()
    yield changes, changes.tell
    changes.close()


def test_news_before_the_wait_is_not_missed(telling: Telling) -> None:
    changes, tell = telling
    with changes.watch("t1") as watch:
        tell("t1")

        assert watch.wait(AT_ONCE)


def test_without_news_the_wait_ends_with_its_time(telling: Telling) -> None:
    changes, _ = telling
    with changes.watch("t1") as watch:
        assert not watch.wait(AT_ONCE)


@pytest.mark.parametrize("seconds", [-1.0, -1e9])
def test_a_time_that_is_up_already_is_no_error(telling: Telling, seconds: float) -> None:
    changes, _ = telling
    with changes.watch("t1") as watch:
        assert not watch.wait(seconds)


def test_news_is_told_once(telling: Telling) -> None:
    changes, tell = telling
    with changes.watch("t1") as watch:
        tell("t1")
        watch.wait(AT_ONCE)

        assert not watch.wait(AT_ONCE)


def test_news_of_another_task_wakes_nobody(telling: Telling) -> None:
    changes, tell = telling
    with changes.watch("t1") as watch:
        tell("t2")

        assert not watch.wait(AT_ONCE)


def test_who_watches_no_longer_is_forgotten(telling: Telling) -> None:
    changes, tell = telling
    with changes.watch("t1"):
        pass

    tell("t1")

    with changes.watch("t1") as watch:
        assert not watch.wait(AT_ONCE)
