"""The feed of the real server: who waits for events hears of them, over its ends and crashes too."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.home_process import HomeProcess
from tests.http_client import Api

LIFE = ["PENDING", "STARTING", "RUNNING", "SUCCEEDED"]


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[HomeProcess]:
    home = HomeProcess(tmp_path).start()
    yield home
    home.close()


def read(api: Api, app: str, **query: Any) -> Any:
    answer = api.ask("GET", f"/apps/{app}/events", query=query)
    assert answer.status == 200, answer.text
    return answer.json


def follow(api: Api, app: str, cursor: str, is_enough: Callable[[list[Any]], bool]) -> list[Any]:
    """Read on from a cursor, waiting, until there is enough."""
    seen: list[Any] = []
    while not is_enough(seen):
        page = read(api, app, after=cursor, wait=20)
        cursor = page["next"]
        seen += page["items"]
    return seen


def has_ended(events: list[Any]) -> bool:
    return bool(events) and events[-1]["status"] == LIFE[-1]


def is_life(events: list[Any]) -> bool:
    """A task that is over at once may never have been seen to run."""
    statuses = [event["status"] for event in events]
    return statuses == [status for status in LIFE if status in statuses] and {LIFE[0], LIFE[-1]} <= {
        *statuses
    }


def test_everybody_who_waits_hears_of_all_that_becomes_of_a_task(home: HomeProcess) -> None:
    app = home.new_app()
    cursor = read(home.api, app, tail=0)["next"]
    heard: list[list[Any]] = []
    api = home.api
    waiting = [
        threading.Thread(target=lambda: heard.append(follow(api, app, cursor, has_ended))) for _ in range(5)
    ]
    for each in waiting:
        each.start()

    task = home.api.create(app, "true")

    for each in waiting:
        each.join()
    assert len(heard) == 5
    for events in heard:
        assert is_life(events)
        assert {event["task_id"] for event in events} == {task["id"]}


def test_a_cursor_is_good_after_a_crash_and_nothing_is_missed_by_it(own_home: HomeProcess) -> None:
    app = own_home.new_app()
    cursor = read(own_home.api, app, tail=0)["next"]
    task = own_home.api.create(app, "sleep 0.5")
    own_home.kill()
    own_home.start()

    events = follow(own_home.api, app, cursor, has_ended)

    assert is_life(events)
    assert {event["task_id"] for event in events} == {task["id"]}
    revisions = [event["revision"] for event in events]
    assert revisions == sorted(set(revisions))
