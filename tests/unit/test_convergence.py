"""Whatever order news comes in, however often, and whatever is lost: a task ends the same way."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import TaskFinished
from chalicelib.domain.session import NOBODY_CAME
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import FINAL, Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import (
    Task,
    accept_launch,
    begin_attempt,
    lose,
    observe,
    request_stop,
    set_max_hours,
    wait_for_answer,
)
from tests.builders import ARN, NOON, a_sighting, a_task, an_end

Step = Callable[[Task], Task]

LATER = NOON + timedelta(minutes=5)
ASKED = begin_attempt(a_task(), {"driver": "process"}, NOON)
ATTACHED = ASKED.but(interactive=True, attached=True)
CAUSES = [
    None,
    *(StopCause(kind=kind, by="alice") for kind in ("user", "deadline", "start_timeout")),
    StopCause(kind="session", by="alice", exit_code=7),
]
ENDS: list[dict[str, Any]] = [
    {"stop_code": "EssentialContainerExited", "exit_code": 0},
    {"stop_code": "EssentialContainerExited", "exit_code": NOBODY_CAME},
    {"stop_code": "EssentialContainerExited", "exit_code": 3, "reason": "Essential container in task exited"},
    {"stop_code": "EssentialContainerExited", "exit_code": 137, "out_of_memory": True},
    {"stop_code": "UserInitiated", "exit_code": 143},
    {"stop_code": "TaskFailedToStart", "exit_code": None},
    {"stop_code": "InfrastructureHealth", "exit_code": None},
]
EARLY = [
    a_sighting(version=1, waiting_for="provisioning"),
    a_sighting(version=2, waiting_for="pulling the image"),
    a_sighting(version=3, started_at=NOON),
    a_sighting(version=4, started_at=NOON),  # with nothing new in it
]
FOREIGN = a_sighting(version=60, arn=ARN + "other", is_stopped=True, stop_code="UserInitiated")


def seeing(sighting: Sighting) -> Step:
    return lambda task: observe(task, sighting, LATER)


def accepting(task: Task) -> Task:
    return accept_launch(task, ARN, LATER)


def extending(task: Task) -> Task:
    with suppress(TaskFinished):
        return set_max_hours(task, 100, NOON)
    return task


def stopping_for(cause: StopCause | None) -> Step:
    return lambda task: request_stop(task, cause, LATER) if cause else task


def losing(task: Task) -> Task:
    return lose(task, LATER)


def waiting(task: Task) -> Task:
    return wait_for_answer(task, "an answer")


QUIET: list[Step] = [accepting, extending, waiting, *(seeing(sighting) for sighting in EARLY)]


def after(task: Task, steps: Sequence[Step]) -> Task:
    for step in steps:
        task = step(task)
    return task


def ending(task: Task) -> dict[str, Any]:
    """What a user is told of an end; how the news travelled shows in the history alone."""
    told = (
        "status",
        "ended_by",
        "exit_code",
        "started_at",
        "stopped_at",
        "stop_cause",
        "reason",
        "diagnosis",
    )
    return {name: getattr(task, name) for name in told}


def several(steps: Sequence[Step]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.sampled_from(steps), max_size=8)


@given(st.data(), st.sampled_from([ASKED, ATTACHED]), st.sampled_from(CAUSES), st.sampled_from(ENDS))
def test_every_order_repetition_and_loss_of_news_leads_to_the_same_end(
    data: st.DataObject, asked: Task, cause: StopCause | None, how: dict[str, Any]
) -> None:
    exited = seeing(an_end(version=5, is_stopped=False, **how))
    stopped = seeing(an_end(version=6, **how))
    stop = stopping_for(cause)

    before_the_stop = data.draw(several(QUIET))
    # From here on everything may come: whoever asks second, a sweep that gives up, the end itself.
    others = [stopping_for(other) for other in CAUSES if cause is not None]
    anything = [*QUIET, *others, losing, exited, stopped]
    muddled = [
        accepting,
        *before_the_stop,
        stop,
        *data.draw(several(anything)),
        stopped,
        *data.draw(several(anything)),
    ]

    extension = [step for step in before_the_stop if step is extending]
    in_order = [accepting, *map(seeing, EARLY), *extension, stop, exited, stopped]
    assert ending(after(asked, muddled)) == ending(after(asked, in_order))


@given(
    several([*QUIET, *map(stopping_for, CAUSES), losing, *(seeing(an_end(version=5, **how)) for how in ENDS)])
)
def test_a_final_task_only_ever_moves_from_lost_to_what_really_happened(steps: list[Step]) -> None:
    task = ASKED
    for step in steps:
        before, task = task, step(task)
        if before.status in FINAL - {Status.LOST}:
            assert task is before or ending(task) == ending(before)
        if before.status is Status.LOST:
            assert task.status is Status.LOST or task.ecs_version == 5


@given(
    several([*QUIET, *map(stopping_for, CAUSES), losing, *(seeing(an_end(version=5, **how)) for how in ENDS)])
)
def test_every_step_done_twice_is_done_once(steps: list[Step]) -> None:
    task = ASKED
    for step in steps:
        task = step(task)
        assert step(task) == task


@given(several([accepting, *(seeing(sighting) for sighting in EARLY)]))
def test_news_of_another_attempts_container_is_ignored(steps: list[Step]) -> None:
    task = after(accepting(ASKED), steps)

    assert observe(task, FOREIGN, LATER) is task


@pytest.mark.parametrize("how", ENDS, ids=lambda how: str(how["stop_code"]))
def test_the_history_of_an_end_is_one_line(how: dict[str, Any]) -> None:
    task = after(ASKED, [accepting, seeing(an_end(version=5, **how)), seeing(an_end(version=6, **how))])

    assert [line.status for line in task.history] == ["PENDING", "STARTING", task.status]
