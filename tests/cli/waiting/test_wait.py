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


def run_with(place: Place, setting: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with a setting of another value, so that nobody has to wait for it."""
    script = f"from tapit import main; from tapit.waiting import follow_log, watch; {setting}; main.main()"
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def a_story(*pages: Page | Says, ending: Page | None = None, task: Page | None = None) -> Answers:
    """A task that is created, gives these pages of output, and ends. A refusal among them is for whatever is asked."""
    rest = list(pages)
    started = task or a_task(status="PENDING", revision=1, started_at=None)

    def answers(asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(a_task(status="STOPPING") if asked.path.endswith("/stop") else started, 201)
        if "tail" in asked.query:
            return Says(some_lines("the", "tail"))
        if asked.path.endswith("/logs") or (rest and isinstance(rest[0], Says)):
            page = rest.pop(0)
            return page if isinstance(page, Says) else Says(page)
        return Says(a_task() if rest else ending or a_finished_task())

    return answers


def the_end(*messages: str, status: str = "SUCCEEDED") -> Page:
    return some_lines(*messages, status=status, complete=True, revision=9)


def test_output_goes_to_stdout_and_news_to_stderr(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), some_lines(status="STOPPING", revision=5), the_end("two")))

    result = place.run("create", "task", "-w", "x")

    assert result.returncode == 0
    assert result.stdout == "one\ntwo\n"
    assert result.stderr.splitlines()[0] == f"Created task {TASK_ID}."
    assert [line.split()[1] for line in result.stderr.splitlines()[1:-1]] == ["RUNNING", "STOPPING"]
    assert result.stderr.splitlines()[-1] == f"✓ {TASK_ID} succeeded after 3s"


LOCKED = {
    "status": "PENDING",
    "revision": 1,
    "started_at": None,
    "waiting_for": "lock migrate, held by 1jd3m8k7x2qg",
}


@pytest.mark.parametrize("words", [["create", "task", "-w", "x"], ["wait", TASK_ID]])
def test_what_a_task_waits_for_is_told_once_and_again_when_it_is_something_else(
    place: Place, home_that: HomeThat, words: list[str]
) -> None:
    waits = [LOCKED["waiting_for"], LOCKED["waiting_for"], "lock migrate, held by 1jd3m8k7x2qh"]
    reasons = iter([*waits, *waits[-1:]])

    def answers(asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(a_task(**LOCKED | {"waiting_for": next(reasons)}), 201)
        reason = next(reasons, None)
        if asked.path.endswith("/logs"):
            return Says(some_lines(status="PENDING", waiting_for=reason) if reason else the_end())
        return Says(a_task(**LOCKED | {"waiting_for": reason}) if reason else a_finished_task())

    home_that(answers)

    told = place.run(*words).stderr.splitlines()

    first, second = (line for line in told if "waiting for" in line)
    assert first.endswith("waiting for lock migrate, held by 1jd3m8k7x2qg")
    assert second.endswith("waiting for lock migrate, held by 1jd3m8k7x2qh")


def test_what_the_next_try_waits_for_is_told_before_the_home_has_news_of_it(
    place: Place, home_that: HomeThat
) -> None:
    waiting = a_task(**LOCKED | {"id": "1jd3m8k7x2qz", "waiting_for": "the 30s between two tries"})
    first = a_finished_task(75, retried_by=waiting["id"])

    def answers(asked: Asked) -> Says:
        if waiting["id"] in asked.path:
            return Says(a_finished_task(0) if "wait" in asked.query else waiting)
        return Says(some_lines("one") if asked.path.endswith("/logs") else first)

    home_that(answers)

    told = place.run("wait", TASK_ID).stderr

    assert "PENDING" in told
    assert "waiting for the 30s between two tries" in told


def test_a_task_that_prints_is_said_to_run_before_its_lines_are_shown(
    place: Place, home_that: HomeThat
) -> None:
    """The lines may be there before the platform has told the home that the task runs."""
    pulls: dict[str, Any] = {"status": "STARTING", "waiting_for": "pulling shop:1"}
    early = some_lines("one", **pulls), some_lines(**pulls)
    home_that(a_story(*early, some_lines("two"), the_end()))
    shell = "tapit create task -w x 2>&1"

    done = subprocess.run(
        ["bash", "-c", shell], env=place.env, capture_output=True, text=True, check=False, timeout=60
    )

    told = [line.split()[1] if TASK_ID in line else line for line in done.stdout.splitlines()]
    assert told[-4:] == ["RUNNING", "one", "two", TASK_ID]
    assert "waiting for" not in done.stdout


def test_the_cursor_and_the_revision_are_handed_on(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_story(some_lines("one", next="c7", revision=4), the_end()))

    place.run("create", "task", "-w", "x")

    first, second = (asked.query for asked in home.asked if asked.path.endswith("/logs"))
    assert first == {"wait": "20", "revision": "1"}
    assert second == {"wait": "20", "revision": "4", "cursor": "c7"}


def test_the_last_lines_after_the_end_are_not_lost(place: Place, home_that: HomeThat) -> None:
    late = some_lines("almost", status="SUCCEEDED", revision=9)
    home_that(a_story(late, some_lines(status="SUCCEEDED", revision=9), the_end("last")))

    assert place.run("create", "task", "-w", "x").stdout == "almost\nlast\n"


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

    assert place.run("create", "task", "-w", "x").returncode == code
    assert place.run("wait", TASK_ID).returncode == code


def test_a_failure_says_why(place: Place, home_that: HomeThat) -> None:
    ending = a_finished_task(
        137, diagnosis={"what": "Out of memory: it used 4 of 4 GB.", "next": "More memory."}
    )
    home_that(a_story(the_end(status="FAILED"), ending=ending))

    told = place.run("create", "task", "-w", "x").stderr

    assert (
        f"✗ {TASK_ID} failed with exit code 137 after 3s: Out of memory: it used 4 of 4 GB\n"
        "  → More memory.\n"
        f"  more:     tapit show task task={TASK_ID}\n"
    ) in told


def test_nobody_is_sent_to_look_at_what_was_just_printed(place: Place, home_that: HomeThat) -> None:
    diagnosis = {"what": "The command failed with exit code 7.", "next": "Look at the end of its output."}
    home_that(a_story(the_end(status="FAILED"), ending=a_finished_task(7, diagnosis=diagnosis)))

    assert "→" not in place.run("create", "task", "-w", "x").stderr


def test_a_task_that_never_started_is_not_said_to_have_failed_at_anything(
    place: Place, home_that: HomeThat
) -> None:
    ending = a_finished_task(
        None,
        status="FAILED",
        ended_by="start_failure",
        diagnosis={"what": "It never started, in 2 attempts: no such image", "next": "Build it."},
    )
    home_that(a_story(the_end(status="FAILED"), ending=ending))

    told = place.run("create", "task", "-w", "x").stderr

    assert f"✗ {TASK_ID} never started, in 2 attempts: no such image\n  → Build it.\n" in told


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (
            a_finished_task(
                None,
                status="FAILED",
                ended_by="start_failure",
                diagnosis={"what": "It never started: no such image.", "next": "Build it."},
            ),
            f"error: task {TASK_ID} never started: no such image\n",
        ),
        (a_finished_task(None, status="LOST", ended_by="lost"), f"error: task {TASK_ID} was lost after 3s\n"),
        (a_finished_task(7), ""),
    ],
    ids=["never started", "lost", "failed by itself"],
)
def test_an_end_without_an_exit_code_is_an_error_that_quiet_does_not_silence(
    ending: Page, told: str, place: Place, home_that: HomeThat
) -> None:
    home_that(a_story(the_end(status=ending["status"]), ending=ending))

    assert place.run("create", "task", "-q", "-w", "x").stderr == told
    assert place.run("wait", "-q", TASK_ID).stderr == told


def test_wait_shows_the_last_lines_of_a_failure_on_stderr(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(ending=a_finished_task(7)))

    result = place.run("wait", TASK_ID, "-o", "id")

    assert "the\ntail\n" in result.stderr
    assert result.stdout == ""


def test_wait_looks_at_the_task_alone_until_it_has_ended(place: Place, home_that: HomeThat) -> None:
    """Output may go on for some seconds after the end, and is none of its business."""
    looks = iter([a_task(), a_task(revision=2), a_finished_task(0)])
    home = home_that(lambda _asked: Says(next(looks)))

    assert place.run("wait", TASK_ID).returncode == 0
    assert [asked.path for asked in home.asked] == [f"/tasks/{TASK_ID}"] * 3


def test_with_json_stdout_holds_the_finished_task_alone(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), the_end("two")))

    result = place.run("create", "task", "-w", "-o", "json", "x")

    assert json.loads(result.stdout)["status"] == "SUCCEEDED"
    assert [line for line in result.stderr.splitlines() if line in ("one", "two")] == ["one", "two"]


def test_with_id_stdout_holds_the_id_alone(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), the_end("two")))

    assert place.run("create", "task", "-w", "-o", "id", "x").stdout == f"{TASK_ID}\n"


def test_quiet_leaves_the_output_alone(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), the_end("two")))

    result = place.run("create", "task", "-w", "-q", "x")

    assert (result.stdout, result.stderr) == ("one\ntwo\n", "")


def test_a_home_that_goes_away_for_a_while_is_borne(place: Place, home_that: HomeThat) -> None:
    away = [
        a_refusal(503, "Unavailable", "Not now."),
        Says(b"<html>", 502),
        a_refusal(500, "InternalError", "Oh."),
    ]
    home_that(a_story(some_lines("one"), *away, the_end("two")))

    result = place.run("create", "task", "-w", "x")

    assert (result.returncode, result.stdout) == (0, "one\ntwo\n")
    assert "lost the home, trying again: " in result.stderr


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

    result = place.run("create", "task", "-w", "x")

    assert (result.returncode, result.stdout) == (7, "one\n" if pages else "")
    assert result.stderr.count("no output: The output of task") == 1
    assert "  → Whoever runs tapit should deploy it again, with /other among its LogGroups." in result.stderr
    assert f"✗ {TASK_ID} failed with exit code 7 after 3s" in result.stderr
    assert len([asked for asked in home.asked if asked.path.endswith("/logs")]) == len(pages) + 1


def test_that_the_output_is_missing_is_no_news_that_quiet_silences(place: Place, home_that: HomeThat) -> None:
    home_that(a_closed_log_group(ending=a_finished_task(0)))

    result = place.run("create", "task", "-w", "-q", "x")

    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith("no output: ")


def test_on_a_terminal_it_is_told_above_the_line_that_moves(place: Place, home_that: HomeThat) -> None:
    home_that(a_closed_log_group(ending=a_finished_task(0)))

    said = run_at_a_terminal(place, "create", "task", "-w", "x").lines()

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

    def answers(asked: Asked) -> Says:
        if not asked.path.endswith("/logs"):
            return Says(a_task())
        page = next(pages)
        if page is None:
            raise HangsUp
        return Says(page)

    home = home_that(answers)

    result = place.run("logs", "-f", TASK_ID)

    assert (result.returncode, result.stdout, result.stderr) == (0, "one\ntwo\n", "")
    cursors = [asked.query.get("cursor") for asked in home.asked if asked.path.endswith("/logs")]
    assert cursors == [None, "c1", "c1"]


BUSY = a_refusal(
    503, "Unavailable", f"The output of task {TASK_ID} cannot be read right now: AWS is busy: Rate exceeded"
)


def without_output(*looks: Page, ending: Page) -> Answers:
    """A home that tells of a task, and never what it printed."""
    rest = iter(looks)
    started = a_task(status="PENDING", revision=1, started_at=None)

    def answers(asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(started, 201)
        return BUSY if asked.path.endswith("/logs") else Says(next(rest, ending))

    return answers


def test_a_task_whose_output_cannot_be_had_is_waited_for_to_its_end(
    place: Place, home_that: HomeThat
) -> None:
    looks = [a_task(revision=4), a_task(revision=4), a_task(status="STOPPING", revision=5)]
    home_that(without_output(*looks, ending=a_finished_task(7)))

    result = run_with(place, "follow_log.LAST_LINES_WITHIN = 0.5", "create", "task", "-w", "x")

    assert (result.returncode, result.stdout) == (7, "")
    told = [line.split(maxsplit=3)[1:] for line in result.stderr.splitlines() if line.startswith(TASK_ID)]
    assert [status for status, *_ in told] == ["RUNNING", "RUNNING", "STOPPING"]
    assert "its output cannot be read right now: The output of task" in told[1][-1]
    assert result.stderr.count("no output: The output of task") == 1
    assert f"  → tapit logs task={TASK_ID}\n" in result.stderr
    assert f"✗ {TASK_ID} failed with exit code 7 after 3s" in result.stderr


def test_output_that_can_be_had_again_goes_on(place: Place, home_that: HomeThat) -> None:
    output = iter([Says(some_lines("one")), BUSY, BUSY, Says(the_end("two"))])
    home_that(lambda asked: next(output) if asked.path.endswith("/logs") else Says(a_task()))

    result = place.run("logs", "-f", TASK_ID)

    assert (result.returncode, result.stdout) == (0, "one\ntwo\n")
    told = f"Trying again; the output of {TASK_ID} goes on from where it was: "
    assert (result.stderr.count(told), len(result.stderr.splitlines())) == (1, 1)


def test_following_the_output_of_an_ended_task_that_cannot_be_had_is_given_up(
    place: Place, home_that: HomeThat
) -> None:
    home_that(without_output(ending=a_finished_task(0)))

    result = run_with(place, "follow_log.LAST_LINES_WITHIN = 0.5", "logs", "-f", TASK_ID)

    assert result.returncode == 5
    assert f"error: The output of task {TASK_ID} cannot be read right now" in result.stderr


def test_a_cursor_that_is_too_old_ends_the_output_and_not_the_waiting(
    place: Place, home_that: HomeThat
) -> None:
    """CloudWatch Logs keeps one for a day, and a task may be silent for longer."""
    output = iter([Says(some_lines("one"))])
    too_old = a_refusal(400, "InvalidRequest", "The cursor is not valid any more.")
    looks = iter([a_task(revision=4), a_task(revision=5)])
    started = a_task(status="PENDING", revision=1, started_at=None)

    def answers(asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(started, 201)
        if asked.path.endswith("/logs"):
            return next(output, too_old)
        return Says(next(looks, a_finished_task(3)))

    home_that(answers)

    result = place.run("create", "task", "-w", "x")

    assert (result.returncode, result.stdout) == (3, "one\n")
    assert "no output: The cursor is not valid any more." in result.stderr


def test_following_says_once_that_the_home_was_lost(place: Place, home_that: HomeThat) -> None:
    away = a_refusal(503, "Unavailable", "Not now.")
    told = f"Lost the home, trying again; the output of {TASK_ID} goes on from where it was: Not now.\n"

    home_that(a_story(some_lines("one"), away, away, away, some_lines("two"), away, away, the_end()))
    assert place.run("logs", "-f", TASK_ID).stderr == told * 2

    home_that(a_story(some_lines("one"), away, away, the_end()))
    assert place.run("logs", "-f", TASK_ID, "-q").stderr == ""


@pytest.mark.parametrize("words", [("create", "task", "-w", "x"), ("logs", "-f", TASK_ID)])
def test_a_home_that_never_comes_back_is_given_up(
    words: tuple[str, ...], place: Place, home_that: HomeThat
) -> None:
    pages = iter([Says(a_task(), 201)] * words.count("-w") + [Says(some_lines("one"))])

    def answers(_asked: Asked) -> Says:
        for page in pages:
            return page
        raise HangsUp

    home_that(answers)
    done = run_with(place, "watch.PATIENCE = 0.5", *words)

    assert done.returncode == (125 if "-w" in words else 5)
    assert f"error: lost the home while waiting; task {TASK_ID} may go on" in done.stderr
    assert done.stderr.endswith(f"→ tapit wait task={TASK_ID}\n")


def test_a_task_that_is_gone_ends_the_waiting_with_125(place: Place, home_that: HomeThat) -> None:
    home_that(a_story(some_lines("one"), a_refusal(404, "TaskNotFound", "There is no task.")))

    assert place.run("create", "task", "-w", "x").returncode == 125


def test_a_timeout_names_the_task_and_what_to_do(place: Place, home_that: HomeThat) -> None:
    home_that(lambda asked: Says(a_task(), 201) if asked.method == "POST" else Says(some_lines()))

    result = place.run("create", "task", "-w", "--timeout", "1", "x")

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
    assert time.monotonic() - started < 15  # half of what the home takes
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

    said = run_at_a_terminal(place, "create", "task", "-w", "x").raw

    assert "\x1b[2K" not in said
    assert f"{TASK_ID} RUNNING" in said
