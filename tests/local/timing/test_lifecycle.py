"""A task's life on the local home, through HTTP, with real processes."""

import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from local.process_driver import process_tree
from local.runs.run_folder import Running
from tests.home_process import BIN, HomeProcess
from tests.http_client import LONGEST_WAIT, Api
from tests.local.supervisor.supervised_task import ESCAPE, until

A_SECOND = 1 / 3600  # hours


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def statuses(task: Any) -> list[str]:
    return [line["status"] for line in task["history"]]


# Ends


def test_a_task_that_exits_with_zero_succeeds(api: Api, app: str) -> None:
    task = api.run(app, "echo hello")

    assert (task["status"], task["exit_code"], task["ended_by"]) == ("SUCCEEDED", 0, "exit")
    assert task["created_at"] <= task["started_at"] <= task["stopped_at"] < task["expires_at"]
    assert (task["diagnosis"], task["stop_cause"], task["waiting_for"]) == (None, None, None)
    assert api.lines(task["id"]) == ["hello"]


@pytest.mark.parametrize("code", [1, 2, 126, 127, 255])
def test_a_task_that_exits_with_another_code_fails_with_it(api: Api, app: str, code: int) -> None:
    task = api.run(app, f"exit {code}")

    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", code, "exit")
    assert str(code) in task["diagnosis"]["what"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_task_killed_by_a_signal_fails_with_128_and_its_number(
    api: Api, app: str, number: signal.Signals
) -> None:
    task = api.run(app, f"kill -{int(number)} $$")

    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 128 + number, "exit")
    assert number.name in task["diagnosis"]["what"]


def test_a_command_that_is_not_there_is_diagnosed(api: Api, app: str) -> None:
    task = api.run(app, "no-such-command-at-all")

    assert "not found" in task["diagnosis"]["what"]


def test_a_working_directory_that_is_not_there_is_a_task_that_never_started(home: HomeProcess) -> None:
    task = home.api.run(home.new_app(workdir="/no/such/place"), "true")

    assert (task["status"], task["ended_by"], task["exit_code"]) == ("FAILED", "start_failure", None)
    assert "/no/such/place" in task["diagnosis"]["what"]
    assert task["started_at"] is None


def test_a_task_over_its_memory_is_said_to_be_out_of_memory(api: Api, app: str) -> None:
    hungry = f"{sys.executable} -c 'x = bytearray(900 << 20); import time; time.sleep(1000)'"

    task = api.run(app, hungry, memory=0.5)

    assert (task["status"], task["ended_by"]) == ("FAILED", "out_of_memory")
    assert "0.5 GB" in task["diagnosis"]["what"]
    assert "memory=1" in task["diagnosis"]["next"]


# Time limits


def test_a_task_past_its_time_limit_is_stopped_and_never_early(api: Api, app: str) -> None:
    task = api.run(app, "echo up; exec sleep 1000", max_hours=A_SECOND)

    assert (task["status"], task["ended_by"]) == ("TIMED_OUT", "deadline")
    assert (task["stop_cause"] or {"kind": "deadline"})[
        "kind"
    ] == "deadline"  # the server may have seen it first
    assert moment(task["deadline"]) - moment(task["started_at"]) == timedelta(seconds=1)
    assert moment(task["stopped_at"]) >= moment(task["deadline"])
    assert "max_hours=" in task["diagnosis"]["what"]


@pytest.mark.slow
def test_a_longer_limit_is_heard_while_the_task_runs(api: Api, app: str) -> None:
    task = api.create(app, "while ! [ -e done ]; do sleep 0.05; done", max_hours=5 * A_SECOND)
    extended = api.patch(f"/tasks/{task['id']}", {"max_hours": 1})
    began = moment(api.wait_until(task["id"], "RUNNING")["started_at"])
    until(lambda: datetime.now(began.tzinfo) > began + timedelta(seconds=5.5))

    assert extended["max_hours"] == 1
    assert api.show(task["id"])["status"] == "RUNNING"
    assert api.stop(task["id"])["status"] == "STOPPING"


