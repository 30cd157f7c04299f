"""`tapit create task`: the id for a script, the news for a person."""

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    TASK_ID,
    Says,
    a_task,
)


def test_create_prints_the_id_for_a_script(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(notes=["memory=3 became 4 GB"]), 201))

    result = place.run("-o", "id", "create", "task", "x")

    assert result.stdout == f"{TASK_ID}\n"
    assert "note: memory=3 became 4 GB" in result.stderr
    assert f"tapit logs -f task={TASK_ID}" in result.stderr


def test_quiet_silences_the_news(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(), 201))

    assert place.run("-q", "create", "task", "x").stderr == ""
