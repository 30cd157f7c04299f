"""A home whose disk is full: what becomes of its tasks is still written down."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import NewHome
from tests.home_process import HomeProcess
from tests.local.supervised_task import until


@pytest.fixture
def small_home(new_home: NewHome) -> Iterator[HomeProcess]:
    """A home whose state folder is a disk of twelve megabytes."""
    home = new_home()
    home.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "none", home.state], capture_output=True
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
            "--port",
            "0",
        ],
        env=small_home.env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert started.returncode == 1
    assert "cannot be used" in started.stderr
    assert "No space left" in started.stderr or "full" in started.stderr or "disk" in started.stderr
    assert "Traceback" not in started.stderr


def test_the_room_kept_for_bad_times_is_taken_again(small_home: HomeProcess) -> None:
    (small_home.state / "spare").unlink()

    small_home.restart()

    assert until((small_home.state / "spare").exists)
