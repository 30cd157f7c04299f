"""Whoever is in a session looks at the task when nothing is heard, and lets the home know that somebody is there."""

from threading import Event
from typing import Any

from tapit.errors import Unreachable
from tapit.session.attendance import ATTEND_EVERY, GRACE, LOOK_EVERY, Attendance
from tapit.session.session_requests import SessionRequests


class Home(SessionRequests):
    def __init__(self) -> None:
        self.status = "RUNNING"
        self.is_there = True
        self.asked: list[str] = []

    def look(self) -> Any:
        self.asked.append("look")
        if not self.is_there:
            raise Unreachable("the home does not answer")
        return {"status": self.status}

    def attend(self) -> Any:
        self.asked.append("attend")
        return {"status": self.status}


class Person:
    def __init__(self, home: Home) -> None:
        self.heard_at = 0.0
        self.attendance = Attendance(home, 0.0)

    def sees_the_end(self, now: float) -> bool:
        """With what is asked now answered."""
        answered, attendance = Event(), self.attendance
        if attendance.is_over(self.heard_at, now, answered.set):
            return True
        if attendance.due_at(self.heard_at) is None:
            assert answered.wait(30)
        return attendance.is_over(self.heard_at, now, answered.set)


def test_nothing_is_asked_while_the_agent_is_heard() -> None:
    home = Home()
    person = Person(home)
    for second in range(int(ATTEND_EVERY)):
        person.heard_at = second
        assert not person.sees_the_end(second + LOOK_EVERY - 0.1)

    assert home.asked == ["attend"]


def test_a_silent_agent_makes_it_look_now_and_then() -> None:
    home = Home()
    person = Person(home)
    for tenth in range(300):
        assert not person.sees_the_end(tenth / 10)

    assert home.asked == ["look"] * 5


def test_a_task_that_is_over_is_left_when_nothing_more_comes() -> None:
    home = Home()
    person = Person(home)
    home.status = "FAILED"

    assert not person.sees_the_end(LOOK_EVERY)
    assert not person.sees_the_end(LOOK_EVERY + GRACE - 0.1)
    person.heard_at = LOOK_EVERY + GRACE - 0.1  # its last output
    assert not person.sees_the_end(LOOK_EVERY + GRACE)
    assert person.sees_the_end(LOOK_EVERY + 2 * GRACE)
    assert home.asked == ["look"]


def test_the_end_is_seen_within_ten_seconds() -> None:
    assert LOOK_EVERY + GRACE < 10


def test_a_home_that_does_not_answer_ends_nothing() -> None:
    home = Home()
    person = Person(home)
    home.status, home.is_there = "FAILED", False
    assert not person.sees_the_end(LOOK_EVERY)

    home.is_there = True
    assert not person.sees_the_end(2 * LOOK_EVERY)
    assert person.sees_the_end(2 * LOOK_EVERY + GRACE)
