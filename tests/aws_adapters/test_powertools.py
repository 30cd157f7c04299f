"""What is counted side by side is counted once each: what is due by schedule is fired by several threads."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.adapters.powertools import PowertoolsMeter, metrics_of

THREADS, EACH = 8, 2_000


@pytest.fixture
def _hurried_threads() -> Iterator[None]:
    """Threads take turns as often as they can, so that they meet wherever they may."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def counted(written: str, name: str) -> float:
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    return sum(sum(line.get(name, [])) for line in lines)


@pytest.mark.usefixtures("_hurried_threads")
def test_nothing_is_lost_or_counted_twice_by_threads_that_count_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics = metrics_of("tapit", "dev")
    meter = PowertoolsMeter(metrics)

    def count(_: int) -> None:
        for _ in range(EACH):
            meter.count("tasks_created")
            meter.measure("launch_latency", 1.0)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(count, range(THREADS)))
    metrics.flush_metrics()

    written = capsys.readouterr().out
    assert counted(written, "tasks_created") == THREADS * EACH
    assert counted(written, "launch_latency") == THREADS * EACH