def test_a_shorter_limit_is_heard_while_the_task_runs(api: Api, app: str) -> None:
    task = api.create(app, "exec sleep 1000")
    api.wait_until(task["id"], "RUNNING")

    api.patch(f"/tasks/{task['id']}", {"max_hours": A_SECOND / 10})

    assert api.finished(task["id"])["status"] == "TIMED_OUT"


def test_a_limit_can_be_taken_away(api: Api, app: str) -> None:
    task = api.create(app, "exec sleep 1000", max_hours=1)
    api.wait_until(task["id"], "RUNNING")

    extended = api.patch(f"/tasks/{task['id']}", {"max_hours": "none"})

    assert (extended["max_hours"], extended["deadline"]) == (None, None)
    assert api.stop(task["id"])["status"] == "STOPPING"


def test_a_task_that_is_being_stopped_for_its_time_cannot_be_extended(home: HomeProcess, app: str) -> None:
    slow_to_go = "until [ -e go ]; do sleep 0.02; done"
    line = f"trap 'echo going; {slow_to_go}; exit 5' TERM; echo up; while :; do sleep 0.02; done"
    task = home.api.create(app, line)
    home.api.says(task["id"], "up")
    home.api.patch(f"/tasks/{task['id']}", {"max_hours": A_SECOND / 10})
    home.api.says(task["id"], "going")

    refused = home.api.ask("PATCH", f"/tasks/{task['id']}", {"max_hours": 5})

    assert (refused.status, refused.json["Code"]) == (409, "TaskFinished")
    (home.folder(task["id"]).path / "work" / "go").touch()
    assert home.api.finished(task["id"])["status"] == "TIMED_OUT"


# Stops


def test_a_stopped_task_names_who_stopped_it(api: Api, app: str) -> None:
    task = api.create(app, "exec sleep 1000")
    api.wait_until(task["id"], "RUNNING")

    stopping = api.stop(task["id"])
    stopped = api.finished(task["id"])

    assert stopping["status"] == "STOPPING"
    assert (stopped["status"], stopped["ended_by"], stopped["exit_code"]) == ("STOPPED", "user", 143)
    assert stopped["stop_cause"]["by"] in stopped["diagnosis"]["what"]
    assert statuses(stopped) == ["PENDING", "STARTING", "RUNNING", "STOPPING", "STOPPED"]


def test_a_task_stopped_right_after_its_creation_ends_all_the_same(api: Api, app: str) -> None:
    task = api.create(app, "exec sleep 1000")

    api.stop(task["id"])

    assert api.finished(task["id"])["status"] == "STOPPED"


def test_a_task_that_ends_by_itself_while_it_is_stopped_keeps_its_own_outcome(api: Api, app: str) -> None:
    task = api.create(app, "trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done")
    api.says(task["id"], "up")

    api.stop(task["id"])
    stopped = api.finished(task["id"])

    assert (stopped["exit_code"], stopped["stop_cause"]["kind"]) == (0, "user")


@pytest.mark.slow
def test_a_stop_ends_the_whole_tree_even_what_ignores_it(home: HomeProcess) -> None:
    api = home.api
    task = api.create(
        home.new_app(stop_timeout=2), f"{ESCAPE} trap '' TERM; echo up; while :; do sleep 0.1; done"
    )
    api.says(task["id"], "up")
    api.says(task["id"], "at large")

    api.stop(task["id"])
    stopped = api.finished(task["id"])

    assert (stopped["status"], stopped["exit_code"]) == ("STOPPED", 137)
    assert process_tree.tagged(task["id"]) == []


def test_a_removed_task_leaves_nothing(home: HomeProcess, app: str) -> None:
    task = home.api.run(app, "echo hello")

    home.api.delete(f"/tasks/{task['id']}")

    assert home.api.ask("GET", f"/tasks/{task['id']}").status == 404
    assert not home.folder(task["id"]).path.exists()


