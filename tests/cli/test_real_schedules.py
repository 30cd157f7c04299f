"""Schedules typed at the real local home, which makes tasks of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import Place
from tests.local.supervisor.supervised_task import until


def soon(seconds: float = 6) -> str:
    """A time that is ahead when it is asked for, on a busy machine as well."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def created(machine: Place, *words: str) -> Any:
    made = machine.run("create", "schedule", *words)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def shown(machine: Place, name: str) -> Any:
    return json.loads(machine.run("show", "schedule", name).stdout)


def last_status(machine: Place, name: str) -> str | None:
    run = shown(machine, name)["last_run"]
    status: str | None = run and run["status"]
    return status


def test_a_time_that_comes_is_a_task_of_the_schedule(machine: Place) -> None:
    made = created(
        machine, "name=once", 'echo "from $WHO"', f"at={soon()}", "env=WHO=nightly", "tags=kind:report"
    )

    until(lambda: last_status(machine, "once") == "SUCCEEDED")

    schedule = shown(machine, "once")
    (run,) = schedule["runs"]
    (task,) = json.loads(machine.run("list", "tasks", "schedule=once").stdout)
    assert (run["time"], run["task_id"]) == (made["next_run_at"], task["id"])
    assert (task["created_by"], task["command"]) == ("schedule:once", 'echo "from $WHO"')
    late = datetime.fromisoformat(task["created_at"]) - datetime.fromisoformat(run["time"])
    assert timedelta(0) <= late < timedelta(seconds=5)
    assert machine.run("logs", task["id"]).stdout == "from nightly\n"
    assert (schedule["next_run_at"], schedule["next_runs"]) == (None, [])
    assert "State:       over" in run_at_a_terminal(machine, "show", "schedule", "once").text


def test_a_saved_command_that_is_gone_is_told_in_red_where_schedules_are_listed(machine: Place) -> None:
    assert machine.run("create", "command", "name=migrate", "echo migrated").returncode == 0
    created(machine, "name=sync", "command=migrate", f"at={soon()}")
    assert machine.run("delete", "command", "migrate").returncode == 0

    listed = run_at_a_terminal(machine, "list", "schedules", columns=160)
    assert "cannot run" in listed.text
    assert "has no command migrate." in listed.text
    assert "\x1b[31mcannot run" in listed.raw

    (run,) = until(lambda: shown(machine, "sync")["runs"])
    assert machine.run("list", "tasks", "schedule=sync").stdout == "[]\n"
    assert run["task_id"] is None
    assert "has no command migrate" in run["why"]


def test_one_is_started_by_hand_and_says_what_the_one_before_has_to_do_with_it(machine: Place) -> None:
    created(machine, "name=nightly", "exec sleep 600", "cron=0 2 * * *")
    first = machine.run("start", "schedule", "nightly", "-o", "id")
    until(lambda: last_status(machine, "nightly") == "RUNNING")

    refused = machine.run("start", "schedule", "nightly")
    changed = machine.run("set", "schedule", "nightly", "overlap=replace")
    second = machine.run("start", "schedule", "nightly", "-o", "id")

    assert first.returncode == 0, first.stderr
    assert refused.returncode != 0
    assert first.stdout.strip() in refused.stderr
    assert changed.returncode == 0, changed.stderr
    assert second.returncode == 0, second.stderr
    until(lambda: [run["status"] for run in shown(machine, "nightly")["runs"]] == ["RUNNING", "STOPPED"])
    assert machine.run("stop", second.stdout.strip()).returncode == 0


def test_what_is_switched_off_does_not_run_and_what_is_deleted_is_gone(machine: Place) -> None:
    created(machine, "name=once", "echo hi", f"at={soon(600)}")

    assert machine.run("set", "schedule", "once", "enabled=false").returncode == 0
    assert shown(machine, "once")["next_run_at"] is None
    assert machine.run("set", "schedule", "once", "enabled=true").returncode == 0
    assert shown(machine, "once")["next_run_at"] is not None
    assert machine.run("delete", "schedule", "once").returncode == 0
    assert machine.run("show", "schedule", "once").returncode == 3
    assert machine.run("list", "schedules", "-o", "id").stdout == ""
