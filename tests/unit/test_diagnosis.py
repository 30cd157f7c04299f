"""Every end that is no success is explained, and says what to do."""

from typing import Any

import pytest

from chalicelib.domain.diagnosis import Diagnosis, EndedBy, diagnose
from chalicelib.domain.memory_reasons import MACHINE_OUT_OF_MEMORY


def a_diagnosis(ended_by: EndedBy, **details: Any) -> Diagnosis:
    found = diagnose(ended_by, **details_of(**details))
    assert found is not None
    return found


def details_of(**changes: Any) -> dict[str, Any]:
    return {"exit_code": None, "reason": None, "memory": 0.5, "max_hours": 24.0, "by": None, **changes}


def test_a_success_needs_no_explanation() -> None:
    assert diagnose(EndedBy.EXIT, **details_of(exit_code=0)) is None


@pytest.mark.parametrize("ended_by", EndedBy)
@pytest.mark.parametrize("exit_code", [None, 1, 137])
@pytest.mark.parametrize("max_hours", [None, 0.5])
@pytest.mark.parametrize("memory_kills", [None, 0, 3])
def test_every_other_end_is_explained_in_sentences(
    ended_by: EndedBy, exit_code: int | None, max_hours: float | None, memory_kills: int | None
) -> None:
    found = a_diagnosis(
        ended_by, exit_code=exit_code, max_hours=max_hours, memory_kills=memory_kills, reason="AWS's words."
    )

    assert [text[0].isupper() and text.endswith(".") for text in (found.what, found.next)] == [True, True]
    assert "None" not in found.what + found.next


@pytest.mark.parametrize(
    ("exit_code", "word"),
    [
        (1, "failed with exit code 1"),
        (124, "timeout"),
        (125, "docker run, podman run"),
        (126, "not executable"),
        (127, "not found"),
        (137, "SIGKILL"),
        (139, "SIGSEGV"),
        (143, "SIGTERM"),
        (128 + 63, "signal 63"),
        (255, "exit code 255"),
        (None, "without an exit code"),
    ],
)
def test_an_exit_code_is_named_for_what_it_means(exit_code: int | None, word: str) -> None:
    assert word in a_diagnosis(EndedBy.EXIT, exit_code=exit_code).what


@pytest.mark.parametrize(
    ("memory_kills", "what", "advice"),
    [
        (None, "often that is a lack of memory", "a larger memory="),
        (0, "killed from outside", "what sent the signal"),
        (2, "killed for want of memory", "memory=1."),
    ],
)
def test_a_kill_is_told_by_what_is_known_of_memory(memory_kills: int | None, what: str, advice: str) -> None:
    found = a_diagnosis(EndedBy.EXIT, exit_code=137, memory_kills=memory_kills)

    assert what in found.what
    assert advice in found.next


def test_a_command_that_fails_for_a_process_that_it_lost_is_told_so() -> None:
    found = a_diagnosis(EndedBy.EXIT, exit_code=3, memory_kills=1)

    assert found.what == "A process of it was killed for want of memory, and it ended with exit code 3."
    assert "memory=1" in found.next
    assert diagnose(EndedBy.EXIT, **details_of(exit_code=0, memory_kills=1)) is None


@pytest.mark.parametrize("ended_by", [EndedBy.OUT_OF_MEMORY, EndedBy.EXIT])
def test_a_machine_without_memory_is_not_helped_by_a_larger_task(ended_by: EndedBy) -> None:
    found = a_diagnosis(ended_by, exit_code=137, memory_kills=1, reason=MACHINE_OUT_OF_MEMORY)

    assert "fewer tasks" in found.next
    assert "memory=" not in found.next


def test_lack_of_memory_suggests_twice_as_much() -> None:
    found = a_diagnosis(EndedBy.OUT_OF_MEMORY, memory=2.0, exit_code=137)

    assert "2 GB" in found.what
    assert "memory=4" in found.next


def test_a_time_limit_is_named_with_its_value() -> None:
    assert "max_hours=0.5" in a_diagnosis(EndedBy.DEADLINE, max_hours=0.5).what
    assert "max_hours=4s," in a_diagnosis(EndedBy.DEADLINE, max_hours=4 / 3600).what


@pytest.mark.parametrize(("by", "who"), [("alice", "alice"), (None, "Somebody")])
def test_a_stop_names_who_asked(by: str | None, who: str) -> None:
    assert a_diagnosis(EndedBy.USER, by=by).what == f"{who} stopped it."


@pytest.mark.parametrize("ended_by", [EndedBy.START_FAILURE, EndedBy.INFRASTRUCTURE])
def test_a_failure_around_the_task_keeps_the_platforms_words(ended_by: EndedBy) -> None:
    assert (
        "CannotPullContainerError"
        in a_diagnosis(ended_by, reason="CannotPullContainerError: no such tag").what
    )


@pytest.mark.parametrize(
    ("memory", "advice"),
    [(0.5, "memory=1."), (16, "memory=32."), (64, "memory=120."), (120, "split the work")],
)
def test_more_memory_is_advised_as_far_as_there_is_more(memory: float, advice: str) -> None:
    told = diagnose(EndedBy.OUT_OF_MEMORY, exit_code=137, reason=None, memory=memory, max_hours=1, by=None)

    assert told is not None
    assert advice in told.next
