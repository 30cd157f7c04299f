"""What schedules cost on AWS: next to nothing at rest, however many there are, and little more than their tasks."""

from pathlib import Path

import pytest

from tests.aws_adapters.firing_prices import metered_world

DEAREST_LOOK = 0.5  # read units
DEAREST_FIRING = 0.000003  # dollars, beside its task


@pytest.mark.parametrize("schedules", [0, 1, 3000])
def test_a_look_costs_half_a_read_unit_however_many_schedules_there_are(
    schedules: int, tmp_path: Path
) -> None:
    with metered_world(tmp_path) as metered:
        look = metered.look(schedules)

    assert (look.requests, look.reads, look.writes) == ({"query": 1}, DEAREST_LOOK, 0)


def test_a_firing_costs_little_beside_its_task(tmp_path: Path) -> None:
    with metered_world(tmp_path) as metered:
        firing, creation = metered.firing(), metered.creation()

    more = firing.requests - creation.requests
    assert more == {"query": 1, "batch_get_item": 1, "put_item": 1}
    assert 0 < firing.dollars - creation.dollars <= DEAREST_FIRING
