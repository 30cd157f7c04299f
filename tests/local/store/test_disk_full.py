"""A home whose disk is full: what becomes of its tasks is still written down."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from local.runs.run_folder import Running
from local.store.disk_reserve import SIZE
from tests.conftest import NewHome
from tests.home_process import HomeProcess
from tests.local.session_agent.session_of_a_home import begun, resumed
from tests.local.supervisor.supervised_task import until


@pytest.fixture
def small_home(new_home: NewHome) -> Iterator[HomeProcess]:
    """A home whose state folder is a disk of twelve megabytes."""
    home = new_home()
    home.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "none", home.state], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield home.start()
    home.close()
    subprocess.run(["umount", "-l", home.state], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            return filler


def test_a_task_that_fills_the_disk_ends_on_record_and_its_loss_is_told(small_home: HomeProcess) -> None:
    app = small_home.new_app()

    task = small_home.api.run(app, "echo begin; yes abcdefghij | head -c 20000000; echo end; exit 5")

    assert (task["status"], task["exit_code"]) == ("FAILED", 5)
    assert task["lost_output_bytes"] > 5_000_000


def test_a_task_that_fills_the_disk_does_not_take_the_room_that_was_given_up_for_records(
    small_home: HomeProcess,
) -> None:
    api, app = small_home.api, small_home.new_app()
    much = "yes abcdefghij | head -c 12000000"
    task_id = api.create(app, f"{much}; until [ -e go ]; do sleep 0.02; done; {much}; exit 5")["id"]
    until(lambda: _lost(small_home, task_id) > 0)
    fill_to_the_last_byte(small_home).unlink()

    (small_home.folder(task_id).path / "work" / "go").touch()

    task = api.finished(task_id)
    assert (task["exit_code"], task["lost_output_bytes"] > 12_000_000) == (5, True)


def _lost(home: HomeProcess, task_id: str) -> int:
    state = home.folder(task_id).state()
    return state.lost_output_bytes if isinstance(state, Running) else 0


def test_what_cannot_be_written_is_refused_in_words_and_works_again_with_room(
    small_home: HomeProcess,
) -> None:
    app = small_home.new_app()
    filler = fill(small_home.state)

    refusals = [
        small_home.api.ask("POST", "/apps", {"name": f"a{number}", "environment": {"A": "x" * 30000}})
        for number in range(400)
    ]
    refused = next(answer for answer in refusals if answer.status != 201)
    filler.unlink()

    assert (refused.status, refused.json["Code"]) == (503, "Unavailable")
    assert "Free some space" in refused.json["Hint"]
    assert small_home.api.run(app, "echo hi")["status"] == "SUCCEEDED"
    assert "Traceback" not in small_home.log


def test_a_server_on_a_full_disk_says_so(small_home: HomeProcess) -> None:
    small_home.end()
    (small_home.state / "spare").unlink()
    fill(small_home.state)

    started = subprocess.run(
        [
            Path(small_home.env["PATH"].split(":")[0]) / "tapit-local",
            "--state",
            small_home.state,
        ],
        env=small_home.env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert started.returncode == 1
    assert "cannot be used" in started.stderr
    assert "No space left" in started.stderr or "full" in started.stderr or "disk" in started.stderr
    assert "Free some space" in started.stderr
    assert "Traceback" not in started.stderr


def test_the_room_kept_for_bad_times_is_taken_again(small_home: HomeProcess) -> None:
    (small_home.state / "spare").unlink()

    small_home.restart()

    assert until((small_home.state / "spare").exists)


def test_the_room_kept_for_bad_times_is_taken_again_with_the_first_change_that_finds_room(
    small_home: HomeProcess,
) -> None:
    fill_to_the_last_byte(small_home).unlink()

    small_home.new_app()

    assert until((small_home.state / "spare").exists)


def test_on_a_disk_that_is_nearly_full_the_room_that_was_given_up_is_left_to_records(
    small_home: HomeProcess,
) -> None:
    filler = fill_to_the_last_byte(small_home)
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size - SIZE - SIZE // 2)

    small_home.new_app()

    assert not (small_home.state / "spare").exists()


def test_a_stop_reaches_its_task_though_it_cannot_be_written_down(small_home: HomeProcess) -> None:
    """Also once the room that was kept is used up; and whoever waits is told what for."""
    api, app = small_home.api, small_home.new_app(stop_timeout=2)
    task_id = api.create(app, "exec sleep 1000")["id"]
    api.wait_until(task_id, "RUNNING")
    filler = fill_to_the_last_byte(small_home)

    refused = api.ask("POST", f"/tasks/{task_id}/stop")

    assert (refused.status, "was told to stop" in refused.text) == (503, True), refused.text
    assert "Free some space" in refused.json["Hint"]
    until(lambda: not small_home.folder(task_id).is_alive())
    assert "No space left" in api.show(task_id)["waiting_for"]
    filler.unlink()
    ended = api.finished(task_id)
    assert (ended["status"], ended["waiting_for"]) == ("STOPPED", None)
    assert "Traceback" not in small_home.log


def test_a_stop_of_a_task_that_has_not_started_says_that_it_was_not_stopped(small_home: HomeProcess) -> None:
    api, app = small_home.api, small_home.new_app(stop_timeout=2)
    holder = api.create(app, "exec sleep 1000", lock="migrate")["id"]
    api.wait_until(holder, "RUNNING")
    waiting = api.create(app, "true", lock="migrate")["id"]
    filler = fill_to_the_last_byte(small_home)

    refused = api.ask("POST", f"/tasks/{waiting}/stop")

    assert refused.status == 503
    assert (
        f"Task {waiting} has not started, and is not stopped: it may start later" in refused.json["Message"]
    )
    assert (
        f"Free some space on its disk. Then stop it again: tapit stop task={waiting}" in refused.json["Hint"]
    )
    filler.unlink()
    api.ask("POST", f"/tasks/{waiting}/stop")
    assert api.finished(waiting)["status"] == "STOPPED"
    api.ask("POST", f"/tasks/{holder}/stop")


def test_a_session_on_a_full_disk_is_come_back_to_and_its_end_is_told_as_it_was(
    small_home: HomeProcess,
) -> None:
    """Also when its client cannot report it, or does not."""
    api = small_home.api
    task_id = api.create(small_home.new_app(), "read line; exit 3", attached=True)["id"]
    client, channel, nonce = begun(api, task_id)
    filler = fill_to_the_last_byte(small_home)

    client.vanishes()
    client.comes_back(resumed(api, task_id, channel.session_id))
    client.types(b"\r")
    client.sees(f"tapit-exit;{nonce};3".encode())
    client.types(f"{nonce}\r".encode())
    client.sees_the_end()
    filler.unlink()

    task = api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 3, "exit")


def test_where_there_is_no_room_for_its_end_no_session_is_opened(small_home: HomeProcess) -> None:
    api = small_home.api
    task_id = api.create(small_home.new_app(), "true", attached=True)["id"]
    api.wait_until(task_id, "RUNNING")
    filler = fill_to_the_last_byte(small_home)

    refused = api.ask("POST", f"/tasks/{task_id}/sessions", {})

    assert (refused.status, refused.json["Code"]) == (503, "Unavailable")
    assert "No space left" in refused.text
    filler.unlink()
    client, _, nonce = begun(api, task_id)
    client.sees(f"tapit-exit;{nonce};0".encode())


def fill_to_the_last_byte(home: HomeProcess) -> Path:
    """Have the home give up the room that it keeps, and take that as well."""
    fill(home.state)

    def is_full() -> bool:
        refused = home.api.ask(
            "POST", "/apps", {"name": f"a{uuid4().hex[:12]}", "environment": {"A": "x" * 30000}}
        )
        with suppress(OSError), (home.state / "filler").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        return refused.status == 503 and not (home.state / "spare").exists()

    until(is_full)
    return home.state / "filler"
