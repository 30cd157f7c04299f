"""The command line of schedules, at a home that answers what the test tells it to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Answers, Asked, Says, a_command, a_list, a_refusal, a_task

RED, BOLD = "\x1b[31m", "\x1b[1m"


def moment(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat(timespec="milliseconds")


def a_run(**changes: Any) -> dict[str, Any]:
    run = {
        "time": moment(minutes=-5),
        "task_id": "1jd3m8k7x2qf",
        "status": "SUCCEEDED",
        "exit_code": 0,
        "why": None,
    }
    return run | changes


def a_schedule(**changes: Any) -> dict[str, Any]:
    schedule: dict[str, Any] = {
        "app": "demo",
        "name": "nightly",
        "description": None,
        "command": "python manage.py report",
        "command_name": None,
        "cron": "0 2 * * *",
        "timezone": "Australia/Sydney",
        "every": None,
        "at": None,
        "in_words": "At 02:00 every day, Australia/Sydney",
        "overlap": "skip",
        "missed": "latest",
        "missed_within": 3600,
        "jitter": 0,
        "pause_after_failures": None,
        "enabled": True,
        "paused": None,
        "next_run_at": moment(hours=5, seconds=30),
        "last_run": a_run(),
        "failures": 0,
        "problem": None,
        "created_at": moment(days=-1),
        "created_by": "alice",
        "revision": 1,
        "environment": [],
    }
    return schedule | changes


def always(body: Any, status: int = 200) -> Answers:
    return lambda _asked: Says(body, status)


def test_what_is_typed_is_what_is_asked_for(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_schedule(), 201))

    made = place.run(
        "create",
        "schedule",
        "name=nightly",
        "python manage.py report",
        "cron=0 2 * * *",
        "timezone=Australia/Sydney",
        "overlap=queue",
        "missed=all",
        "missed_within=2h",
        "jitter=5m",
        "pause_after_failures=3",
        "description=what accounting reads",
        "memory=2G",
        "env=A=1",
    )

    assert made.returncode == 0, made.stderr
    (asked,) = home.asked
    assert (asked.method, asked.path) == ("POST", "/apps/demo/schedules")
    assert asked.body == {
        "name": "nightly",
        "command": "python manage.py report",
        "cron": "0 2 * * *",
        "timezone": "Australia/Sydney",
        "overlap": "queue",
        "missed": "all",
        "missed_within": 7200,
        "jitter": 300,
        "pause_after_failures": 3,
        "description": "what accounting reads",
        "memory": 2.0,
        "environment": {"A": "1"},
    }
    first, second, *_ = made.stderr.splitlines()
    assert first == "Created schedule nightly: At 02:00 every day, Australia/Sydney."
    assert second.startswith("  It runs next in 5h00m: 20")


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (["command=migrate", "every=15m"], {"command_name": "migrate", "every": 900}),
        (["true it is", "at=2026-12-24T20:00"], {"command": "true it is", "at": "2026-12-24T20:00"}),
        (["cron=@daily", "true it is"], {"cron": "@daily", "command": "true it is"}),
    ],
)
def test_there_are_three_ways_to_say_when_and_two_to_say_what(
    words: list[str], sent: dict[str, Any], place: Place, home_that: HomeThat
) -> None:
    home = home_that(always(a_schedule(), 201))

    assert place.run("create", "schedule", "name=nightly", *words).returncode == 0
    assert home.asked[0].body == {"name": "nightly", **sent}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cron=0", "2", "*", "*", "*", "echo hi"], "error: cron=0 is one field of five"),
        (["echo hi", "cron=0", "2", "a.txt", "b.txt"], "error: cron=0 is one field of five"),
        (["echo hi"], "error: nothing says when it is due"),
        (["every=15m"], "error: tapit create schedule needs a command"),
        (["echo hi", "every=15m", "cron=0 2 * * *"], "error: cron= and every= contradict each other"),
        (["echo hi", "every=30s"], "error: every=30s is out of range"),
        (["echo hi", "every=30"], "error: every=30 is 30 seconds, which is out of range"),
        (["echo hi", "every=90.5s"], "error: every=90.5s is no number of whole seconds"),
        (["echo hi", "every=15m", "jitter=2h"], "error: jitter=2h is out of range"),
        (["echo hi", "every=15m", "overlap=wait"], "error: there is no overlap wait"),
        (["echo hi", "every=15m", "missed=none"], "error: there is no missed none"),
        (["echo hi", "every=15m", "pause_after_failures=0"], "error: pause_after_failures=0 is out of range"),
        (
            ["command=a b", "every=15m"],
            "error: command= is the name of a saved command, which 'a b' cannot be",
        ),
        (["echo hi", "command=a", "every=15m"], "error: a line and command= contradict each other"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(
    words: list[str], said: str, place: Place, home_that: HomeThat
) -> None:
    home = home_that(always(a_schedule(), 201))

    refused = place.run("create", "schedule", "name=nightly", *words)

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[0] == said
    assert home.asked == []


def test_what_the_home_says_of_a_time_is_passed_on(place: Place, home_that: HomeThat) -> None:
    message = "cron='61 2 * * *' cannot be: the minute is 61, and minutes go from 0 to 59."
    hint = "For example cron='0 2 * * *': at 02:00 every day."
    fields = {"cron": "the minute is 61, and minutes go from 0 to 59"}
    refusal = {"Code": "InvalidRequest", "Message": message, "Fields": fields, "Hint": hint}
    home_that(always(refusal, 400))

    refused = place.run("create", "schedule", "name=nightly", "echo hi", "cron=61 2 * * *")

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[:2] == [f"error: {message}", f"  → {hint}"]


@pytest.mark.parametrize(
    "words", [["create", "schedule", "name=nightly", "echo hi"], ["set", "schedule", "nightly"]]
)
def test_where_a_clock_jumps_it_is_said_which_time_was_taken(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    note = "Clocks in Europe/Berlin show 2027-10-31T02:30 twice."
    home_that(always(a_schedule(notes=[note], changed=["at"])))

    said = place.run(*words, "at=2027-10-31T02:30", "timezone=Europe/Berlin")

    assert said.stderr.splitlines()[1] == f"  note: {note}"


def test_a_list_says_what_is_due_when_and_in_red_what_is_in_trouble(
    place: Place, home_that: HomeThat
) -> None:
    why = "Its last 3 runs failed (pause_after_failures=3)."
    paused = {"since": moment(hours=-1), "why": why}
    home_that(
        a_list(
            a_schedule(
                name="broken",
                problem="App demo has no command migrate.",
                command=None,
                command_name="migrate",
            ),
            a_schedule(name="fine"),
            a_schedule(name="failing", last_run=a_run(status="FAILED", exit_code=7)),
            a_schedule(name="off", enabled=False, next_run_at=None, last_run=None),
            a_schedule(name="over", next_run_at=None, in_words="Once, at 2026-11-24 20:00 UTC"),
            a_schedule(name="paused", paused=paused, next_run_at=None),
            a_schedule(
                name="skipped", last_run=a_run(task_id=None, status=None, exit_code=None, why="missed")
            ),
        )
    )

    listed = run_at_a_terminal(place, "list", "schedules", columns=140)

    head, *lines = [" ".join(line.split()) for line in listed.text.splitlines()]
    when = "At 02:00 every day, Australia/Sydney"
    assert head == "NAME NEXT LAST RUNS WHEN"
    assert lines == [
        f"broken in 5h00m cannot run command=migrate {when}",
        "App demo has no command migrate.",
        f"fine in 5h00m SUCCEEDED 5m00s ago python manage.py report {when}",
        f"failing in 5h00m FAILED (7) 5m00s ago python manage.py report {when}",
        f"off off - python manage.py report {when}",
        "over over SUCCEEDED 5m00s ago python manage.py report Once, at 2026-11-24 20:00 UTC",
        f"paused - PAUSED python manage.py report {when}",
        why,
        f"skipped in 5h00m not run 5m00s ago python manage.py report {when}",
        "missed",
        "more: tapit show schedule name=broken",
    ]
    assert f"{RED}cannot run" in listed.raw
    assert f"{RED}PAUSED" in listed.raw
    assert f"{RED}FAILED (7)" in listed.raw
    assert f"{RED}{why}" in listed.raw


@pytest.mark.parametrize(
    ("columns", "head"),
    [
        (200, "NAME NEXT LAST RUNS WHEN"),
        (85, "NAME NEXT LAST WHEN"),
        (60, "NAME NEXT LAST"),
        (45, "NAME LAST"),
    ],
)
def test_however_narrow_it_is_the_reason_is_told_whole(
    columns: int, head: str, place: Place, home_that: HomeThat
) -> None:
    problem = "App demo allows 2 tasks at once (max_running), and as many have not ended: 1jd3m8k7x2qf, 1jd3m8k7x2qg."
    home_that(a_list(a_schedule(name="a" * 30, problem=problem)))

    listed = run_at_a_terminal(place, "list", "schedules", columns=columns)

    first, row, *why = listed.text.splitlines()
    assert first.split() == head.split()
    assert row.split()[0] == "a" * 30
    assert max(len(line) for line in (first, row, *why)) <= columns
    assert " ".join(" ".join(why).split()).startswith(problem)


def test_a_list_for_a_script_is_what_the_home_answered(place: Place, home_that: HomeThat) -> None:
    schedules = [a_schedule(), a_schedule(name="other")]
    home_that(a_list(*schedules))

    assert json.loads(place.run("list", "schedules").stdout) == schedules
    assert place.run("list", "schedules", "-o", "id").stdout == "nightly\nother\n"


def test_one_shows_its_runs_and_its_next_times_by_its_own_clock(place: Place, home_that: HomeThat) -> None:
    runs = [
        a_run(status="FAILED", exit_code=7),
        a_run(
            task_id=None, status=None, exit_code=None, why="skipped: task 1jd3 has not ended (overlap=skip)"
        ),
    ]
    details = a_schedule(
        runs=runs,
        next_runs=["2100-07-01T16:00:00.000Z"],
        pause_after_failures=3,
        failures=1,
        jitter=300,
        memory=2.0,
        environment=["A"],
    )
    home_that(always(details))

    shown = run_at_a_terminal(place, "show", "schedule", "nightly", columns=120).text

    for line in (
        "State:       on",
        "When:        At 02:00 every day, Australia/Sydney",
        "(Fri 2100-07-02 02:00 Australia/Sydney)",
        "Runs:        python manage.py report",
        "Size:        2 GB memory",
        "Overlap:     skip: a run is left out while the one before has not ended",
        "Missed:      latest: of the times that were missed the latest is made up for, within 1h00m",
        "Jitter:      starts up to 5m00s later",
        "Pauses:      after 3 failures in a row; 1 so far",
        "5m00s ago  1jd3m8k7x2qf  FAILED (7)  -",
        "5m00s ago  -             not run     skipped: task 1jd3 has not ended (overlap=skip)",
        "tapit set schedule name=nightly enabled=false    switches it off",
        "tapit list tasks schedule=nightly",
    ):
        assert line in shown


def test_of_its_next_run_it_shows_when_that_starts_with_its_jitter(place: Place, home_that: HomeThat) -> None:
    time, due = "2100-07-01T16:00:00.000Z", "2100-07-01T16:03:20.000Z"
    details = a_schedule(runs=[], next_runs=[time], next_run_at=time, due_at=due, jitter=300)
    home_that(always(details))

    shown = run_at_a_terminal(place, "show", "schedule", "nightly", columns=160).text

    (line,) = (line for line in shown.splitlines() if line.startswith("Next runs:"))
    assert "(Fri 2100-07-02 02:00 Australia/Sydney), with its jitter in " in line
    assert line.endswith("(Fri 2100-07-02 02:03:20 Australia/Sydney)")


@pytest.mark.parametrize(
    ("missed", "said"),
    [
        ("all", "all: the times that were missed are made up for, 24 at most, within 1h00m"),
        ("skip", "skip: no time that was missed is made up for"),
        ("someday", "someday, within 1h00m"),
    ],
)
def test_what_is_made_up_for_is_said_once(missed: str, said: str, place: Place, home_that: HomeThat) -> None:
    home_that(always(a_schedule(runs=[], next_runs=[], missed=missed)))

    shown = run_at_a_terminal(place, "show", "schedule", "nightly", columns=120).text

    assert f"Missed:      {said}\n" in shown


def test_why_a_run_is_no_task_is_told_whole_where_it_is_narrow(place: Place, home_that: HomeThat) -> None:
    why = "skipped: task 1jd3m8k7x2qf of schedule nightly-import holds the lock migrate (overlap=skip)"
    runs = [a_run(task_id=None, status=None, exit_code=None, why=why), a_run()]
    home_that(always(a_schedule(runs=runs, next_runs=[])))

    shown = run_at_a_terminal(place, "show", "schedule", "nightly", columns=80).text

    assert why in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("changes", "state", "switch"),
    [
        ({"enabled": False, "next_run_at": None}, "off", "enabled=true    switches it on"),
        ({"next_run_at": None}, "over", "delete schedule name=nightly    removes it"),
        (
            {"paused": {"since": "2026-11-24T12:00:00Z", "why": "Its last run failed."}, "next_run_at": None},
            "PAUSED: Its last run failed.",
            "enabled=true    switches it on",
        ),
        ({"problem": "No command."}, "cannot run: No command.", "enabled=false    switches it off"),
    ],
)
def test_a_state_says_what_to_do_about_it(
    changes: dict[str, Any], state: str, switch: str, place: Place, home_that: HomeThat
) -> None:
    home_that(always(a_schedule(runs=[], next_runs=[], **changes)))

    shown = run_at_a_terminal(place, "show", "schedule", "nightly", columns=120).text

    assert f"State:       {state}\n" in shown
    assert switch in shown


def test_a_change_sends_what_was_given_and_null_for_what_is_unset(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_schedule(changed=["cron"])))

    changed = place.run(
        "set",
        "schedule",
        "nightly",
        "cron=0 3 * * *",
        "line=python manage.py other",
        "enabled=true",
        "pause_after_failures=none",
        "env=B=2",
        "unset_env=A",
        "unset=memory",
        "unset=jitter",
    )

    assert changed.returncode == 0, changed.stderr
    (asked,) = home.asked
    assert (asked.method, asked.path) == ("PATCH", "/apps/demo/schedules/nightly")
    assert asked.body == {
        "cron": "0 3 * * *",
        "command": "python manage.py other",
        "enabled": True,
        "pause_after_failures": None,
        "environment": {"B": "2", "A": None},
        "memory": None,
        "jitter": None,
    }
    assert changed.stderr.startswith("Changed schedule nightly: At 02:00 every day, Australia/Sydney.\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"enabled": False}, "  It is off. On again: "),
        ({"paused": {"since": moment(hours=-1), "why": "It failed."}}, "  It has paused itself. On again: "),
        ({"enabled": False, "paused": {"since": moment(), "why": "It failed."}}, "  It is off. On again: "),
    ],
)
def test_whoever_changes_one_that_runs_no_more_is_told_so(
    place: Place, home_that: HomeThat, changes: dict[str, Any], said: str
) -> None:
    home_that(always(a_schedule(**changes, next_run_at=None, changed=["memory"])))

    changed = place.run("set", "schedule", "nightly", "memory=2").stderr.splitlines()

    assert changed[1] == f"{said}tapit set schedule name=nightly enabled=true"


def test_what_changes_nothing_is_not_called_a_change(place: Place, home_that: HomeThat) -> None:
    home_that(always(a_schedule(changed=[])))

    said = place.run("set", "schedule", "nightly", "jitter=0s").stderr

    assert said == "Schedule nightly is so already; nothing changed.\n"
    assert place.run("set", "schedule", "nightly").returncode == 2


def test_one_is_started_now_as_a_task(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_task(), 201))

    started = place.run("start", "schedule", "nightly")

    (asked,) = home.asked
    assert (asked.method, asked.path) == ("POST", "/apps/demo/schedules/nightly/start")
    assert asked.headers["Idempotency-Key"]
    assert started.stderr.startswith("Created task 1jd3m8k7x2qf.\n")


@pytest.mark.parametrize("verb", [["show"], ["set", "jitter=1m"], ["start"]])
def test_a_name_that_is_mistyped_is_told_the_nearest(
    verb: list[str], place: Place, home_that: HomeThat
) -> None:
    def answer(asked: Asked) -> Says:
        if asked.path == "/apps/demo/schedules":
            return Says({"items": [a_schedule(), a_schedule(name="hourly")], "next": None})
        return a_refusal(404, "ScheduleNotFound", "App demo has no schedule nigthly.")

    home_that(answer)

    refused = place.run(verb[0], "schedule", "nigthly", *verb[1:])

    assert refused.returncode == 3
    assert refused.stderr.splitlines()[:2] == [
        "error: App demo has no schedule nigthly.",
        "  → did you mean name=nightly?",
    ]


@pytest.mark.parametrize("words", [["set", "schedule", "nightly"], ["create", "schedule", "x", "every=1h"]])
def test_a_saved_command_that_is_mistyped_is_told_the_nearest(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    def answer(asked: Asked) -> Says:
        if asked.path == "/apps/demo/commands":
            return Says({"items": [a_command("migrate")], "next": None})
        return a_refusal(404, "CommandNotFound", "App demo has no command migrat.")

    home_that(answer)

    refused = place.run(*words, "command=migrat")

    assert refused.stderr.splitlines()[:3] == [
        "error: App demo has no command migrat.",
        "  → did you mean command=migrate?",
        "  → or, if it is a line: line=migrat",
    ]


def test_one_that_is_gone_already_is_no_error(place: Place, home_that: HomeThat) -> None:
    home_that(always({"name": "nightly", "removed": True}))
    assert place.run("delete", "schedule", "nightly").stderr == "Removed schedule nightly; its tasks stay.\n"

    home_that(lambda _asked: a_refusal(404, "ScheduleNotFound", "App demo has no schedule nightly."))
    gone = place.run("delete", "schedule", "nightly")
    assert (gone.returncode, json.loads(gone.stdout)) == (0, {"name": "nightly", "removed": False})


def test_what_becomes_of_a_run_whose_lock_is_held_is_said_by_overlap(
    place: Place, home_that: HomeThat
) -> None:
    home = home_that(always(a_schedule()))

    refused = place.run("set", "schedule", "nightly", "lock=migrate", "if_locked=wait")

    assert (refused.returncode, home.asked) == (2, [])
    assert "tapit set schedule takes no if_locked=" in refused.stderr
    assert "overlap= says what becomes of a run" in refused.stderr


def test_the_tasks_of_one_are_listed(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_list(*[a_task()] * 50, more="c1"))

    listed = place.run("list", "tasks", "schedule=nightly")

    assert home.asked[0].query["created_by"] == "schedule:nightly"
    assert "schedule" not in home.asked[0].query
    assert listed.stderr == "more: tapit list tasks schedule=nightly --all\n"
    assert place.run("list", "tasks", "schedule=nightly", "created_by=ci").returncode == 2


def test_the_failed_tasks_of_one_are_listed_page_by_page_also_where_some_hold_none(
    place: Place, home_that: HomeThat
) -> None:
    def answer(asked: Asked) -> Says:
        page = int(asked.query.get("cursor", 0))
        return Says({"items": [a_task(status="FAILED")] if page == 2 else [], "next": [*"12", None][page]})

    home = home_that(answer)

    listed = place.run("list", "tasks", "schedule=nightly", "status=FAILED", "-o", "id")

    assert listed.stdout.split() == [a_task()["id"]]
    assert {asked.query["status"] for asked in home.asked} == {"FAILED"}


def test_a_schedule_that_there_is_not_is_told_with_one_that_is_called_almost_so(
    place: Place, home_that: HomeThat
) -> None:
    def answer(asked: Asked) -> Says:
        if asked.path.endswith("/schedules/nigthly"):
            return a_refusal(404, "ScheduleNotFound", "App demo has no schedule nigthly.")
        items = [a_schedule()] if asked.path.endswith("/schedules") else []
        return Says({"items": items, "next": None})

    home_that(answer)

    refused = place.run("list", "tasks", "schedule=nigthly")

    assert (refused.returncode, refused.stdout) == (3, "")
    assert "App demo has no schedule nigthly." in refused.stderr
    assert "did you mean schedule=nightly?" in refused.stderr
