"""Whatever a network does to frames and connections, no byte is lost, repeated or out of order."""

import hashlib
import sys

import pytest

from tests.sessions.bad_road import bad_road
from tests.sessions.conftest import Desk

MEGABYTE = "import os,random; r=random.Random(1); [os.write(1, r.randbytes(4096)) for _ in range(256)]"
THERE_AND_BACK = bytes(range(256)) * 400


@pytest.mark.slow
def test_a_tenth_of_the_frames_lost_doubled_and_overtaken_both_ways_changes_nothing(desk: Desk) -> None:
    with bad_road(desk.home.url, 0.1) as road:
        ran = desk.pipes("run", "cat", data=THERE_AND_BACK, road=road.url)

        assert road.mishaps > 20
    assert hashlib.sha256(ran.stdout).digest() == hashlib.sha256(THERE_AND_BACK).digest()
    assert ran.returncode == 0


@pytest.mark.slow
def test_much_output_over_a_bad_road_is_whole(desk: Desk) -> None:
    with bad_road(desk.home.url, 0.1, seed=7) as road:
        ran = desk.pipes("run", f'{sys.executable} -c "{MEGABYTE}"; exit 3', road=road.url)

    assert (len(ran.stdout), ran.returncode) == (1024 * 1024, 3)


def test_a_connection_that_breaks_is_made_again_and_nothing_is_missing(desk: Desk) -> None:
    with bad_road(desk.home.url, 0) as road:
        person = desk.sits_down("run", "sh", road=road.url)
        person.sees_line("prompt>")
        person.type("for i in 1 2 3; do echo line $i; sleep 0.3; done; echo all done\r")
        person.sees_line("line 1")

        road.breaks()

        person.sees_line("all done")
        assert [line for line in person.screen if line.startswith("line ")] == ["line 1", "line 2", "line 3"]
        person.type("exit 3\r")
        assert person.leaves() == 3


def test_a_connection_that_cannot_be_made_again_is_told(desk: Desk) -> None:
    with bad_road(desk.home.url, 0) as road:
        person = desk.sits_down("run", "sh", road=road.url)
        person.sees_line("prompt>")
    # the road is gone: neither the home nor the session can be reached over it

    assert person.leaves() == 125
    assert person.state_now == person.state_before
    assert any("was lost" in line for line in person.screen)
    assert desk.ended(desk.only_task())["ended_by"] == "connection_lost"
