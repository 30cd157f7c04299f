"""What is done once a minute on AWS: which requests that takes, and of which items."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase

import pytest

from chalicelib.ports import Services
from chalicelib.usecases.minute import Minute
from chalicelib.usecases.observe import record_sighting
from chalicelib.wiring import services
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_adapters.test_requests_of_a_life import patterns
from tests.builders import NOON, a_running_task, a_schedule, a_task, an_app, an_end
from tests.dynamodb_table import SetClock

LOOK = Counter({"dynamodb.Query": 1 + 4})  # at what is due; at the four shards of the unfinished tasks
# The app, once for all of its schedules; the lock; the task with its key, its lock and the app's count; its execution;
# the schedule.
FIRST = Counter(
    {
        "dynamodb.GetItem": 2,
        "dynamodb.TransactWriteItems": 1,
        "sfn.StartExecution": 1,
        "dynamodb.PutItem": 1,
    }
)
EACH_OTHER = FIRST - Counter({"dynamodb.GetItem": 1})


@pytest.fixture
def home() -> Iterator[AwsHome]:
    with aws_home(SetClock()) as made:
        yield made


def the_minute(home: AwsHome) -> Counter[str]:
    """Let one pass; return the requests that it took."""
    before = Counter(home.requests)
    home.call("sweep", lambda: Minute(seconds=40, firing=28, at_once=8).run(services()))
    return Counter(home.requests) - before


def schedules(made: Services, count: int) -> None:
    for number in range(count):
        made.schedules.create(a_schedule(id=f"s{number}", name=f"n{number}"), 100)


def test_a_minute_in_which_nothing_is_due_takes_a_query_more_than_its_sweep(home: AwsHome) -> None:
    for number in range(3):
        later = NOON + timedelta(hours=1)
        home.services().schedules.create(
            a_schedule(id=f"s{number}", name=f"n{number}", due_at=later, next_run_at=later), 100
        )

    assert the_minute(home) == LOOK


def test_firing_takes_these_requests_and_no_others(home: AwsHome) -> None:
    schedules(home.services(), 3)

    took = the_minute(home)

    assert took == LOOK + FIRST + EACH_OTHER + EACH_OTHER


def test_how_its_runs_ended_is_read_for_a_hundred_schedules_at_once(home: AwsHome) -> None:
    made = home.services()
    for number in range(3):
        ended = made.tasks.create(a_task(id=f"t{number}", app="blog"), None, None)
        runs = ({"time": NOON - timedelta(minutes=15), "task_id": ended.id},)
        made.schedules.create(a_schedule(id=f"s{number}", name=f"n{number}", runs=runs), 100)

    assert the_minute(home)["dynamodb.BatchGetItem"] == 1


def test_the_minute_keeps_to_the_items_that_its_policy_names(home: AwsHome) -> None:
    """DynamoDB refuses whatever is not named, and moto does not."""
    made = home.services()
    made.apps.create(an_app(name="gone"))
    schedules(made, 2)
    ended = made.tasks.create(a_task(), None, None)
    runs = ({"time": NOON - timedelta(minutes=15), "task_id": ended.id},)
    made.schedules.create(
        a_schedule(id="s8", name="again", runs=runs, task={"command": "true", "tags": {"a": "b"}}), 100
    )
    made.schedules.create(a_schedule(id="s9", name="saved", task=None, command_name="gone"), 100)
    made.schedules.create(a_schedule(id="s7", app="gone"), 100)
    made.apps.remove(made.apps.get("gone"))
    home.keys.clear()

    the_minute(home)

    named = patterns("sweep")
    used = home.keys["sweep"]
    assert {key.partition("#")[0] for key in used} >= {
        "schedule",
        "task",
        "lock",
        "key",
        "app",
        "command",
        "schedules",
    }
    assert [key for key in used if not any(fnmatchcase(key, each) for each in named)] == []


def test_the_event_of_a_last_failure_pauses_the_schedule_with_what_its_policy_names(home: AwsHome) -> None:
    made = home.services()
    schedule = a_schedule(pause_after_failures=2)
    ids = ["t0", "t1"]
    for task_id in ids:
        made.tasks.create(a_running_task(id=task_id, created_by=schedule.creator), None, None)
    made.schedules.create(schedule.but(runs=[{"time": NOON, "task_id": task_id} for task_id in ids]), 100)

    def hear_of_its_end(task_id: str) -> None:
        home.call("ecs_event", lambda: record_sighting(services(), task_id, an_end(exit_code=1)))

    before = Counter(home.requests)
    home.keys.clear()
    for task_id in ids:
        hear_of_its_end(task_id)

    paused = made.schedules.get("shop", "nightly")
    assert (paused.paused is not None, paused.failures, paused.due_at) == (True, 2, None)
    took = Counter(home.requests) - before
    assert (took["dynamodb.BatchGetItem"], took["dynamodb.PutItem"]) == (2, 1)
    used = home.keys["ecs_event"]
    assert "schedule" in {key.partition("#")[0] for key in used}
    assert [key for key in used if not any(fnmatchcase(key, each) for each in patterns("ecs_event"))] == []
