"""How an attached task ended when somebody inside it saw its command end."""

import pytest

from chalicelib.domain.outcome import Asked, outcome
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.stop_cause import StopCause


def ended(code: int | None, cause: StopCause | None, **more: object) -> tuple[str, str, int | None]:
    seen = Sighting(3, "arn", is_stopped=True, exit_code=0, command_exit_code=code, **more)  # type: ignore[arg-type]
    found = outcome(Asked(attached=True, stop_cause=cause, deadline=None), seen)
    return found.status, found.ended_by, found.exit_code


@pytest.mark.parametrize("cause", [None, StopCause(kind="session", by="x", exit_code=0)])
def test_its_exit_code_is_the_tasks_whatever_a_client_said(cause: StopCause | None) -> None:
    assert ended(3, cause, stop_code="EssentialContainerExited") == ("FAILED", "exit", 3)
    assert ended(3, cause, stop_code="UserInitiated") == ("FAILED", "exit", 3)


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_that_ends_because_of_a_stop_was_stopped(code: int) -> None:
    by_user = ended(code, StopCause(kind="user", by="x"), stop_code="UserInitiated")
    in_time = ended(code, None, stop_code="UserInitiated", time_was_up=True)

    assert (by_user[0], in_time[0]) == ("STOPPED", "TIMED_OUT")


def test_without_such_a_word_the_clients_counts() -> None:
    assert ended(None, StopCause(kind="session", by="x", exit_code=4), stop_code="UserInitiated") == (
        "FAILED",
        "exit",
        4,
    )
