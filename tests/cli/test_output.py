"""What is printed: tables, blocks, JSON and ids, with colours only where they are wanted."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from chalicelib.domain.diagnosis import EndedBy, diagnose
from tests.cli.at_a_terminal import Terminal, run_at_a_terminal
from tests.cli.conftest import Place
from tests.cli.scripted_home import (
    TASK_ID,
    Answers,
    Asked,
    Says,
    ScriptedHome,
    a_finished_task,
    a_task,
    some_lines,
)

HomeThat = Callable[[Answers], ScriptedHome]
EVIL = "echo \x1b[2J\x1b]0;title\x07 \u202e\x9b31m"


def a_list(*tasks: dict[str, Any], more: str | None = None) -> Answers:
    return lambda _asked: Says({"items": list(tasks), "next": more})


def test_removing_an_app_says_what_stays(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"name": "shop", "removed": True}))

    assert "finished tasks stay until they expire" in place.run("delete", "app", "shop").stderr


def test_a_pipe_gets_json(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(), a_task()))

    assert [task["id"] for task in json.loads(place.run("list", "tasks").stdout)] == [TASK_ID, TASK_ID]


def test_a_table_has_the_documented_columns(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_finished_task(137, docker_tag="v1.2.3", initiated_by="john.doe", command="a  b\nc")))

    header, row = place.run("list", "tasks", "-o", "table").stdout.splitlines()

    assert header.split() == ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "TAG", "BY", "COMMAND"]
    created = "2026-11-24T01:50:00.000Z"
    assert row == f"{TASK_ID}  FAILED (137)  {created}  3s   0.25/0.5  v1.2.3  john.doe  a b c"


def test_ids_are_one_a_line(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(id="a"), a_task(id="b")))

    assert place.run("list", "tasks", "-o", "id").stdout == "a\nb\n"


def test_create_prints_the_id_for_a_script(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(notes=["memory=3 became 4 GB"]), 201))

    result = place.run("-o", "id", "create", "task", "x")

    assert result.stdout == f"{TASK_ID}\n"
    assert "note: memory=3 became 4 GB" in result.stderr
    assert f"tapit logs -f task={TASK_ID}" in result.stderr


def test_quiet_silences_the_news(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(), 201))

    assert place.run("-q", "create", "task", "x").stderr == ""


def test_more_is_pointed_at(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(*[a_task()] * 50, more="c1"))

    result = place.run("list", "tasks")

    assert len(json.loads(result.stdout)) == 50
    assert result.stderr == "more: tapit list tasks --all\n"


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["status=failed"], "status=FAILED"),
        (["initiator=John Doe", "-a", "shop"], "-a shop initiated_by='John Doe'"),
        (["since=2026-11-24T01:00:00Z"], "since=2026-11-24T01:00:00.000Z"),
    ],
)
def test_more_of_the_same_is_pointed_at(
    words: list[str], typed: str, place: Place, home_that: HomeThat
) -> None:
    home_that(a_list(*[a_task()] * 50, more="c1"))

    assert place.run("list", "tasks", *words).stderr == f"more: tapit list tasks {typed} --all\n"


@pytest.mark.parametrize("words", [["limit=50"], ["-o", "id"]])
def test_who_asked_for_so_many_or_for_ids_is_not_told_of_more(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    home_that(a_list(*[a_task()] * 50, more="c1"))

    assert place.run("list", "tasks", *words).stderr == ""


def test_all_goes_through_every_page(place: Place, home_that: HomeThat) -> None:
    pages = iter([{"items": [a_task()] * 100, "next": "c1"}, {"items": [a_task()] * 5, "next": None}])
    home = home_that(lambda _asked: Says(next(pages)))

    assert len(json.loads(place.run("list", "tasks", "--all", "status=running").stdout)) == 105
    assert [asked.query for asked in home.asked] == [
        {"status": "RUNNING", "limit": "100"},
        {"status": "RUNNING", "limit": "100", "cursor": "c1"},
    ]


def test_a_limit_above_a_page_takes_several(place: Place, home_that: HomeThat) -> None:
    def answers(asked: Asked) -> Says:
        return Says({"items": [a_task()] * int(asked.query["limit"]), "next": "c1"})

    home = home_that(answers)

    assert len(json.loads(place.run("list", "tasks", "limit=130").stdout)) == 130
    assert [asked.query["limit"] for asked in home.asked] == ["100", "30"]


def test_an_empty_list_says_how_to_begin(place: Place, home_that: HomeThat) -> None:
    home_that(a_list())

    result = place.run("list", "tasks")

    assert (result.returncode, result.stdout) == (0, "[]\n")
    assert result.stderr == "No tasks yet. Start one with: tapit create task 'COMMAND'\n"


def test_a_terminal_gets_relative_times_and_colours(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task()))

    screen = run_at_a_terminal(place, "list", "tasks")

    assert " ago " in screen.text
    assert "\x1b[32mRUNNING\x1b[0m" in screen.raw


@pytest.mark.parametrize(
    ("env", "words", "coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-color"], False),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
    ],
)
def test_colours_follow_the_conventions(
    env: dict[str, str],
    words: list[str],
    coloured: bool,  # noqa: FBT001 - what the parameters say
    place: Place,
    home_that: HomeThat,
) -> None:
    home_that(a_list(a_task()))
    place.env |= env

    assert ("\x1b[" in run_at_a_terminal(place, "list", "tasks", *words).raw) is coloured


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_colours_can_be_forced_into_a_pipe(variable: str, place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task()))
    place.env[variable] = "1"

    assert "\x1b[32mRUNNING" in place.run("list", "tasks", "-o", "table").stdout


def test_only_the_command_is_cut_to_the_terminal(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(command="word " * 60), a_task(command="日本語" * 60)))

    lines = run_at_a_terminal(place, "list", "tasks", columns=90).text.splitlines()

    assert len(lines) == 3
    assert len(lines[1]) == 90
    assert lines[1].endswith("…")
    assert lines[2].endswith("…")


@pytest.mark.parametrize(
    ("columns", "headers"),
    [
        (120, ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "TAG", "BY", "COMMAND"]),
        (84, ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "BY", "COMMAND"]),
        (76, ["ID", "STATUS", "CREATED", "RAN", "BY", "COMMAND"]),
        (65, ["ID", "STATUS", "CREATED", "RAN", "COMMAND"]),
        (56, ["ID", "STATUS", "CREATED", "COMMAND"]),
        (45, ["ID", "STATUS", "COMMAND"]),
        (39, ["ID", "STATUS"]),
        (27, ["ID", "STATUS"]),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns(
    columns: int, headers: list[str], place: Place, home_that: HomeThat
) -> None:
    created = (datetime.now(UTC) - timedelta(minutes=50)).isoformat()
    times = {
        "created_at": created,
        "started_at": "2026-11-24T01:00:00Z",
        "stopped_at": "2026-11-24T01:00:03Z",
    }
    home_that(
        a_list(
            a_finished_task(137, docker_tag="v1.2.3", initiated_by="john.doe", command="word " * 60, **times)
        )
    )

    lines = run_at_a_terminal(place, "list", "tasks", columns=columns).text.splitlines()

    assert lines[0].split() == headers
    assert len(lines) == 2
    assert max(map(len, lines)) <= columns
    assert lines[1].startswith(f"{TASK_ID}  FAILED (137)")
    assert lines[1].endswith("…") is ("COMMAND" in headers)


@pytest.mark.parametrize("columns", [120, 80, 50, 30])
def test_a_list_of_apps_never_wraps(columns: int, place: Place, home_that: HomeThat) -> None:
    app = {
        "name": "shop",
        "cpu": 0.25,
        "memory": 0.5,
        "max_hours": 24,
        "created_by": "alice",
        "image": "r/" * 60,
    }
    home_that(a_list(app | {"created_at": "2026-11-24T01:50:00.000Z"}))

    lines = run_at_a_terminal(place, "list", "apps", columns=columns).text.splitlines()

    assert len(lines) == 2
    assert max(map(len, lines)) <= columns
    assert lines[0].split()[0] == "NAME"


@pytest.mark.parametrize("words", [["list", "tasks"], ["show", "task", TASK_ID]])
def test_a_command_cannot_draw_on_the_terminal(words: list[str], place: Place, home_that: HomeThat) -> None:
    evil = a_finished_task(1, command=EVIL, initiated_by=EVIL, reason=EVIL, docker_tag=EVIL, image=EVIL)

    def answers(asked: Asked) -> Says:
        if asked.path.endswith("/logs"):
            return Says(some_lines(EVIL))
        return Says(evil if asked.path.startswith("/tasks") else {"items": [evil], "next": None})

    home_that(answers)

    said = run_at_a_terminal(place, *words).raw

    for forbidden in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\x9b"):
        assert forbidden not in said
    assert "\\x1b[2J" in said


def test_json_keeps_every_character(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(command=EVIL)))

    assert json.loads(place.run("show", "task", "x").stdout)["command"] == EVIL


def test_show_tells_everything_about_a_failure(place: Place, home_that: HomeThat) -> None:
    failed = a_finished_task(
        137,
        command="first\nsecond",
        initiated_by="john.doe",
        image="repo/shop:1",
        ended_by="out_of_memory",
        reason="OutOfMemoryError: container killed",
        diagnosis={"what": "It used 0.5 of 0.5 GB.", "next": "Give it more: memory=1"},
        lost_output_bytes=4096,
        history=[{"status": "FAILED", "time": "2026-11-24T01:50:04.000Z", "why": "OOM"}],
    )
    home_that(lambda asked: Says(some_lines("boom", "bang") if asked.path.endswith("/logs") else failed))

    told = place.run("show", "task", "x", "-o", "table").stdout.splitlines()

    for line in (
        f"Task:        {TASK_ID}",
        "Status:      FAILED (137)",
        "Command:     first",
        "             second",
        "Exit code:   137 (killed by SIGKILL)",
        "Ended by:    it used more memory than it had",
        "Why:         It used 0.5 of 0.5 GB.",
        "What to do:  Give it more: memory=1",
        "Reason:      OutOfMemoryError: container killed",
        "Lost output: 4,096 bytes could not be kept",
        "By:          john.doe (claimed), alice (verified)",
        "Size:        0.25 vCPU, 0.5 GB memory, 20 GB disk",
        "Image:       repo/shop:1",
        "Ran:         3s",
        "Cost:        about $0.0004, at most $0.29 (Fargate list price, us-east-1, Linux/x86)",
        "History:     2026-11-24T01:50:04.000Z  FAILED  OOM",
        "Output:      boom",
        "             bang",
        f"Next:        tapit logs task={TASK_ID}",
    ):
        assert line in told
    assert any(line.startswith("Stopped:") and line.endswith("(2026-11-24T01:50:04.000Z)") for line in told)


def test_show_does_not_point_at_the_output_that_follows(place: Place, home_that: HomeThat) -> None:
    """In the home's own words, lest the two drift apart."""
    diagnosis = diagnose(EndedBy.EXIT, exit_code=7, reason=None, memory=1, max_hours=None, by=None)
    assert diagnosis is not None
    failed = a_finished_task(7, diagnosis=diagnosis.model_dump())
    home_that(lambda asked: Says(some_lines("boom") if asked.path.endswith("/logs") else failed))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert "Why:         The command failed with exit code 7.\n" in told
    assert "Look at the end" not in told
    assert "What to do" not in told
    assert "Output:      boom\n" in told


