"""The command line of saved commands and of rerun, at a home that answers what the test tells it to."""

import json
from typing import Any

import pytest

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import TASK_ID, Answers, Asked, Says, a_command, a_refusal, a_task

LINE = "python manage.py migrate"


def always(body: Any, status: int = 200) -> Answers:
    return lambda _asked: Says(body, status)


def test_what_is_typed_is_what_is_saved(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_command(), 201))

    made = place.run(
        "create", "command", "name=migrate", LINE, "memory=4G", "env=A=1", "description=Twice a day."
    )

    assert made.returncode == 0, made.stderr
    (asked,) = home.asked
    assert (asked.method, asked.path) == ("POST", "/apps/demo/commands")
    assert asked.body == {
        "name": "migrate",
        "command": LINE,
        "memory": 4.0,
        "environment": {"A": "1"},
        "description": "Twice a day.",
    }
    assert "Saved command migrate of app demo." in made.stderr
    assert "tapit create task command=migrate -w" in made.stderr


@pytest.mark.parametrize("verb", [["create", "task"], ["run"]])
def test_a_task_is_asked_for_by_the_name_with_what_is_given_beside_it(
    verb: list[str], place: Place, home_that: HomeThat
) -> None:
    home = home_that(
        lambda asked: (
            a_refusal(409, "NotInteractive", "No.")
            if asked.path.endswith("/sessions")
            else Says(a_task(), 201)
        )
    )

    place.run(*verb, "command=migrate", "memory=8", "env=LEVEL=debug")

    body = home.requests("POST")[0].body
    assert {name: value for name, value in body.items() if name != "attached"} == {
        "command_name": "migrate",
        "memory": 8.0,
        "environment": {"LEVEL": "debug"},
    }


def test_they_are_listed_with_their_lines(place: Place, home_that: HomeThat) -> None:
    home_that(
        always(
            {"items": [a_command(), a_command("console", memory=None, description="A shell.")], "next": None}
        )
    )

    shown = run_at_a_terminal(place, "list", "commands", columns=120).lines()

    assert [line.split()[0] for line in shown if line.strip()] == ["NAME", "migrate", "console"]
    assert LINE in shown[1]
    assert "-/4" in shown[1]
    assert "A shell." in shown[2]
    assert place.run("list", "commands", "-o", "id").stdout == "migrate\nconsole\n"


@pytest.mark.parametrize(
    ("line", "description", "is_cut"),
    [("x" * 110, "what it is for, in more than forty characters", False), ("x" * 300, "y" * 300, True)],
)
def test_they_are_cut_only_where_the_terminal_has_no_room(
    place: Place, home_that: HomeThat, *, line: str, description: str, is_cut: bool
) -> None:
    saved = a_command(command=line, description=description)
    home_that(always({"items": [saved, a_command("short", description="short")], "next": None}))

    shown = run_at_a_terminal(place, "list", "commands", columns=200).lines()[1]

    assert ("…" in shown) is is_cut
    assert len(shown.rstrip()) <= 200
    assert "x" * 59 in shown
    assert (f"{line}  {description}" in shown) is not is_cut


def test_who_has_none_is_told_how_to_save_one(place: Place, home_that: HomeThat) -> None:
    home_that(always({"items": [], "next": None}))

    assert "tapit create command name=NAME 'LINE'" in place.run("list", "commands").stderr


def test_one_is_shown_whole_and_of_variables_only_the_names(place: Place, home_that: HomeThat) -> None:
    locked: dict[str, Any] = {
        "lock": "db",
        "if_locked": "refuse",
        "retries": 2,
        "retry_on": ["exit:75"],
        "tags": {"team": "web"},
    }
    home_that(always(a_command(description="Twice a day.", max_hours=2.0, revision=3, **locked)))

    shown = run_at_a_terminal(place, "show", "command", "migrate").text

    for told in (
        "migrate",
        "Twice a day.",
        LINE,
        "4 GB memory",
        "LEVEL (values are not shown)",
        "2 at most, after exit:75",
    ):
        assert told in shown
    assert "db (if_locked=refuse)" in shown
    assert "team:web" in shown
    assert "create task command=migrate" in shown
    assert json.loads(place.run("show", "command", "migrate").stdout)["revision"] == 3


def test_a_change_holds_what_was_given_and_null_for_what_is_unset(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_command(revision=2, changed=["command"])))

    changed = place.run(
        "set",
        "command",
        "migrate",
        "line=python manage.py check",
        "unset=memory",
        "unset_env=LEVEL",
        "env=A=1",
    )

    assert (home.asked[0].method, home.asked[0].path) == ("PATCH", "/apps/demo/commands/migrate")
    assert home.asked[0].body == {
        "command": "python manage.py check",
        "memory": None,
        "environment": {"A": "1", "LEVEL": None},
    }
    assert "Changed command migrate; this is its revision 2." in changed.stderr