def test_a_task_whose_supervisor_was_killed_failed_with_its_surroundings(home: HomeProcess, app: str) -> None:
    task = home.api.create(app, "echo up; exec sleep 1000", max_hours=24)
    home.api.says(task["id"], "up")
    state = home.folder(task["id"]).state()
    assert isinstance(state, Running)

    os.kill(state.supervisor_pid, signal.SIGKILL)
    ended = home.api.finished(task["id"])

    assert (ended["status"], ended["ended_by"]) == ("FAILED", "infrastructure")
    assert "supervised" in ended["reason"]
    until(lambda: process_tree.tagged(task["id"]) == [])


def test_a_supervisor_killed_as_its_task_starts_is_noticed_as_soon(home: HomeProcess, app: str) -> None:
    task = home.api.create(app, "kill -9 $PPID; exec sleep 1000")

    ended = home.api.finished(task["id"])

    assert (ended["status"], ended["ended_by"]) == ("FAILED", "infrastructure")
    until(lambda: process_tree.tagged(task["id"]) == [])


# What a task sees


def test_a_task_has_the_apps_environment_and_nothing_else_of_the_servers(new_home: Any) -> None:
    home = new_home().start(SECRET_OF_THE_SERVER="x", TERM="dumb", LC_ALL="C")
    app = home.new_app(environment={"APP_NAME": "shop", "MULTI": "a\nb=c"})

    task = home.api.run(app, "exec env -0")

    seen = dict(part.split("=", 1) for part in "\n".join(home.api.lines(task["id"])).split("\0") if part)
    assert seen.pop("PWD", None) == str(home.folder(task["id"]).path / "work")
    assert seen == {
        "PATH": home.env["PATH"].removeprefix(f"{BIN}:"),  # tapit's own programs are not the task's
        "HOME": home.env["HOME"],
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "APP_NAME": "shop",
        "MULTI": "a\nb=c",
        "TAPIT_TASK_ID": task["id"],
        "TAPIT_APP": app,
    }


def test_a_task_runs_in_the_apps_working_directory(home: HomeProcess, tmp_path: Path) -> None:
    task = home.api.run(home.new_app(workdir=str(tmp_path)), "pwd")

    assert home.api.lines(task["id"]) == [str(tmp_path)]


def test_without_one_a_task_has_an_empty_directory_of_its_own(api: Api, app: str) -> None:
    one, other = (api.run(app, "pwd; ls -A; touch left-behind") for _ in range(2))

    (here,), (there,) = api.lines(one["id"]), api.lines(other["id"])
    assert here != there


def test_a_command_arrives_unchanged(api: Api, app: str) -> None:
    command = 'X="a  b"; printf "%s|" "$X" \'$X\' "grüße 🎉" && echo end | tr a-z A-Z\nprintf "%s" "\\two"'

    task = api.run(app, command)

    assert api.lines(task["id"]) == ["a  b|$X|grüße 🎉|END", "\\two"]


def test_a_task_has_no_input(api: Api, app: str) -> None:
    assert api.lines(api.run(app, "cat; echo done")["id"]) == ["done"]


# Output


def test_the_output_is_complete_to_the_last_byte(api: Api, app: str) -> None:
    task = api.create(app, "seq 1 200000; printf 'no newline'")

    assert api.lines(task["id"]) == [*map(str, range(1, 200_001)), "no newline"]


def test_both_streams_are_kept_in_their_order(api: Api, app: str) -> None:
    task = api.create(app, "for n in 1 2 3; do echo out $n; echo err $n >&2; done")

    assert api.lines(task["id"]) == [f"{stream} {n}" for n in (1, 2, 3) for stream in ("out", "err")]


def test_the_last_lines_can_be_asked_for_alone(api: Api, app: str) -> None:
    task = api.run(app, "seq 1 100")

    page = api.get(f"/tasks/{task['id']}/logs", tail=2)

    assert ([line["message"] for line in page["items"]], page["complete"]) == (["99", "100"], True)


