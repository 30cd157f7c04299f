"""Every error can be shown: it has a status, and none is made up on the way."""

from collections.abc import Iterator

import pytest

from chalicelib.domain import errors
from chalicelib.domain.errors import TapitError
from chalicelib.http.status_codes import STATUS_CODES


def kinds_of(kind: type[TapitError]) -> Iterator[type[TapitError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from kinds_of(subclass)


def test_every_error_has_a_status_code() -> None:
    assert [kind.__name__ for kind in kinds_of(TapitError) if not set(kind.__mro__) & set(STATUS_CODES)] == []


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = errors.__doc__ or ""

    assert [kind.__name__ for kind in kinds_of(TapitError) if f"─ {kind.__name__}" not in drawn] == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequest("No."), 400),
        (errors.Unauthenticated(), 401),
        (errors.LimitExceeded("shop", "max_cpu", 2, "no"), 403),
        (errors.OutputForbidden("x", "/ecs/shop", "not authorized"), 403),
        (errors.AppNotFound("shop"), 404),
        (errors.TaskNotFound("x"), 404),
        (errors.AppExists("shop"), 409),
        (errors.AppInUse("shop", 1), 409),
        (errors.TaskFinished("x", "STOPPED"), 409),
        (errors.TaskNotFinished("x", "RUNNING"), 409),
        (errors.IdempotencyConflict(), 409),
        (errors.Stale("Task x"), 409),
        (errors.TaskRemoved("x"), 410),
        (errors.TooLarge("No."), 413),
        (errors.Unreadable("task x", "status: QUEUED"), 500),
        (errors.Unavailable("Later."), 503),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, TapitError) else "",
)
def test_a_status_is_the_documented_one(error: TapitError, status: int) -> None:
    from chalicelib.http.status_codes import status_code

    assert status_code(error) == status
