"""A bug of our own is told without a traceback."""

import subprocess
import sys

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Says, a_task


def test_a_bug_is_told_without_a_traceback(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(cpu="many")))

    result = place.run("show", "task", "x", "-o", "table", TMPDIR=str(place.folder))

    assert "Traceback" not in result.stderr
    assert "this is a bug in tapit" in result.stderr
    assert len(list(place.folder.glob("tapit-*.trace"))) == 1
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "task", "x"], 1),
        (["wait", "x"], 125),
        (["logs", "wait", "-o", "json"], 1),
        (["create", "task", "-w", "x"], 125),
    ],
)
def test_a_bug_is_told_where_no_trace_can_be_written(words: list[str], code: int, place: Place) -> None:
    script = (
        "import tempfile\n"
        "def refuse(**kept): raise FileNotFoundError('no usable temporary directory')\n"
        "tempfile.mkstemp = refuse\n"
        "from tapit import call, main\n"
        "call.Call.client = property(lambda call: 1 / 0)\n"
        "main.main()"
    )
    place.env |= {"TAPIT_APP": "demo"}

    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=place.env, capture_output=True, text=True, check=False
    )

    assert done.returncode == code
    assert "this is a bug in tapit" in done.stderr
    assert "could not be written down: no usable temporary directory" in done.stderr
    assert "Traceback" not in done.stderr
