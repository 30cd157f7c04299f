"""Waiting: what streams where, what it ends with, and what happens when it is cut short."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import Place
from tests.cli.scripted_home import (
    TASK_ID,
    Answers,
    Asked,
    HangsUp,
    Says,
    ScriptedHome,
    a_finished_task,
    a_refusal,
    a_task,
    some_lines,
)

HomeThat = Callable[[Answers], ScriptedHome]
Page = dict[str, Any]


def a_story(*pages: Page | Says, ending: Page | None = None, task: Page | None = None) -> Answers:
    """A task that is created, gives these pages of output, and ends."""
    rest = iter(pages)
    started = task or a_task(status="PENDING", revision=1, started_at=None)

    def answers(asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(a_task(status="STOPPING") if asked.path.endswith("/stop") else started, 201)
        if asked.path.endswith("/logs"):
            if "tail" in asked.query:
                return Says(some_lines("the", "tail"))
            page = next(rest)
            return page if isinstance(page, Says) else Says(page)
        return Says(ending or a_finished_task())

    return answers


def the_end(*messages: str, status: str = "SUCCEEDED") -> Page:
    return some_lines(*messages, status=status, complete=True, revision=9)


def test_output_goes_to_stdout_and_news_to_stderr(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), some_lines(status="STOPPING", revision=5), the_end("two")))

    result = place.run("create", "task", "x", "-w")

    assert result.returncode == 0
    assert result.stdout == "one\ntwo\n"
    assert result.stderr.splitlines()[0] == f"Created task {TASK_ID}."
    assert [line.split()[1] for line in result.stderr.splitlines()[1:-1]] == ["RUNNING", "STOPPING"]
    assert result.stderr.splitlines()[-1] == f"✓ {TASK_ID} succeeded after 3s"


def test_a_task_that_prints_is_said_to_run_before_its_lines_are_shown(
    place: Place, home_that: HomeThat
) -> None:
    """The lines may be there before the platform has told the home that the task runs."""
    early = some_lines("one", status="STARTING"), some_lines(status="STARTING")
    home_that(a_story(*early, some_lines("two"), the_end()))
    shell = "tapit create task x -w 2>&1"

    done = subprocess.run(
        ["bash", "-c", shell], env=place.env, capture_output=True, text=True, check=False, timeout=60
    )

    told = [line.split()[1] if TASK_ID in line else line for line in done.stdout.splitlines()]
    assert told[-4:] == ["RUNNING", "one", "two", TASK_ID]


def test_the_cursor_and_the_revision_are_handed_on(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_story(some_lines("one", next="c7", revision=4), the_end()))

    place.run("create", "task", "x", "-w")

    first, second = (asked.query for asked in home.asked if asked.path.endswith("/logs"))
    assert first == {"wait": "20", "revision": "1"}
    assert second == {"wait": "20", "revision": "4", "cursor": "c7"}


def test_the_last_lines_after_the_end_are_not_lost(place: Place, home_that: HomeThat) -> None:
    late = some_lines("almost", status="SUCCEEDED", revision=9)
    home_that(a_story(late, some_lines(status="SUCCEEDED", revision=9), the_end("last")))

    assert place.run("create", "task", "x", "-w").stdout == "almost\nlast\n"


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (a_finished_task(0), 0),
        (a_finished_task(7), 7),
        (a_finished_task(137, ended_by="out_of_memory"), 137),
        (a_finished_task(None, status="FAILED", ended_by="start_failure"), 125),
        (a_finished_task(0, status="STOPPED", ended_by="user"), 125),
        (a_finished_task(143, status="TIMED_OUT", ended_by="deadline"), 143),
        (a_finished_task(None, status="LOST", ended_by="lost"), 125),
        (a_finished_task(0, status="FAILED"), 125),
    ],
)
def test_the_exit_code_is_the_tasks_own_and_0_only_for_success(
    ending: Page, code: int, place: Place, home_that: HomeThat
) -> None:
    home_that(a_story(the_end(status=ending["status"]), ending=ending))

    assert place.run("create", "task", "x", "-w").returncode == code
    assert place.run("wait", TASK_ID).returncode == code


def test_a_failure_says_why(place: Place, home_that: HomeThat) -> None:
    ending = a_finished_task(
        137, diagnosis={"what": "Out of memory: it used 4 of 4 GB.", "next": "More memory."}
    )
    home_that(a_story(the_end(status="FAILED"), ending=ending))

    told = place.run("create", "task", "x", "-w").stderr

    assert f"✗ {TASK_ID} failed with exit code 137 after 3s: Out of memory: it used 4 of 4 GB\n" in told


def test_wait_shows_the_last_lines_of_a_failure_on_stderr(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(ending=a_finished_task(7)))

    result = place.run("wait", TASK_ID, "-o", "id")

    assert "the\ntail\n" in result.stderr
    assert result.stdout == ""


def test_with_json_stdout_holds_the_finished_task_alone(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), the_end("two")))

    result = place.run("create", "task", "x", "-w", "-o", "json")

    assert json.loads(result.stdout)["status"] == "SUCCEEDED"
    assert [line for line in result.stderr.splitlines() if line in ("one", "two")] == ["one", "two"]


def test_with_id_stdout_holds_the_id_alone(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), the_end("two")))

    assert place.run("create", "task", "x", "-w", "-o", "id").stdout == f"{TASK_ID}\n"


def test_quiet_leaves_the_output_alone(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), the_end("two")))

    result = place.run("create", "task", "x", "-w", "-q")

    assert (result.stdout, result.stderr) == ("one\ntwo\n", "")


def test_a_home_that_goes_away_for_a_while_is_borne(place: Place, home_that: HomeThat) -> None:
    away = [
        a_refusal(503, "Unavailable", "Not now."),
        Says(b"<html>", 502),
        a_refusal(500, "InternalError", "Oh."),
    ]
    home_that(a_story(some_lines("one"), *away, the_end("two")))

    result = place.run("create", "task", "x", "-w")

    assert (result.returncode, result.stdout) == (0, "one\ntwo\n")
    assert "lost the home, trying again: Not now." in result.stderr


CLOSED = a_refusal(
    403,
    "OutputForbidden",
    f"The output of task {TASK_ID} is in the log group /other, which tapit may not read: not authorized",
    Hint="Whoever runs tapit should deploy it again, with /other among its LogGroups.",
)


def a_closed_log_group(*pages: Page, ending: Page) -> Answers:
    """A task whose output may not be read, or not after these pages, and that runs for a while."""
    output = iter([Says(page) for page in pages])
    looks = iter([a_task(revision=4), a_task(revision=5), ending])
    started = a_task(status="PENDING", revision=1, started_at=None)

    def answers(asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(started, 201)
        return next(output, CLOSED) if asked.path.endswith("/logs") else Says(next(looks, ending))

    return answers


@pytest.mark.parametrize("pages", [[], [some_lines("one")]])
def test_a_task_whose_output_may_not_be_read_is_waited_for_without_it(
    pages: list[Page], place: Place, home_that: HomeThat
) -> None:
    home = home_that(a_closed_log_group(*pages, ending=a_finished_task(7)))

    result = place.run("create", "task", "x", "-w")

    assert (result.returncode, result.stdout) == (7, "one\n" if pages else "")
    assert result.stderr.count("no output: The output of task") == 1
    assert "  → Whoever runs tapit should deploy it again, with /other among its LogGroups." in result.stderr
    assert f"✗ {TASK_ID} failed with exit code 7 after 3s" in result.stderr
    assert len([asked for asked in home.asked if asked.path.endswith("/logs")]) == len(pages) + 1


def test_that_the_output_is_missing_is_no_news_that_quiet_silences(place: Place, home_that: HomeThat) -> None:
    home_that(a_closed_log_group(ending=a_finished_task(0)))

    result = place.run("create", "task", "x", "-w", "-q")

    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith("no output: ")


def test_on_a_terminal_it_is_told_above_the_line_that_moves(place: Place, home_that: HomeThat) -> None:
    home_that(a_closed_log_group(ending=a_finished_task(0)))

    said = run_at_a_terminal(place, "create", "task", "x", "-w").lines()

    assert len([line for line in said if line.startswith("no output: ")]) == 1


def test_a_failure_that_was_waited_for_says_why_its_output_is_not_shown(
    place: Place, home_that: HomeThat
) -> None:
    home_that(a_closed_log_group(ending=a_finished_task(7)))

    waited = place.run("wait", TASK_ID)

    assert waited.returncode == 7
    assert waited.stderr.count("which tapit may not read") == 1
    assert "which tapit may not read" in place.run("show", "task", TASK_ID, "-o", "table").stdout


@pytest.mark.parametrize("words", [["logs"], ["logs", "-f"]])
def test_logs_that_may_not_be_read_are_refused_at_once(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    home = home_that(a_closed_log_group(ending=a_finished_task(0)))

    refused = place.run(*words, TASK_ID)

    assert (refused.returncode, refused.stdout, len(home.asked)) == (4, "", 1)
    assert refused.stderr.startswith("error: The output of task")
    assert "with /other among its LogGroups" in refused.stderr


def test_a_connection_that_breaks_while_following_is_taken_up_again(
    place: Place, home_that: HomeThat
) -> None:
    pages = iter([some_lines("one", next="c1"), None, the_end("two")])

    def answers(_asked: Asked) -> Says:
        page = next(pages)
        if page is None:
            raise HangsUp
        return Says(page)

    home = home_that(answers)

    result = place.run("logs", "-f", TASK_ID)

    assert (result.returncode, result.stdout) == (0, "one\ntwo\n")
    assert [asked.query.get("cursor") for asked in home.asked] == [None, "c1", "c1"]


def test_following_says_once_that_the_home_was_lost(place: Place, home_that: HomeThat) -> None:
    away = a_refusal(503, "Unavailable", "Not now.")
    told = f"Lost the home, trying again; the output of {TASK_ID} goes on from where it was: Not now.\n"

    home_that(a_story(some_lines("one"), away, away, some_lines("two"), away, the_end()))
    assert place.run("logs", "-f", TASK_ID).stderr == told * 2

    home_that(a_story(some_lines("one"), away, the_end()))
    assert place.run("logs", "-f", TASK_ID, "-q").stderr == ""


@pytest.mark.parametrize("words", [("create", "task", "x", "-w"), ("logs", "-f", TASK_ID)])
def test_a_home_that_never_comes_back_is_given_up(
    words: tuple[str, ...], place: Place, home_that: HomeThat
) -> None:
    pages = iter([Says(a_task(), 201)] * words.count("-w") + [Says(some_lines("one"))])

    def answers(_asked: Asked) -> Says:
        for page in pages:
            return page
        raise HangsUp

    home_that(answers)
    script = "from tapit import follow, main; follow.PATIENCE = 0.5; main.main()"

    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == (125 if "-w" in words else 5)
    assert f"error: lost the home while waiting; task {TASK_ID} may go on" in done.stderr
    assert done.stderr.endswith(f"→ tapit wait task={TASK_ID}\n")


def test_a_task_that_is_gone_ends_the_waiting_with_125(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), a_refusal(404, "TaskNotFound", "There is no task.")))

    assert place.run("create", "task", "x", "-w").returncode == 125


def test_a_timeout_names_the_task_and_what_to_do(place: Place, home_that: HomeThat) -> None:
    home_that(lambda asked: Says(a_task(), 201) if asked.method == "POST" else Says(some_lines()))

    result = place.run("create", "task", "x", "-w", "--timeout", "1")

    assert result.returncode == 124
    assert f"error: task {TASK_ID} has not ended within 1s (RUNNING)" in result.stderr
    assert f"tapit wait task={TASK_ID}" in result.stderr


def test_wait_passes_its_timeout_on_as_124(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task()))

    assert place.run("wait", TASK_ID, "timeout=1s").returncode == 124


def test_a_timeout_is_kept_while_the_home_says_nothing(place: Place, home_that: HomeThat) -> None:
    def answers(asked: Asked) -> Says:
        if "wait" in asked.query:
            threading.Event().wait(30)
        return Says(a_task())

    home_that(answers)
    started = time.monotonic()

    result = place.run("wait", TASK_ID, "timeout=1s")

    assert result.returncode == 124
    assert time.monotonic() - started < 5
    assert "lost the home" not in result.stderr


def test_a_closed_pipe_is_quiet(place: Place, home_that: HomeThat) -> None:
    pages = [some_lines(*["x" * 1000] * 1000) for _ in range(20)]
    home_that(a_story(*pages, the_end()))

    shell = f"{{ tapit logs -f {TASK_ID}; echo $? >&2; }} | head -1"
    done = subprocess.run(
        ["bash", "-c", shell], env=place.env, capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.stdout, done.stderr) == ("x" * 1000 + "\n", "141\n")


def test_a_full_disk_is_told(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(the_end("one")))

    done = subprocess.run(
        ["bash", "-c", f"tapit logs {TASK_ID} > /dev/full"],
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"CI": "true"}])
def test_where_a_line_cannot_move_it_does_not_try(
    env: dict[str, str], place: Place, home_that: HomeThat
) -> None:
    home_that(a_story(some_lines("one"), the_end()))
    place.env |= env

    said = run_at_a_terminal(place, "create", "task", "x", "-w").raw

    assert "\x1b[2K" not in said
    assert f"{TASK_ID} RUNNING" in said
