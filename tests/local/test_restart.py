"""What a crash or a restart of the server leaves alone, and what is caught up with afterwards."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.home_process import HomeProcess
from tests.local.supervised_task import until

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

    assert own_home.api.show(task_id)["status"] == "RUNNING"
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


def test_a_time_limit_holds_while_the_server_is_dead(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), "echo up; exec sleep 1000", max_hours=A_SECOND)["id"]
    own_home.api.says(task_id, "up")

    own_home.kill()
    until(is_over(own_home, task_id))
    own_home.start()

    task = own_home.api.finished(task_id)
    assert (task["status"], task["ended_by"]) == ("TIMED_OUT", "deadline")
    assert datetime.fromisoformat(task["stopped_at"]) >= datetime.fromisoformat(task["deadline"])


@pytest.mark.slow
def test_a_longer_limit_holds_while_the_server_is_dead(own_home: HomeProcess) -> None:
    task_id = own_home.api.create(own_home.new_app(), f"echo up; {HELD}", max_hours=2 * A_SECOND)["id"]
    own_home.api.says(task_id, "up")
    own_home.api.patch(f"/tasks/{task_id}", {"max_hours": 1})
    began = datetime.fromisoformat(own_home.api.wait_until(task_id, "RUNNING")["started_at"])

    own_home.kill()
    until(lambda: (datetime.now(began.tzinfo) - began).total_seconds() > 2.5)
    own_home.start()

    assert own_home.api.show(task_id)["status"] == "RUNNING"


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
    before = home.url

    home.restart()

    assert home.url == before


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
