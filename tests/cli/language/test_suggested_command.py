"""What is suggested can be typed as it stands."""

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Says, a_refusal, a_task


def test_what_is_suggested_names_the_profile_that_was_named(place: Place, home_that: HomeThat) -> None:
    not_there = a_refusal(404, "TaskNotFound", "There is no task nope.")
    home = home_that(lambda asked: Says(a_task()) if asked.path.endswith("/t1") else not_there)
    place.save_profile("team", home.url)

    shown = place.run("--profile", "team", "show", "task", "t1", "-o", "table")
    refused = place.run("show", "task", "nope", "profile=team")

    assert "tapit --profile team logs -f task=" in shown.stdout
    assert "→ tapit --profile team list tasks" in refused.stderr