def test_show_tells_how_much_time_is_left(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(deadline="2126-11-24T01:50:00.000Z", waiting_for="capacity")))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert "Status:      RUNNING, waiting for capacity" in told
    assert " left (2126-11-24T01:50:00.000Z)" in told
    assert f"tapit set task task={TASK_ID} max_hours=8" in told


def test_set_says_when_the_task_stops_now(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(deadline="2026-11-24T01:50:00.000Z", max_hours=0.5)))
    past = place.run("set", "task", TASK_ID, "max_hours=0.5").stderr
    home_that(lambda _asked: Says(a_task(deadline="2126-11-24T01:50:00.000Z", max_hours=8.0)))
    ahead = place.run("set", "task", TASK_ID, "max_hours=8").stderr

    assert past == f"Task {TASK_ID} has passed its new time limit of 30m00s, and stops now.\n"
    assert ahead.startswith(f"Task {TASK_ID} now stops in ")


def test_output_is_printed_raw_into_a_pipe(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(some_lines("\x1b[31mred", "plain", status="SUCCEEDED", complete=True)))

    assert place.run("logs", TASK_ID).stdout == "\x1b[31mred\nplain\n"
    assert place.run("logs", TASK_ID, "--timestamps").stdout.startswith(
        "2026-11-24T01:50:02.000Z \x1b[31mred\n"
    )
    assert json.loads(place.run("logs", TASK_ID, "-o", "json").stdout.splitlines()[1])["message"] == "plain"