# Waiting


def test_waiting_for_a_task_is_answered_by_its_end(api: Api, app: str, tmp_path: Path) -> None:
    task = api.create(app, f"echo up; while ! [ -e {tmp_path}/go ]; do sleep 0.02; done; exit 3")
    answers = [api.wait_until(task["id"], "RUNNING")]

    def wait_for_news() -> None:
        while answers[-1]["status"] == "RUNNING":  # that its start was accepted may be news of its own
            answers.append(api.show(task["id"], wait=LONGEST_WAIT, revision=answers[-1]["revision"]))

    waiting = Thread(target=wait_for_news)
    waiting.start()
    (tmp_path / "go").touch()
    waiting.join()

    assert (answers[-1]["status"], answers[-1]["exit_code"]) == ("FAILED", 3)
    assert len(answers) <= 3


def test_waiting_for_output_is_answered_by_it(api: Api, app: str, tmp_path: Path) -> None:
    task = api.create(
        app, f"echo one; while ! [ -e {tmp_path}/go ]; do sleep 0.02; done; echo two; exec sleep 1000"
    )
    api.says(task["id"], "one")
    page = api.get(f"/tasks/{task['id']}/logs", tail=1)
    answers = [page | {"items": []}]

    def wait_for_output() -> None:
        while not answers[-1]["items"]:  # a change of status is news too
            query = {"cursor": page["next"], "revision": answers[-1]["revision"], "wait": LONGEST_WAIT}
            answers.append(api.get(f"/tasks/{task['id']}/logs", **query))

    waiting = Thread(target=wait_for_output)
    waiting.start()
    (tmp_path / "go").touch()
    waiting.join()

    assert [line["message"] for line in answers[-1]["items"]] == ["two"]
    assert len(answers) <= 4
    api.stop(task["id"])


# Many


def test_a_repeated_request_runs_its_command_once(api: Api, app: str, tmp_path: Path) -> None:
    body = {"command": f"echo ran >> {tmp_path}/ran"}
    headers = {"Idempotency-Key": app}

    made = [api.ask("POST", f"/apps/{app}/tasks", body, headers=headers).json["id"] for _ in range(5)]
    api.finished(made[0])

    assert len(set(made)) == 1
    assert (tmp_path / "ran").read_text() == "ran\n"


@pytest.mark.slow
def test_fifty_tasks_at_once_all_end_as_they_should(api: Api, app: str) -> None:
    made = [api.create(app, f"echo {n}; exit {n % 3}")["id"] for n in range(50)]

    ended = [api.finished(task_id) for task_id in made]

    assert [task["exit_code"] for task in ended] == [n % 3 for n in range(50)]
    assert [api.lines(task_id) for task_id in made] == [[str(n)] for n in range(50)]


def test_a_task_can_be_given_less_time_whatever_its_app_allows_by_now(api: Api, app: str) -> None:
    task = api.create(app, "exec sleep 1000", max_hours=8)
    api.patch(
        f"/apps/{app}", {"limits": {"max_hours": 2, "max_cpu": 0.25, "max_memory": 0.5}, "max_hours": 1}
    )

    assert api.patch(f"/tasks/{task['id']}", {"max_hours": 4})["max_hours"] == 4
    refused = api.ask("PATCH", f"/tasks/{task['id']}", {"max_hours": 5})
    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")
    api.stop(task["id"])


def test_a_tasks_size_is_no_reason_against_more_time(api: Api, app: str) -> None:
    task = api.create(app, "exec sleep 1000", max_hours=1, cpu=1, memory=2)
    api.patch(f"/apps/{app}", {"limits": {"max_cpu": 0.5}})

    assert api.patch(f"/tasks/{task['id']}", {"max_hours": 2})["max_hours"] == 2
    api.stop(task["id"])
