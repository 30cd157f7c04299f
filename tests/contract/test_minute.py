"""What is done once a minute: neither half keeps the other from being done."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.usecases.minute import Minute
from tests.firing_world import HOMES, FiringWorld, firing_world


@pytest.fixture(params=HOMES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FiringWorld]:
    with firing_world(request.param, tmp_path) as made:
        yield made


class Broken:
    """A port of which some calls fail; `calls` are the names of all that it was asked."""

    def __init__(self, port: Any, failing: tuple[str, ...]) -> None:
        self._port = port
        self._failing = failing
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return self._fail if name in self._failing else getattr(self._port, name)

    def _fail(self, *_: Any) -> Any:
        raise Unavailable("The index is throttled.")


@pytest.mark.parametrize("failing", ["due", "get_all"])
def test_what_keeps_everything_from_being_fired_keeps_nothing_from_being_swept(
    world: FiringWorld, failing: str
) -> None:
    world.schedule()
    world.fire()
    world.clock.time = world.read().due_at or world.clock.time
    tasks = Broken(world.services.tasks, (failing,))
    schedules = Broken(world.services.schedules, (failing,))

    with pytest.raises(ExceptionGroup) as told:
        Minute(40, 28, 1).run(replace(world.services, tasks=tasks, schedules=schedules))

    assert "list_active" in tasks.calls
    assert any("throttled" in str(problem) for problem in told.value.exceptions)


def test_what_keeps_everything_from_being_swept_is_told_beside_what_could_not_be_fired(
    world: FiringWorld,
) -> None:
    tasks = Broken(world.services.tasks, ("list_active",))
    schedules = Broken(world.services.schedules, ("due",))

    with pytest.raises(ExceptionGroup) as told:
        Minute(40, 28, 1).run(replace(world.services, tasks=tasks, schedules=schedules))

    assert len(told.value.exceptions) == 2
