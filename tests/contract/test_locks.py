"""What every store of task records promises of locks: a queue changes with its tasks, or neither does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain import ids
from chalicelib.domain.errors import Conflict, IdTaken, LimitExceeded, Locked, Stale
from chalicelib.domain.lock import IfLocked, joined, left
from chalicelib.domain.status import FINAL, Status
from chalicelib.domain.task import Task, lose
from chalicelib.ports import IdempotencyKey, TaskStore
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from tests.builders import NOON, a_task
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto

_numbers = count()
KEY = IdempotencyKey("alice", "k", "digest", NOON + timedelta(hours=1))


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TaskStore]:
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:
            yield DynamoTaskStore(a_table(client), SetClock())
        return
    database = Database(tmp_path / "tapit.db")
    yield SqliteTaskStore(database, SetClock(), lambda _: None)
    database.close()


def a_new_task(**changes: Any) -> Task:
    return a_task(
        **{"id": ids.new_id(NOON + timedelta(seconds=next(_numbers))), "lock": "migrate", **changes}
    )


def created(store: TaskStore, **changes: Any) -> Task:
    return store.create(a_new_task(**changes), None, None)


def ended(store: TaskStore, task: Task, status: Status = Status.STOPPED) -> Task:
    return store.save(store.get(task.id).but(status=status))


def queue(store: TaskStore, name: str = "migrate", app: str = "shop") -> list[str]:
    return [place.task_id for place in store.lock(app, name).queue]


def test_nobody_is_in_the_queue_of_a_lock_that_nobody_wants(store: TaskStore) -> None:
    created(store, lock=None)

    assert store.lock("shop", "migrate").holder is None


def test_a_lock_is_held_from_the_very_creation_of_a_task(store: TaskStore) -> None:
    first, second = created(store), created(store)

    assert queue(store) == [first.id, second.id]
    assert store.get(second.id).lock == "migrate"


def test_each_app_has_its_own_locks_and_so_has_each_name(store: TaskStore) -> None:
    first, other, another = created(store), created(store, app="bakery"), created(store, lock="deploy")

    assert queue(store) == [first.id]
    assert queue(store, app="bakery") == [other.id]
    assert queue(store, "deploy") == [another.id]


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_lock_is_handed_over_with_the_end_of_its_holder_however_it_ends(
    store: TaskStore, status: Status
) -> None:
    first, second = created(store), created(store)

    ended(store, first, status)

    assert queue(store) == [second.id]


def test_a_change_that_is_no_end_hands_nothing_over(store: TaskStore) -> None:
    first, second = created(store), created(store)

    store.save(first.but(status=Status.RUNNING))

    assert queue(store) == [first.id, second.id]


def test_a_save_that_is_refused_hands_nothing_over(store: TaskStore) -> None:
    first, second = created(store), created(store)
    store.save(first.but(reason="new"))

    with pytest.raises(Stale):
        store.save(first.but(status=Status.STOPPED))

    assert queue(store) == [first.id, second.id]


def test_whoever_waits_no_more_leaves_the_queue(store: TaskStore) -> None:
    first, second, third = created(store), created(store), created(store)

    ended(store, second)

    assert queue(store) == [first.id, third.id]


def test_an_end_that_is_seen_after_the_task_was_lost_takes_nobody_elses_place(store: TaskStore) -> None:
    first, second = created(store), created(store)
    lost = ended(store, first, Status.LOST)

    store.save(lost.but(status=Status.SUCCEEDED))

    assert queue(store) == [second.id]


def test_a_removed_task_holds_nothing(store: TaskStore) -> None:
    first, second = created(store), created(store)

    store.remove(first)

    assert queue(store) == [second.id]


def test_a_task_that_may_not_wait_is_not_made(store: TaskStore) -> None:
    holder = created(store)

    with pytest.raises(Locked, match=holder.id):
        created(store, if_locked=IfLocked.REFUSE)

    assert queue(store) == [holder.id]
    assert store.count_active("shop") == 1


def test_a_task_that_replaces_comes_before_those_that_wait(store: TaskStore) -> None:
    holder, waiter = created(store), created(store)

    replacer = created(store, if_locked=IfLocked.REPLACE)

    assert queue(store) == [holder.id, replacer.id, waiter.id]


def test_a_task_that_is_refused_for_another_reason_is_in_no_queue(store: TaskStore) -> None:
    holder = created(store)

    with pytest.raises(LimitExceeded):
        store.create(a_new_task(), None, 1)

    assert queue(store) == [holder.id]


def test_a_next_try_takes_a_place_behind_all_that_wait(store: TaskStore) -> None:
    first, second, third = (created(store) for _ in range(3))

    following = a_new_task(if_locked=IfLocked.REFUSE)
    store.save(lose(first, NOON), None, following)

    assert queue(store) == [second.id, third.id, following.id]


def test_a_next_try_that_nobody_waits_before_holds_the_lock(store: TaskStore) -> None:
    first, following = created(store), a_new_task()

    store.save(lose(first, NOON), None, following)

    assert queue(store) == [following.id]


def test_a_next_try_that_is_not_written_is_in_no_queue(store: TaskStore) -> None:
    first, other = created(store), created(store, lock=None)

    with pytest.raises(IdTaken):
        store.save(lose(first, NOON), None, a_new_task(id=other.id))
    assert queue(store) == [first.id]


def test_a_repeated_request_gives_the_earlier_task_though_that_one_holds_the_lock(store: TaskStore) -> None:
    earlier = store.create(a_new_task(if_locked=IfLocked.REFUSE), KEY, None)

    assert store.create(a_new_task(if_locked=IfLocked.REFUSE), KEY, None) == earlier
    assert queue(store) == [earlier.id]


def test_the_next_try_of_a_task_waits_behind_those_that_wait(store: TaskStore) -> None:
    first, second = created(store), created(store)
    again = a_new_task(if_locked=IfLocked.REFUSE)

    store.save(store.get(first.id).but(status=Status.FAILED), followed_by=again)

    assert queue(store) == [second.id, again.id]
    assert store.get(again.id) == again


def test_a_queue_can_be_mended(store: TaskStore) -> None:
    first, second = created(store), created(store)
    away = partial(left, task_id=first.id)

    assert store.change_lock("shop", "migrate", away).holder == second.id
    assert store.change_lock("shop", "migrate", away).holder == second.id
    assert queue(store) == [second.id]
    store.change_lock("shop", "migrate", partial(left, task_id=second.id))
    assert queue(store) == []
    store.change_lock("shop", "migrate", partial(joined, task_id=first.id, if_locked=IfLocked.WAIT))
    assert queue(store) == [first.id]


def test_of_many_that_come_at_once_each_gets_a_place(store: TaskStore) -> None:
    with ThreadPoolExecutor(20) as pool:
        tasks = list(pool.map(lambda _: created(store), range(100)))

    assert sorted(queue(store)) == sorted(task.id for task in tasks)


def test_of_many_that_may_not_wait_one_is_made(store: TaskStore) -> None:
    def attempt(_: int) -> Task | None:
        with suppress(Locked):
            return created(store, if_locked=IfLocked.REFUSE)
        return None

    with ThreadPoolExecutor(16) as pool:
        (made,) = (task for task in pool.map(attempt, range(16)) if task is not None)

    assert queue(store) == [made.id]
    assert store.count_active("shop") == 1


def test_of_many_that_end_at_once_none_is_left_in_the_queue(store: TaskStore) -> None:
    tasks = [created(store) for _ in range(16)]

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda task: ended(store, task), tasks[:-1]))

    assert queue(store) == [tasks[-1].id]


@settings(
    max_examples=30,
    deadline=None,
)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("create"), st.sampled_from(IfLocked)),
            st.tuples(st.sampled_from(["end", "remove"]), st.integers(0, 20)),
        ),
        max_size=15,
    )
)
def test_whatever_happens_the_queue_is_that_of_the_unfinished_tasks(
    store: TaskStore, steps: list[tuple[str, Any]]
) -> None:
    name, unfinished = f"lock-{next(_numbers)}", list[Task]()
    for what, how in steps:
        holder = store.lock("shop", name).holder
        if what == "create":
            with suppress(Conflict):
                unfinished.append(created(store, lock=name, if_locked=how))
        elif unfinished:
            task = unfinished.pop(how % len(unfinished))
            if what == "end":
                ended(store, task)
            else:
                store.remove(store.get(task.id))
        assert sorted(queue(store, name)) == sorted(task.id for task in unfinished)
        assert holder is None or holder == store.lock("shop", name).holder or holder not in queue(store, name)
