"""What a function does while it starts on Lambda: each start is somebody's wait, so nothing that it can do without."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.wiring import CLIENTS

ROOT = Path(__file__).parents[2]
QUEUES = ("DELIVERIES_URL", "SLOW_DELIVERIES_URL", "FAILED_QUEUE_URL")
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "AWS_LAMBDA_FUNCTION_NAME": "tapit-test",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "STAGE": "test",
    "TABLE": "tapit-test",
    "STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:tapit-test-lifecycle",
    **dict.fromkeys(QUEUES, "https://sqs.eu-central-1.amazonaws.com/123456789012/tapit-test-queue"),
}
LOOK = """
import gc, json, sys
sys.path.insert(0, '.')
before = [generation["collections"] for generation in gc.get_stats()]
import app
from pydantic import BaseModel
after = [generation["collections"] for generation in gc.get_stats()]
def kinds(model):
    for kind in model.__subclasses__():
        yield kind
        yield from kinds(kind)
print(json.dumps({
    "modules": sorted(sys.modules),
    "built": sorted(f"{kind.__module__}.{kind.__name__}" for kind in kinds(BaseModel) if kind.__pydantic_complete__),
    "collections": [late - early for early, late in zip(before, after)],
    "collects": gc.isenabled(),
    "frozen": gc.get_freeze_count(),
}))
"""


def started(handler: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=ENVIRONMENT | {"_HANDLER": handler},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# Powertools' batch processor brings them, and models of two dozen services: an eighth of a start that nobody waits for.
OF_BATCHES = {
    "asyncio",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes",
    "aws_lambda_powertools.utilities.parser",
}


@pytest.mark.parametrize("handler", CLIENTS)
def test_no_function_loads_what_only_others_need_or_what_comes_with_what_it_needs(handler: str) -> None:
    reads_batches = handler in ("app.on_publish", "app.on_deliver")
    unwanted = {"boto3"} if reads_batches else {"boto3", *OF_BATCHES}

    assert unwanted.intersection(started(handler)["modules"]) == set()


# When schedules are due, and what is saved by name: for whoever is asked, and for the sweep, which fires them.
OF_TIMES = {f"chalicelib.domain.{name}" for name in ("cron", "time_zones", "timetable")}
OF_NAMES = {
    f"chalicelib.usecases.{verb}_{noun}"
    for verb in ("save", "remove")
    for noun in ("command", "schedule", "subscription")
}


@pytest.mark.parametrize("handler", CLIENTS)
def test_what_is_kept_by_name_is_changed_and_timed_only_where_that_is_asked_for(handler: str) -> None:
    loaded = set(started(handler)["modules"])

    assert loaded & OF_TIMES == (OF_TIMES if handler in ("app.app", "app.on_sweep") else set())
    assert loaded & OF_NAMES == (OF_NAMES if handler == "app.app" else set())
    assert "cronsim" not in loaded, "it is loaded where a cron expression is read"


def test_requests_and_answers_are_built_when_the_first_of_their_kind_comes() -> None:
    built = [name for name in started("app.app")["built"] if name.startswith("chalicelib.http.")]

    assert built == [], "derive them from View, RequestBody or QueryParameters"


@pytest.mark.parametrize(
    ("handler", "needed"),
    [("app.on_publish", "TaskEvent"), ("app.on_deliver", "TaskEvent"), ("app.on_ecs_event", "Task")],
)
def test_what_the_first_call_is_bound_to_need_is_there_before_it(handler: str, needed: str) -> None:
    """A call has a fraction of the processor that a start has."""
    assert needed in [name.rsplit(".", 1)[1] for name in started(handler)["built"]]


def test_garbage_is_looked_for_only_when_all_is_loaded_and_not_in_what_is_loaded() -> None:
    found = started("app.app")

    assert found["collections"][1:] == [
        0,
        0,
    ]  # of the youngest generation Python may do one before our first line
    assert found["collects"]
    assert found["frozen"] > 10_000
