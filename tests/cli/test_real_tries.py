"""Tasks that are tried again, typed at the real local home: whoever waits is told of the last try."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Place
from tests.local.supervisor.supervised_task import until

AGAIN = ("retries=2", "retry_on=exit:75", "retry_wait=0")


def failing_once(place: Path) -> str:
    """A command that fails the first time, and says which time it is."""
    return f"test -e {place}/tried && echo second || {{ touch {place}/tried; echo first; exit 75; }}"


def created(machine: Place, *words: str) -> str:
    result = machine.run("-o", "id", "create", "task", *words)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def shown(machine: Place, task_id: str) -> Any:
    return json.loads(machine.run("show", "task", f"task={task_id}").stdout)


def test_waiting_follows_to_the_last_try_whose_exit_code_counts(machine: Place, tmp_path: Path) -> None:
    result = machine.run("create", "task", "-w", *AGAIN, failing_once(tmp_path))

    assert (result.returncode, result.stdout) == (0, "first\nsecond\n")
    assert "failed with exit code 75" in result.stderr
    assert ", attempt 2 of 3." in result.stderr
    assert "succeeded after" in result.stderr.splitlines()[-1]


def test_the_exit_code_of_a_task_that_never_succeeds_is_the_last_ones(machine: Place) -> None:
    result = machine.run("create", "task", "-w", *AGAIN, "echo one; exit 75")

    assert (result.returncode, result.stdout) == (75, "one\n" * 3)
    assert result.stderr.count("failed with exit code 75") == 3
    assert result.stderr.count("tapit show task") == 1  # of the last one


def test_wait_and_logs_go_on_from_the_first_try_though_it_is_over(machine: Place, tmp_path: Path) -> None:
    first = created(machine, *AGAIN, failing_once(tmp_path))

    followed = machine.run("logs", "-f", first)
    waited = machine.run("-o", "json", "wait", first)

    assert (followed.returncode, followed.stdout) == (0, "first\nsecond\n")
    assert f"Task {first} is tried again as " in followed.stderr
    assert waited.returncode == 0
    last = json.loads(waited.stdout)
    assert (last["status"], last["retry_of"], last["try_number"]) == ("SUCCEEDED", first, 2)


def test_show_lists_all_tries_and_the_list_marks_them(machine: Place, tmp_path: Path) -> None:
    machine.run("create", "task", "-w", *AGAIN, failing_once(tmp_path))
    last, first, *_ = json.loads(machine.run("list", "tasks").stdout)

    told = machine.run("-o", "table", "show", "task", first["id"]).stdout
    listed = machine.run("-o", "table", "list", "tasks").stdout

    assert "2 at most, after exit:75" in told
    assert f"{first['id']}  attempt 1  FAILED (75)    this one" in told
    assert f"{last['id']}  attempt 2  SUCCEEDED" in told
    assert (
        f"It was tried again as task {last['id']}, attempt 2 of 3. How that went: tapit show task"
        in " ".join(told.split())
    )
    assert "SUCCEEDED (attempt 2 of 3)" in listed
    assert "FAILED (75, attempt 1 of 3)" in listed


def test_a_stop_of_the_first_try_names_the_next_and_a_stop_of_that_ends_all(machine: Place) -> None:
    first = created(machine, "retries=5", "retry_on=exit:75", "retry_wait=1h", "exit 75")
    second = until(lambda: shown(machine, first)["retried_by"])
    waiting = machine.run("--timeout", "3s", "wait", first)

    stopped = machine.run("stop", first)
    ended = machine.run("stop", second)

    assert (waiting.returncode, second in waiting.stderr) == (124, True)
    assert f"tapit stop task={second}" in stopped.stderr
    assert json.loads(ended.stdout)["status"] == "STOPPED"
    assert [each["status"] for each in shown(machine, first)["tries"]] == ["FAILED", "STOPPED"]


def test_whoever_asks_about_an_old_try_is_sent_to_the_last_one(machine: Place) -> None:
    first = created(machine, *AGAIN, "echo one; exit 75")
    machine.run("wait", first)
    *_, last = [each["id"] for each in shown(machine, first)["tries"]]

    stopped = machine.run("stop", first)
    read = machine.run("logs", first)
    told = machine.run("-o", "table", "show", "task", first)

    assert f"its last try: tapit show task task={last}" in stopped.stderr
    assert "tapit stop" not in stopped.stderr
    assert f"last try: tapit logs task={last}" in read.stderr
    assert f"tapit show task task={last}    its last try" in told.stdout


def test_ctrl_c_that_cancels_stops_the_try_that_is_waited_for(machine: Place) -> None:
    waiting = machine.start(
        "create",
        "task",
        "-w",
        "--cancel-on-interrupt",
        "retries=1",
        "retry_on=exit:75",
        "retry_wait=1h",
        "exit 75",
    )
    assert waiting.stderr is not None
    said = ""
    while "attempt 2 of 2)" not in said:
        said += waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    _, rest = waiting.communicate(timeout=30)

    assert waiting.returncode == 130
    second = said.split("Trying again: task ")[1].split(",")[0]
    assert f"Stopping task {second} (STOPPED)." in rest
    assert shown(machine, second)["status"] == "STOPPED"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["retries=11"], "goes from 0 to 10"),
        (["retries=1", "retry_on=exit:0"], "0 is the exit code of a task that succeeded"),
        (["retries=1", "retry_on=exit:300"], "exit codes from 1 to 255"),
        (["retries=1", "retry_on=75"], "did you mean retry_on=exit:75?"),
        (["retries=1", "retry_on=infrastucture"], "did you mean retry_on=infrastructure?"),
        (["retries=1", "retry_on=spot,"], "empty part"),
        (["retries=1", "retry_wait=2h"], "goes from 0 to 1h"),
        (["retry_on=spot"], "retries="),
        (["retry_wait=10s"], "retries="),
    ],
)
def test_what_cannot_be_is_refused_in_the_words_that_were_typed(
    machine: Place, words: list[str], said: str
) -> None:
    result = machine.run("create", "task", *words, "true")

    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.mark.parametrize("words", [["retries=2"], ["retry_on=spot"], ["retry_wait=1m"]])
def test_a_command_at_a_terminal_is_not_tried_again(machine: Place, words: list[str]) -> None:
    result = machine.run("run", *words, "true")

    assert result.returncode == 125
    assert "tapit create task runs one that needs nobody" in result.stderr
