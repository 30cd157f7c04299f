"""`tapit set task`: when the task stops now."""

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    TASK_ID,
    Says,
    a_task,
)


def test_set_says_when_the_task_stops_now(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(deadline="2026-11-24T01:50:00.000Z", max_hours=0.5)))
    past = place.run("set", "task", TASK_ID, "max_hours=0.5").stderr
    home_that(lambda _asked: Says(a_task(deadline="2126-11-24T01:50:00.000Z", max_hours=8.0)))
    ahead = place.run("set", "task", TASK_ID, "max_hours=8").stderr

    assert past == f"Task {TASK_ID} has passed its new time limit of 30m00s, and stops now.\n"
    assert ahead.startswith(f"Task {TASK_ID} now stops in ")
