"""What a crash or a restart of the server leaves alone, and what is caught up with afterwards."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.process_driver import process_tree
from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import children_of, until
from tests.stores import rewrite_in

A_SECOND = 1 / 3600  # hours
HELD = "until [ -e go ]; do sleep 0.02; done"


def is_over(home: HomeProcess, task_id: str) -> Callable[[], bool]:
    return (home.folder(task_id).path / "exit.json").exists


def let_go(home: HomeProcess, task_id: str) -> None:
    (home.folder(task_id).path / "work" / "go").touch()


def test_a_task_runs_on_while_the_server_is_dead_and_is_still_running_after(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), f"echo up; {HELD}; echo still here")["id"]
    own_home.api.says(task_id, "up")

    own_home.kill()
    own_home.start()

    own_home.api.wait_until(task_id, "RUNNING")
    let_go(own_home, task_id)
    assert own_home.api.finished(task_id)["status"] == "SUCCEEDED"
    assert own_home.api.lines(task_id) == ["up", "still here"]


@pytest.mark.parametrize("code", [0, 7])
def test_a_task_that_ended_while_the_server_was_dead_has_its_exit_code(
    own_home: HomeProcess, code: int
) -> None:
    task_id = own_home.api.create(own_home.new_app(), f"echo up; {HELD}; exit {code}")["id"]
    own_home.api.says(task_id, "up")

    own_home.kill()
    let_go(own_home, task_id)
    until(is_over(own_home, task_id))
    own_home.start()

    task = own_home.api.finished(task_id)
    assert (task["exit_code"], task["ended_by"]) == (code, "exit")


def test_a_task_that_failed_while_the_server_was_dead_is_tried_again_by_the_next_one(
    own_home: HomeProcess,
) -> None:
    again = {"retries": 1, "retry_on": ["exit:7"], "retry_wait": 0.5}
    task_id = own_home.api.create(own_home.new_app(), f"echo up; {HELD}; exit 7", **again)["id"]
    own_home.api.says(task_id, "up")

    own_home.kill()
    let_go(own_home, task_id)
    until(is_over(own_home, task_id))
    own_home.start()

    second = own_home.api.finished(task_id)["retried_by"]
    own_home.api.says(second, "up")
    own_home.kill()  # while its second try runs
    let_go(own_home, second)
    own_home.start()
    last = own_home.api.finished(second)
    assert (last["exit_code"], last["try_number"], last["retried_by"]) == (7, 2, None)


def test_a_next_try_that_waits_for_its_time_outlives_the_server(own_home: HomeProcess) -> None:
    again = {"retries": 1, "retry_on": ["exit:7"], "retry_wait": 3}
    task_id = own_home.api.create(own_home.new_app(), "exit 7", **again)["id"]
    second = own_home.api.finished(task_id)["retried_by"]

    own_home.kill()
    own_home.start()

    last = own_home.api.finished(second)
    assert last["status"] == "FAILED"
    assert last["started_at"] >= last["not_before"]


def test_a_task_whose_supervisor_was_killed_is_tried_again_by_default(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), "echo up; exec sleep 1000", retries=1, retry_wait=0)[
        "id"
    ]
    own_home.api.says(task_id, "up")

    supervisor = own_home.folder(task_id).supervisor_pid()
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)

    ended = own_home.api.finished(task_id)
    assert ended["ended_by"] == "infrastructure"
    own_home.api.says(ended["retried_by"], "up")


def test_a_time_limit_holds_while_the_server_is_dead(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), "exec sleep 1000", max_hours=A_SECOND)["id"]
    own_home.api.wait_until(task_id, "RUNNING", "TIMED_OUT")

    own_home.kill()
    until(is_over(own_home, task_id))
    own_home.start()

    task = own_home.api.finished(task_id)
    assert (task["status"], task["ended_by"]) == ("TIMED_OUT", "deadline")
    assert datetime.fromisoformat(task["stopped_at"]) >= datetime.fromisoformat(task["deadline"])


def test_a_clock_that_was_set_forward_does_not_end_a_task_early(own_home: HomeProcess) -> None:
    """To the server it looks as if the task had begun two hours ago."""
    task_id = own_home.api.create(own_home.new_app(), f"echo up; {HELD}", max_hours=1)["id"]
    task = own_home.api.wait_until(task_id, "RUNNING")
    own_home.end()
    long_ago = {name: _two_hours_before(task[name]) for name in ("started_at", "deadline")}
    rewrite_in(own_home.state, task_id, **long_ago)

    own_home.start()

    own_home.api.run(own_home.new_app(), "true")  # begun after the server has looked at what it found
    seen = own_home.api.show(task_id)
    assert datetime.fromisoformat(seen["deadline"]) < datetime.now(UTC)
    assert seen["status"] == "RUNNING"
    let_go(own_home, task_id)
    assert own_home.api.finished(task_id)["status"] == "SUCCEEDED"


def _two_hours_before(moment: str) -> str:
    return (datetime.fromisoformat(moment) - timedelta(hours=2)).isoformat()


@pytest.mark.slow
def test_a_longer_limit_holds_while_the_server_is_dead(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), f"echo up; {HELD}", max_hours=5 * A_SECOND)["id"]
    own_home.api.says(task_id, "up")
    own_home.api.patch(f"/tasks/{task_id}", {"max_hours": 1})
    began = datetime.fromisoformat(own_home.api.wait_until(task_id, "RUNNING")["started_at"])

    own_home.kill()
    until(lambda: (datetime.now(began.tzinfo) - began).total_seconds() > 5.5)
    own_home.start()

    assert own_home.api.show(task_id)["status"] == "RUNNING"


def test_a_server_ends_although_what_starts_its_tasks_stands_still(own_home: HomeProcess) -> None:
    app = own_home.new_app()
    (fork_server,) = children_of(own_home.pid)
    os.kill(fork_server, signal.SIGSTOP)
    task_id = own_home.api.create(app, "echo ran")["id"]
    until(own_home.folder(task_id).path.exists)

    assert own_home.end() == 0
    own_home.start()

    assert own_home.api.finished(task_id)["status"] == "SUCCEEDED"
    assert own_home.api.lines(task_id) == ["ran"]


def test_a_stop_that_was_asked_for_goes_on_while_the_server_is_dead(own_home: HomeProcess) -> None:
    app = own_home.new_app()
    task_id = own_home.api.create(
        app, "trap 'sleep 0.2; exit 9' TERM; echo up; while :; do sleep 0.02; done"
    )["id"]
    own_home.api.says(task_id, "up")

    own_home.api.stop(task_id)
    own_home.kill()
    until(is_over(own_home, task_id))
    own_home.start()

    task = own_home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["stop_cause"]["kind"]) == ("STOPPED", 9, "user")


def test_a_task_that_was_written_but_not_launched_is_launched_after_a_restart(own_home: HomeProcess) -> None:
    """Written means accepted, whatever happens to the server the moment after."""
    app = own_home.new_app()
    made = [own_home.api.create(app, "echo ran")["id"] for _ in range(10)]

    own_home.kill()
    own_home.start()

    assert [own_home.api.finished(task_id)["status"] for task_id in made] == ["SUCCEEDED"] * 10
    assert [own_home.api.lines(task_id) for task_id in made] == [["ran"]] * 10


def test_records_and_tokens_outlive_the_server(own_home: HomeProcess) -> None:
    app = own_home.new_app(memory=4, cpu=2)
    task = own_home.api.run(app, "echo hello")
    token = own_home.token

    own_home.restart()

    assert own_home.token == token
    assert own_home.api.show(task["id"]) == task
    assert own_home.api.get(f"/apps/{app}")["memory"] == 4
    assert own_home.api.lines(task["id"]) == ["hello"]


def test_a_restarted_server_keeps_its_address(new_home: Callable[[], HomeProcess]) -> None:
    home = new_home().start()
    before = home.socket_url

    home.restart()

    assert home.socket_url == before


def test_a_server_that_is_asked_to_end_ends_well_and_lets_tasks_run(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), f"echo up; {HELD}")["id"]
    own_home.api.says(task_id, "up")

    assert own_home.end() == 0
    assert own_home.folder(task_id).is_alive()
    assert "Traceback" not in own_home.log


def test_a_connection_that_stays_open_does_not_keep_a_server_from_ending(
    own_home: HomeProcess, tmp_path: Path
) -> None:
    import socket

    port = int(own_home.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")

        assert own_home.end() == 0


def test_a_limit_that_was_not_handed_over_before_a_crash_is_handed_over_after(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), "echo up; exec sleep 1000", max_hours=1)["id"]
    own_home.api.wait_until(task_id, "RUNNING")
    kept = own_home.folder(task_id).path / "max_seconds"
    own_home.kill()
    kept.write_text("1000000.0")  # as it was before somebody set the hour that is on record

    own_home.start()

    until(lambda: kept.read_text().strip() == "3600.0")


def test_a_removed_token_file_makes_the_old_token_good_for_nothing(own_home: HomeProcess) -> None:
    old = own_home.api
    own_home.end()
    (own_home.state / "token").unlink()
    own_home.start()

    assert old.ask("GET", "/apps").status == 401
    assert own_home.api.ask("GET", "/apps").status == 200


def test_a_damaged_token_file_is_replaced(own_home: HomeProcess) -> None:
    own_home.end()
    kept = own_home.state / "token"
    kept.write_text(kept.read_text()[:-1] + "!")
    own_home.start()

    assert own_home.api.ask("GET", "/apps").status == 200


@pytest.mark.parametrize("server", ["up", "down"])
@pytest.mark.parametrize("asked", ["nothing", "a stop"])
def test_a_task_whose_folder_was_removed_ends_soon_and_says_why(
    own_home: HomeProcess, server: str, asked: str
) -> None:
    """Whoever waits for it, or has put an old backup back, would else wait for an hour."""
    app = own_home.new_app(stop_timeout=2)
    task_id = own_home.api.create(app, "exec sleep 1000")["id"]
    own_home.api.wait_until(task_id, "RUNNING")
    if server == "down":
        own_home.end()

    (own_home.state / "runs").rename(
        own_home.place / "taken away"
    )  # in one step: who runs there may make a file
    if server == "down":
        own_home.start()
    if asked == "a stop":
        own_home.api.stop(task_id)

    ended = own_home.api.finished(task_id)
    assert ended["status"] == ("STOPPED" if asked == "a stop" else "FAILED")
    assert "the folder of its run was removed" in ended["reason"]
    assert process_tree.tagged(task_id) == []
    assert "Traceback" not in own_home.log
