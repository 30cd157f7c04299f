"""The patterns that docs/events.md shows match what they say, as EventBridge matches."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from chalicelib.adapters.event_bus import SOURCE
from chalicelib.domain.delivery import Answer
from chalicelib.domain.event import Event, ScheduleEvent, SubscriptionEvent
from chalicelib.domain.schedule_runs import pause_itself
from chalicelib.domain.status import Status
from chalicelib.domain.subscription import note_answer
from chalicelib.domain.task import Task, observe
from tests.builders import (
    BY_DEADLINE,
    NOON,
    a_finished_task,
    a_running_task,
    a_schedule,
    a_stopping_task,
    a_subscription,
    an_end,
    an_event,
)

TEXT = (Path(__file__).parents[2] / "docs/events.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
FAILURES, OF_SHOP, OF_TICKET, ENDS, TOO_LONG, PAUSED = (each for each in BLOCKS if "source" in each)


def matches(pattern: dict[str, Any], event: Event) -> bool:
    """An event as the bus has it."""
    told: Any = {"source": SOURCE, "detail-type": event.type, "detail": json.loads(event.model_dump_json())}
    return bool(EventPattern(json.dumps(pattern), pattern).matches_event(told))


def ended(exit_code: int, **fields: Any) -> Event:
    return an_event(a_finished_task(exit_code, **fields))


def a_pause() -> Event:
    gone = note_answer(a_subscription(), Answer(status=410, seconds=0.1), NOON)
    event = SubscriptionEvent.of(gone.but(revision=gone.revision + 1))
    assert event is not None
    return event


def a_pause_of_a_schedule() -> Event:
    paused = pause_itself(a_schedule(), "Its last run failed.", NOON)
    event = ScheduleEvent.of(paused.but(revision=paused.revision + 1))
    assert event is not None
    return event


def timed_out() -> Task:
    return observe(a_stopping_task(BY_DEADLINE), an_end(exit_code=143, stop_code="UserInitiated"), NOON)


def test_failed_tasks_match_and_others_do_not() -> None:
    assert matches(FAILURES, ended(1))
    assert matches(FAILURES, an_event(timed_out()))
    assert not matches(FAILURES, ended(0))
    assert not matches(FAILURES, ended(1, retried_by="1jd3m8k7x2qz"))  # it has not failed for good
    assert not matches(FAILURES, an_event(a_running_task()))
    assert not matches(FAILURES, a_pause())


def test_everything_of_an_app_matches_and_nothing_of_another() -> None:
    assert all(matches(OF_SHOP, event) for event in (ended(0), an_event(a_running_task()), a_pause()))
    assert not matches(OF_SHOP, ended(0, app="blog"))


def test_everything_with_a_tag_matches_in_whichever_app_and_nothing_else() -> None:
    tags = {"ticket": "OPS-7", "team": "shop"}
    for event in (ended(0, tags=tags), an_event(a_running_task(tags=tags, app="blog"))):
        assert matches(OF_TICKET, event)
    assert not matches(OF_TICKET, ended(0, tags={"ticket": "OPS-70"}))
    assert not matches(OF_TICKET, ended(0))
    assert not matches(OF_TICKET, a_pause())


def test_ends_of_what_a_deployment_began_match() -> None:
    assert matches(ENDS, ended(0, initiated_by="deploy-1042"))
    assert not matches(ENDS, ended(0, initiated_by="alice"))
    assert not matches(ENDS, an_event(a_running_task(initiated_by="deploy-1042")))


def test_what_took_too_long_or_too_much_matches() -> None:
    assert matches(TOO_LONG, an_event(timed_out()))
    assert not matches(TOO_LONG, ended(1))


def test_what_paused_itself_matches() -> None:
    assert matches(PAUSED, a_pause())
    assert matches(PAUSED, a_pause_of_a_schedule())
    assert not matches(PAUSED, ended(1))


@pytest.mark.parametrize("status", FAILURES["detail"]["status"] + ENDS["detail"]["status"])
def test_statuses_are_spelt_as_they_are(status: str) -> None:
    assert status in set(Status)
