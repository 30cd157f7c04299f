"""A person is warned before a task is stopped, unless somebody has given it longer."""

from datetime import UTC, datetime
from threading import Event
from typing import Any

from tapit.errors import Unreachable
from tapit.session.time_limit import TimeLimit

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()


def at(seconds: float) -> str:
    return datetime.fromtimestamp(NOON + seconds, UTC).isoformat()


class Home:
    def __init__(self, deadline: str | None) -> None:
        self.deadline = deadline
        self.asked = 0
        self.is_there = True

    def look(self) -> Any:
        self.asked += 1
        if not self.is_there:
            raise Unreachable("the home does not answer")
        return {"deadline": self.deadline}


def said(limit: TimeLimit, seconds: float) -> str | None:
    """What is said when so many seconds have gone by since noon, with the home's answer awaited."""
    answered = Event()
    asks = limit.due_at is not None and limit.due_at <= NOON + seconds
    warning = limit.turn(NOON + seconds, answered.set)
    if not asks:
        return warning
    assert answered.wait(30)
    return limit.turn(NOON + seconds, answered.set)


def limit_of(home: Home, now: float = 0) -> TimeLimit:
    return TimeLimit(home.deadline, home.look, NOON + now)


def test_it_warns_five_minutes_and_one_minute_before() -> None:
    home = Home(at(3600))
    limit = limit_of(home)

    assert limit.due_at == NOON + 3300
    assert said(limit, 3299) is None
    assert home.asked == 0
    assert said(limit, 3300) == "in 5 minutes"
    assert limit.due_at == NOON + 3540
    assert said(limit, 3540.2) == "in 1 minute"


def test_it_does_not_warn_when_the_task_has_been_given_longer() -> None:
    home = Home(at(3600))
    limit = limit_of(home)
    home.deadline = at(7200)

    assert said(limit, 3300) is None
    assert limit.due_at == NOON + 6900
    assert said(limit, 6900) == "in 5 minutes"


def test_it_asks_once_more_at_the_end_for_whoever_was_given_longer_late() -> None:
    home = Home(at(3600))
    limit = limit_of(home)
    said(limit, 3300)
    said(limit, 3540)
    home.deadline = at(7200)

    assert said(limit, 3600) is None
    assert limit.due_at == NOON + 6900


def test_a_home_that_does_not_answer_does_not_keep_it_from_warning() -> None:
    home = Home(at(3600))
    home.is_there = False

    assert said(limit_of(home), 3300) == "in 5 minutes"


def test_a_session_that_begins_late_gets_what_is_left_of_the_warnings() -> None:
    assert limit_of(Home(at(200))).due_at == NOON + 140
    assert limit_of(Home(at(20))).due_at == NOON + 20


def test_a_machine_that_slept_through_a_warning_does_not_tell_it_late() -> None:
    home = Home(at(3600))

    assert said(limit_of(home), 3400) is None


def test_without_a_time_limit_there_is_nothing_to_warn_of() -> None:
    assert limit_of(Home(None)).due_at is None


def test_a_limit_that_was_taken_away_is_forgotten() -> None:
    home = Home(at(3600))
    limit = limit_of(home)
    home.deadline = None

    assert said(limit, 3300) is None
    assert limit.due_at is None
