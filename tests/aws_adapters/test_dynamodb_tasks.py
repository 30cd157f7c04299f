"""Task records in DynamoDB."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.errors import (
    IdempotencyConflict,
    IdTaken,
    LimitExceeded,
    Stale,
    TaskNotFound,
    TaskRemoved,
)
from chalicelib.domain.task import Status, StopCause, Task, lose, request_stop
from chalicelib.ports import IdempotencyKey, TaskQuery
from tests.dynamodb_table import NOON, SetClock


@pytest.fixture
def store(table: DynamoTable, clock: SetClock) -> DynamoTaskStore:
    return DynamoTaskStore(table, clock)


def a_task(task_id: str = "t1", **changes: Any) -> Task:
    dull = Task(
        id=task_id,
        app="shop",
        command="true",
        cpu=0.25,
        memory=0.5,
        ephemeral_storage_gb=20,
        max_hours=6,
        created_by="ann",
        created_at=NOON,
    )
    return dull.but(**changes)


def a_key(key: str = "k", digest: str = "d", caller: str = "ann") -> IdempotencyKey:
    return IdempotencyKey(caller=caller, key=key, digest=digest, expires_at=NOON + timedelta(hours=24))


def test_a_record_comes_back_exactly(store: DynamoTaskStore) -> None:
    task = a_task(
        cpu=0.1 + 0.2, max_hours=1e-7, command="é\n'\"\\ 漢", created_at=NOON + timedelta(microseconds=1)
    )

    store.create(task, None, None)

    assert store.get(task.id) == task


def test_an_id_is_given_once(store: DynamoTaskStore) -> None:
    store.create(a_task(), None, None)

    with pytest.raises(IdTaken):
        store.create(a_task(command="false"), None, None)
    assert store.get("t1").command == "true"
    assert store.count_active("shop") == 1


def test_a_key_brings_the_earlier_task_back(store: DynamoTaskStore) -> None:
    store.create(a_task("t1"), a_key(), None)

    assert store.create(a_task("t2"), a_key(), None).id == "t1"
    with pytest.raises(TaskNotFound):
        store.get("t2")


def test_a_key_comes_before_the_limit(store: DynamoTaskStore) -> None:
    store.create(a_task("t1"), a_key(), max_running=1)

    assert store.create(a_task("t2"), a_key(), max_running=1).id == "t1"


def test_a_key_for_another_request_is_refused(store: DynamoTaskStore) -> None:
    store.create(a_task("t1"), a_key(), None)

    with pytest.raises(IdempotencyConflict):
        store.create(a_task("t2"), a_key(digest="other"), None)


def test_a_key_of_another_caller_is_another_key(store: DynamoTaskStore) -> None:
    store.create(a_task("t1"), a_key(), None)

    assert store.create(a_task("t2"), a_key(caller="bob"), None).id == "t2"


def test_a_key_is_free_again_after_its_time(store: DynamoTaskStore) -> None:
    store.create(a_task("t1"), a_key(), None)
    later = NOON + timedelta(hours=24, seconds=1)

    assert store.create(a_task("t2", created_at=later), a_key(digest="other"), None).id == "t2"


def test_a_key_of_a_removed_task_says_so(store: DynamoTaskStore) -> None:
    task = store.create(a_task("t1"), a_key(), None)
    store.remove(task)

    with pytest.raises(TaskRemoved):
        store.create(a_task("t2"), a_key(), None)


def test_the_limit_counts_unfinished_tasks(store: DynamoTaskStore) -> None:
    first = store.create(a_task("t1"), None, max_running=2)
    store.create(a_task("t2"), None, max_running=2)
    with pytest.raises(LimitExceeded, match="max_running=2"):
        store.create(a_task("t3"), None, max_running=2)

    store.save(request_stop(first, StopCause(kind="user", by="ann"), NOON))

    assert store.create(a_task("t3"), None, max_running=2).id == "t3"


def test_a_limit_set_later_counts_what_is_there(store: DynamoTaskStore) -> None:
    store.create(a_task("t1"), None, max_running=None)

    with pytest.raises(LimitExceeded):
        store.create(a_task("t2"), None, max_running=1)
    assert store.create(a_task("t3", app="other"), None, max_running=1)


def test_a_lost_task_that_ended_after_all_is_counted_out_once(store: DynamoTaskStore) -> None:
    store.create(a_task("t0"), None, None)
    task = store.save(lose(store.create(a_task(), None, None), NOON))

    store.save(task.moved(Status.SUCCEEDED, NOON))

    assert store.count_active("shop") == 1
    assert store.get(task.id).status is Status.SUCCEEDED


@pytest.mark.parametrize("is_over", [False, True])
def test_the_second_of_two_saves_is_refused(store: DynamoTaskStore, *, is_over: bool) -> None:
    read = store.create(a_task(), None, None)
    store.save(read.but(reason="first"))

    second = lose(read, NOON) if is_over else read.but(reason="second")
    with pytest.raises(Stale):
        store.save(second)
    assert store.get("t1").reason == "first"
    assert store.count_active("shop") == 1


def test_what_is_removed_is_gone_and_no_longer_counted(store: DynamoTaskStore) -> None:
    finished = store.save(lose(store.create(a_task("t1"), None, None), NOON))
    unfinished = store.create(a_task("t2"), None, None)

    store.remove(finished)
    store.remove(unfinished)

    assert store.count_active("shop") == 0
    assert not store.list(TaskQuery("shop", 10)).items
    with pytest.raises(Stale):
        store.remove(finished)


def test_what_changed_is_not_removed(store: DynamoTaskStore) -> None:
    read = store.create(a_task(), None, None)
    store.save(read.but(reason="new"))

    with pytest.raises(Stale):
        store.remove(read)
    assert store.count_active("shop") == 1


def test_an_expired_task_is_gone_before_dynamodb_deletes_it(store: DynamoTaskStore, clock: SetClock) -> None:
    ended = store.save(lose(store.create(a_task("t1"), a_key(), None), NOON))
    store.create(a_task("t2"), None, None)
    assert ended.expires_at is not None

    clock.time = ended.expires_at + timedelta(seconds=1)

    with pytest.raises(TaskNotFound):
        store.get("t1")
    assert [task.id for task in store.list(TaskQuery("shop", 10)).items] == ["t2"]


def test_a_list_shows_commands_cut(store: DynamoTaskStore) -> None:
    store.create(a_task(command="x" * 7000), None, None)

    (listed,) = store.list(TaskQuery("shop", 10)).items

    assert listed.command == "x" * 200
    assert (listed.id, listed.cpu, listed.status) == ("t1", 0.25, Status.PENDING)


def test_unfinished_tasks_leave_the_walk_when_they_end(store: DynamoTaskStore) -> None:
    store.create(a_task("t1"), None, None)
    lost = store.create(a_task("t2"), None, None)

    store.save(lose(lost, NOON))

    page = store.list_active(None, 10)
    assert [task.id for task in page.items] == ["t1"]
    assert page.items[0] == store.get("t1")