def test_logs_of_a_running_task_say_how_to_follow(place: Place, home_that: HomeThat) -> None:
    pages = iter([some_lines("one"), some_lines()])
    home_that(lambda _asked: Says(next(pages)))

    result = place.run("logs", TASK_ID)

    assert result.stdout == "one\n"
    assert f"tapit logs -f task={TASK_ID}" in result.stderr


@pytest.mark.parametrize("closed", ["0<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["list tasks -o table", "create task x -w", "--version", "--help"])
def test_a_closed_stream_is_nobodys_bug(words: str, closed: str, place: Place, home_that: HomeThat) -> None:
    home_that(
        lambda asked: Says(
            {"items": [a_task()], "next": None}
            if asked.path.endswith("/tasks") and asked.method == "GET"
            else some_lines("one", status="SUCCEEDED", complete=True)
            if asked.path.endswith("/logs")
            else a_finished_task()
        )
    )

    done = subprocess.run(
        ["bash", "-c", f"tapit {words} {closed}"],
        env=place.env | {"TMPDIR": str(place.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, "bug" in done.stderr) == (0, False)
    assert list(place.folder.glob("tapit-*.trace")) == []


def test_an_error_with_a_closed_stderr_keeps_its_exit_code(place: Place) -> None:
    done = subprocess.run(["bash", "-c", "tapit nonsense 2>&-"], env=place.env, check=False, timeout=60)

    assert done.returncode == 2


def test_what_a_terminal_cannot_show_is_spelled_out(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(command="naïve ✓")))

    result = place.run("list", "tasks", "-o", "table", PYTHONIOENCODING="ascii")

    assert result.returncode == 0
    assert "na\\xefve \\u2713" in result.stdout


def test_a_slow_answer_shows_a_sign_that_leaves_nothing_behind(place: Place, home_that: HomeThat) -> None:
    seen = Event()

    def answers(_asked: Asked) -> Says:
        seen.wait(30)
        return Says({"items": [a_task()], "next": None})

    home_that(answers)
    terminal = Terminal(place, ("list", "tasks"), 100)
    terminal.read_until(lambda text: "waiting for an answer" in text)
    seen.set()

    assert terminal.finish() == 0
    assert terminal.lines()[0].startswith("ID ")


@pytest.mark.parametrize(
    "words",
    [
        ("create", "task", "x", "-o", "json"),
        ("create", "task", "x", "-o", "table", "-w"),
        ("create", "app", "name=a", "-o", "json"),
        ("logs", "x", "-o", "json"),
        ("__complete", "show", "app", "name="),
        ("__complete", "show", "task", "task="),
    ],
)
def test_nothing_of_an_answer_can_draw_on_the_terminal(
    words: tuple[str, ...], place: Place, home_that: HomeThat
) -> None:
    evil = a_finished_task(1, id=f"i{EVIL}", command=EVIL, notes=[EVIL], image=EVIL, reason=EVIL)

    def answers(asked: Asked) -> Says:
        if asked.path.endswith("/logs"):
            spoken = EVIL if words[0] == "logs" else "said"
            return Says(some_lines(spoken, status="FAILED", complete=True, revision=9))
        app = {"name": f"n{EVIL}", "image": EVIL}
        if asked.path == "/apps":
            return Says({**app, "items": [app], "next": None})
        return Says({**evil, "items": [evil], "next": None})

    home_that(answers)

    said = run_at_a_terminal(place, *words).raw

    for forbidden in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\x9b"):
        assert forbidden not in said
    assert "[2J" in said


@pytest.mark.parametrize("verb", ["create", "set"])
def test_notes_on_an_app_are_said(verb: str, place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"name": "shop", "notes": ["memory was raised to 8 GB", "two"]}))

    result = place.run(verb, "app", "name=shop", "memory=7.5", "-o", "id")

    assert result.stdout == "shop\n"
    assert result.stderr.splitlines()[1:] == ["  note: memory was raised to 8 GB", "  note: two"]
