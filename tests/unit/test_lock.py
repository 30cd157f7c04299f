"""The queue of a lock: who holds it, who is next, who is turned away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Locked, TooManyWait
from chalicelib.domain.lock import (
    MOST_WAITING,
    MOST_WITH_REPLACERS,
    IfLocked,
    Lock,
    Place,
    joined,
    left,
    succeeded,
)

FREE = Lock(app="shop", name="migrate")


def a_queue(*who: tuple[str, IfLocked]) -> Lock:
    lock = FREE
    for task_id, if_locked in who:
        lock = joined(lock, task_id, if_locked)
    return lock


def ids_in(lock: Lock) -> list[str]:
    return [place.task_id for place in lock.queue]


@pytest.mark.parametrize("if_locked", IfLocked)
def test_whoever_comes_first_holds_the_lock(if_locked: IfLocked) -> None:
    assert joined(FREE, "a", if_locked).holder == "a"


def test_those_who_wait_come_in_the_order_in_which_they_came() -> None:
    assert ids_in(a_queue(("a", IfLocked.WAIT), ("b", IfLocked.WAIT), ("c", IfLocked.WAIT))) == [
        "a",
        "b",
        "c",
    ]


def test_whoever_may_not_wait_is_told_who_holds_the_lock() -> None:
    with pytest.raises(Locked, match="Task a of app shop holds the lock migrate"):
        joined(a_queue(("a", IfLocked.WAIT)), "b", IfLocked.REFUSE)


def test_whoever_replaces_comes_after_the_holder_and_those_that_replaced_before_and_before_those_that_wait() -> (
    None
):
    lock = a_queue(
        ("a", IfLocked.WAIT), ("b", IfLocked.WAIT), ("c", IfLocked.REPLACE), ("d", IfLocked.REPLACE)
    )

    assert ids_in(lock) == ["a", "c", "d", "b"]
    assert lock.before("d") == ("a", "c")


def test_a_holder_that_has_replaced_another_is_a_holder_like_any() -> None:
    lock = left(a_queue(("a", IfLocked.WAIT), ("b", IfLocked.REPLACE), ("c", IfLocked.WAIT)), "a")

    assert ids_in(joined(lock, "d", IfLocked.REPLACE)) == ["b", "d", "c"]


def test_to_come_twice_or_to_leave_twice_changes_nothing() -> None:
    lock = a_queue(("a", IfLocked.WAIT), ("b", IfLocked.WAIT))

    assert joined(lock, "b", IfLocked.REFUSE) == lock
    assert left(left(lock, "b"), "b") == a_queue(("a", IfLocked.WAIT))


def test_a_queue_has_an_end() -> None:
    full = FREE.but(queue=tuple(Place(task_id=str(number)) for number in range(MOST_WAITING + 1)))

    with pytest.raises(
        TooManyWait, match="1000 tasks of app shop wait for the lock migrate, which task 0 holds"
    ) as no:
        joined(full, "one more", IfLocked.WAIT)
    assert "tapit stop task=0" in (no.value.hint or "")
    assert "if_locked=replace" in (no.value.hint or "")
    assert joined(left(full, "7"), "one more", IfLocked.WAIT).has("one more")


def test_whoever_starts_a_schedule_once_too_often_is_not_told_of_if_locked_which_that_does_not_take() -> None:
    places = tuple(Place(task_id=str(number)) for number in range(MOST_WAITING + 1))

    with pytest.raises(TooManyWait) as no:
        joined(Lock(app="shop", name="schedule:nightly", queue=places), "one more", IfLocked.WAIT)
    assert "if_locked" not in (no.value.hint or "")
    assert "tapit stop task=0" in (no.value.hint or "")


def test_whoever_replaces_gets_past_a_queue_that_takes_nobody_else_up_to_an_end_of_its_own() -> None:
    lock = FREE.but(queue=tuple(Place(task_id=str(number)) for number in range(MOST_WAITING + 1)))

    for number in range(MOST_WITH_REPLACERS - MOST_WAITING):
        lock = joined(lock, f"replacer {number}", IfLocked.REPLACE)

    assert lock.replaced_by("replacer 1") == ("0", "replacer 0")
    with pytest.raises(TooManyWait, match="1100 tasks") as no:
        joined(lock, "one more", IfLocked.REPLACE)
    assert "tapit stop task=0" in (no.value.hint or "")
    assert "if_locked=replace" not in (no.value.hint or "")


def test_the_next_try_of_a_task_waits_behind_all_others_however_many_there_are() -> None:
    full = FREE.but(queue=tuple(Place(task_id=str(number)) for number in range(MOST_WAITING + 1)))

    assert ids_in(succeeded(full, "0", "again")) == [*ids_in(full)[1:], "again"]
    assert ids_in(succeeded(full, "in no queue", "again"))[-1] == "again"
    assert succeeded(a_queue(("a", IfLocked.REPLACE)), "a", "again").replaced_by("again") == ()


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("join"), st.sampled_from([IfLocked.WAIT, IfLocked.REPLACE])),
            st.tuples(st.just("leave"), st.integers(0, 5)),
        )
    )
)
def test_whoever_holds_a_lock_holds_it_until_it_leaves_and_nobody_who_waits_is_passed_by_one_who_waits(
    steps: list[tuple[str, object]],
) -> None:
    lock, waits = FREE, set[str]()
    for number, (what, how) in enumerate(steps):
        before = lock
        if what == "join":
            assert isinstance(how, IfLocked)
            name = f"{number:04}"
            waits |= {name} if how is IfLocked.WAIT else set()
            lock = joined(lock, name, how)
            assert lock.holder == (before.holder or name)
        elif ids_in(lock):
            assert isinstance(how, int)
            leaver = ids_in(lock)[how % len(lock.queue)]
            lock = left(lock, leaver)
            assert ids_in(lock) == [each for each in ids_in(before) if each != leaver]
        waiting = [each for each in ids_in(lock)[1:] if each in waits]
        assert waiting == sorted(waiting)