def test_what_is_so_already_is_not_called_a_change(place: Place, home_that: HomeThat) -> None:
    home_that(always(a_command(changed=[])))

    assert "is so already; nothing changed" in place.run("set", "command", "migrate", "memory=4").stderr


def test_nothing_to_change_is_said_before_any_request(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_command()))

    refused = place.run("set", "command", "migrate")

    assert (refused.returncode, home.asked) == (2, [])
    assert refused.stderr.startswith("error: nothing to change")


def test_schedules_that_ran_it_are_named(place: Place, home_that: HomeThat) -> None:
    removed = {"name": "migrate", "removed": True, "schedules": ["nightly", "weekly"]}
    home_that(always(removed))

    gone = place.run("-a", "demo", "delete", "command", "migrate")

    assert "The schedules nightly, weekly run it, and cannot any more." in gone.stderr
    assert "tapit -a demo set schedule name=nightly command=ANOTHER" in gone.stderr
    assert json.loads(gone.stdout) == removed


def test_one_that_is_gone_already_is_no_error(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(404, "CommandNotFound", "App demo has no command migrate."))

    gone = place.run("delete", "command", "migrate")

    assert gone.returncode == 0
    assert "App demo has no command migrate; nothing to delete." in gone.stderr
    assert json.loads(gone.stdout) == {"name": "migrate", "removed": False}


def test_somebody_elses_is_refused_with_whose_it_is(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(403, "Forbidden", "The command migrate is bob's.", Hint="Ask bob."))

    refused = place.run("delete", "command", "migrate")

    assert (refused.returncode, refused.stdout) == (4, "")
    assert "The command migrate is bob's." in refused.stderr
    assert "Ask bob." in refused.stderr


def test_a_name_nobody_saved_is_told_where_the_names_are(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(404, "CommandNotFound", "App demo has no command bash."))

    refused = place.run("create", "task", "command=bash")

    assert refused.returncode == 3
    assert "tapit list commands" in refused.stderr
    assert "or, if it is a line: tapit create task bash\n" in refused.stderr


def test_a_name_that_is_almost_one_is_told_which(place: Place, home_that: HomeThat) -> None:
    def answer(asked: Asked) -> Says:
        if asked.method == "GET":
            return Says({"items": [a_command("console"), a_command("migrate")], "next": None})
        return a_refusal(404, "CommandNotFound", "App demo has no command migrat.")

    home_that(answer)

    told = place.run("create", "task", "command=migrat").stderr

    assert "did you mean command=migrate?" in told
    assert "or, if it is a line: tapit create task migrat\n" in told


def test_a_rerun_sends_what_was_given_once_whatever_gets_lost(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_task(id="2jd3m8k7x2qf", rerun_of=TASK_ID), 201))

    made = place.run("rerun", TASK_ID, "memory=8", "line=true", "env=A=1", "-o", "id")

    (asked,) = home.asked
    assert (asked.method, asked.path) == ("POST", f"/tasks/{TASK_ID}/rerun")
    assert asked.body == {"memory": 8.0, "command": "true", "environment": {"A": "1"}}
    assert "Idempotency-Key" in asked.headers
    assert made.stdout == "2jd3m8k7x2qf\n"
    assert "tapit logs -f task=2jd3m8k7x2qf" in made.stderr


def test_a_rerun_can_do_without_what_the_task_had(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_task(), 201))

    place.run("rerun", TASK_ID, "unset=lock", "unset_env=LEVEL", "unset_tag=release")

    assert home.asked[0].body == {"lock": None, "environment": {"LEVEL": None}, "tags": {"release": None}}


def test_a_timeout_of_a_rerun_goes_with_waiting(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_task(), 201))

    assert place.run("rerun", TASK_ID, "timeout=5m").returncode == 2
    assert home.asked == []


def test_a_task_says_what_it_was_taken_from(place: Place, home_that: HomeThat) -> None:
    task = a_task(command_name="migrate", command_revision=3, rerun_of="1jd3zzzzzzzz")
    home_that(always(task))

    shown = run_at_a_terminal(place, "show", "task", TASK_ID).text

    assert "migrate, revision 3" in shown
    assert "1jd3zzzzzzzz" in shown


def test_neither_line_nor_name_is_refused_at_a_terminal_too(place: Place) -> None:
    refused = place.run("run")

    assert refused.returncode == 125
    assert "tapit run needs a command" in refused.stderr


def test_a_name_is_judged_before_it_is_sent(place: Place, home_that: HomeThat) -> None:
    def never(asked: Asked) -> Says:
        raise AssertionError(asked.path)

    home = home_that(never)

    assert place.run("run", "command=No-Name").returncode == 125
    assert home.asked == []
