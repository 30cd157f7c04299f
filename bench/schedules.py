"""What schedules cost at rest, what a firing does, and how soon very many that are due at once are tasks."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.home import temporary_place
from bench.row import Budget, Row, compare, quantity
from bench.timing import medians_of_steps
from chalicelib.domain.schedule import Schedule
from chalicelib.usecases.fire_due import Firer
from tests.aws_adapters.firing_prices import Taken, metered_world
from tests.aws_adapters.test_firing_prices import DEAREST_FIRING, DEAREST_LOOK
from tests.builders import NOON, a_schedule, an_app
from tests.firing_world import FiringClock, FiringWorld, firing_world

NONE, FEW, MANY = 0, 100, 10_000
PER_APP = 100
LATER = NOON + timedelta(days=1)
MINUTES_OF_A_MONTH = 43_800
SECONDS_OF_A_RUN = 28  # as the function has them that does it on AWS
LOOK = Budget(2, 1.2, "x")
LOOK_ON_AWS = Budget(DEAREST_LOOK, DEAREST_LOOK, "units")
FIRING_ON_AWS = Budget(DEAREST_FIRING * 1000, DEAREST_FIRING * 1000, "$ per 1,000")
FIRED_WITHIN = Budget(180, 60, "s")


def measure(*, quick: bool) -> list[Row]:
    many = 500 if quick else MANY
    with temporary_place() as place:
        return [*_looks(place, many, 20 if quick else 500), *_on_aws(place, many), _all_at_once(place, many)]


def _looks(place: Path, many: int, rounds: int) -> list[Row]:
    """In turns, so that a slow moment of the machine's is everybody's."""
    with ExitStack() as stack:
        worlds = {
            number: stack.enter_context(_resting(place / f"look-{number}", number))
            for number in (NONE, FEW, many)
        }
        took = medians_of_steps({number: world.fire for number, world in worlds.items()}, rounds)
    return [
        compare(
            f"one machine: look for what is due, {number:,} schedules", took[number], took[NONE], "none", LOOK
        )
        for number in (FEW, many)
    ]


def _on_aws(place: Path, many: int) -> list[Row]:
    looks = []
    for number in (NONE, FEW, many):
        with metered_world(place) as metered:
            looks.append(_look_on_aws(number, metered.look(number)))
    with metered_world(place) as metered:
        return [*looks, _firing_on_aws(metered.firing(), metered.creation())]


def _look_on_aws(schedules: int, look: Taken) -> Row:
    a_month = f"${look.dollars * MINUTES_OF_A_MONTH:.4f} a month, {sum(look.requests.values())} request each"
    return Row(
        f"AWS: the minute's look, {schedules:,} schedules",
        quantity(look.reads, "read units"),
        a_month,
        judged=look.reads + look.writes,
        budget=LOOK_ON_AWS,
    )


def _firing_on_aws(firing: Taken, creation: Taken) -> Row:
    beside = (firing.dollars - creation.dollars) * 1000
    more = firing.requests - creation.requests
    said = f"{', '.join(sorted(more))}; creating their tasks ${creation.dollars * 1000:.4f}"
    return Row(
        "AWS: 1,000 firings beside their tasks", f"${beside:.4f}", said, judged=beside, budget=FIRING_ON_AWS
    )


def _all_at_once(place: Path, many: int) -> Row:
    """In runs of bounded time, of which each goes on where the one before stopped."""
    with firing_world("sqlite", _made(place / "at-once")) as world:
        _schedule(world, many, NOON)
        services, firer = replace(world.services, clock=_RunningClock()), Firer(SECONDS_OF_A_RUN)
        began, runs = time.perf_counter(), 0
        while services.schedules.due(NOON, 1).items:
            firer.run(services)
            runs += 1
        took = time.perf_counter() - began
        _refuse_unless_each_was_fired(world, many)
    return Row(
        f"one machine: {many:,} schedules due in one minute are tasks",
        quantity(took, "s"),
        f"{many / took:,.0f} a second; runs of {SECONDS_OF_A_RUN} s that it took: {runs}",
        judged=took,
        budget=FIRED_WITHIN,
    )


class _RunningClock(FiringClock):
    """It is noon, but seconds pass."""

    def monotonic(self) -> float:
        return time.monotonic()


@contextmanager
def _resting(place: Path, schedules: int) -> Iterator[FiringWorld]:
    with firing_world("sqlite", _made(place)) as world:
        _schedule(world, schedules, LATER)
        yield world


def _schedule(world: FiringWorld, schedules: int, due: object) -> None:
    for number in range(schedules):
        app, place = f"app-{number // PER_APP}", number % PER_APP
        if place == 0:
            world.services.apps.create(an_app(name=app))
        world.services.schedules.create(_one(app, f"s{place}", due), PER_APP)


def _one(app: str, name: str, due: object) -> Schedule:
    return a_schedule(id=f"{app}-{name}", app=app, name=name, next_run_at=due, due_at=due)


def _refuse_unless_each_was_fired(world: FiringWorld, schedules: int) -> None:
    made: Sequence[str] = world.lifecycle.tasks
    if len(set(made)) != schedules:
        raise RuntimeError(f"{len(set(made))} tasks were made of {schedules} schedules")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
