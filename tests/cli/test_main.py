"""From words to an exit code, whichever streams are closed."""

import subprocess

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    Says,
    a_finished_task,
    a_task,
    some_lines,
)


@pytest.mark.parametrize("closed", ["0<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["list tasks -o table", "create task -w x", "--version", "--help"])
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
