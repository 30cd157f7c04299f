"""Ends that an engine does not notice: seen where its containers are processes of this machine."""

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.docker_driver.unnoticed_end import UnnoticedEnd
from local.supervisor.task_clock import machine_time


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"]) as running:
        yield running
        running.kill()


@pytest.fixture
def container_id(process: subprocess.Popen[bytes]) -> str:
    """Return what its control groups are called."""
    return Path(f"/proc/{process.pid}/cgroup").read_text().splitlines()[0]


def test_what_is_gone_has_ended_however_its_engine_sees_it(
    process: subprocess.Popen[bytes], container_id: str
) -> None:
    seen = UnnoticedEnd(container_id, process.pid)
    assert not seen.has_been_for(0)
    before = machine_time()

    process.kill()
    process.wait()

    assert seen.has_been_for(0)
    assert not seen.has_been_for(1000)
    assert before <= seen.since <= machine_time()


def test_a_number_of_another_machine_says_nothing(process: subprocess.Popen[bytes]) -> None:
    seen = UnnoticedEnd("f5dc2c50bb36", process.pid)

    process.kill()
    process.wait()

    assert (seen.has_been_for(0), seen.since) == (False, math.inf)
