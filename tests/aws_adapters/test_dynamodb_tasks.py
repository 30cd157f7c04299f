"""What DynamoDB makes different; what every store promises is in tests/contract."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain import ids
from chalicelib.domain.errors import LimitExceeded, Stale, TaskNotFound
from chalicelib.domain.status import Status
from chalicelib.domain.task import KEPT_FOR, begin_attempt, lose
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.http.fields import A_YEAR
from chalicelib.ports import IdempotencyKey, TaskQuery
from tests.builders import NOON, a_task
from tests.dynamodb_table import NAME, SetClock


@pytest.fixture
def store(table: DynamoTable, clock: SetClock) -> DynamoTaskStore:
    return DynamoTaskStore(table, clock)


def a_key() -> IdempotencyKey:
    return IdempotencyKey(caller="ann", key="k", digest="d", expires_at=NOON + timedelta(hours=24))


def test_a_record_comes_back_exactly(store: DynamoTaskStore) -> None:
    task = a_task(
        cpu=0.1 + 0.2, max_hours=1e-7, command="é\n'\"\\ 漢", created_at=NOON + timedelta(microseconds=1)
    )

    store.create(task, None, None)

    assert store.get(task.id) == task


def test_a_limit_set_later_counts_what_is_there(store: DynamoTaskStore) -> None:
    store.create(a_task(id="t1"), None, max_running=None)

    with pytest.raises(LimitExceeded):
        store.create(a_task(id="t2"), None, max_running=1)
    assert store.create(a_task(id="t3", app="other"), None, max_running=1)


def test_a_lost_task_that_ended_after_all_is_counted_out_once(store: DynamoTaskStore) -> None:
    store.create(a_task(id="t0"), None, None)
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
    assert store.get(read.id).reason == "first"
    assert store.count_active("shop") == 1


def test_an_expired_task_is_gone_before_dynamodb_deletes_it(store: DynamoTaskStore, clock: SetClock) -> None:
    ended = store.save(lose(store.create(a_task(id="t1"), a_key(), None), NOON))
    store.create(a_task(id="t2"), None, None)
    assert ended.expires_at is not None

    clock.time = ended.expires_at + timedelta(seconds=1)

    with pytest.raises(TaskNotFound):
        store.get("t1")
    assert [task.id for task in store.list(TaskQuery("shop", 10)).items] == ["t2"]


def test_a_page_after_the_oldest_of_its_time_is_empty(store: DynamoTaskStore) -> None:
    oldest = ids.first_id_at(NOON)

    assert not store.list(TaskQuery("shop", 10, since=NOON, after_id=oldest)).items


def test_many_expired_tasks_do_not_hide_one_that_is_kept(store: DynamoTaskStore, clock: SetClock) -> None:
    kept = store.create(a_task(id="t000"), None, None)
    ended = [store.save(lose(store.create(a_task(id=f"t{n:03}"), None, None), NOON)) for n in range(1, 20)]
    assert ended[0].expires_at is not None

    clock.time = ended[0].expires_at + timedelta(seconds=1)

    page = store.list(TaskQuery("shop", 1))
    assert ([task.id for task in page.items], page.has_more) == ([kept.id], False)


def test_a_plan_comes_back_exactly_with_what_is_empty_in_it(store: DynamoTaskStore) -> None:
    plan: dict[str, Any] = {"none": None, "empty": [], "number": 0.1, "nested": {"false": False}}

    task = store.save(begin_attempt(store.create(a_task(), None, None), plan, NOON))

    assert store.get(task.id) == task
    assert store.list_active(None, 10).items == [task]


def test_a_list_shows_commands_cut(store: DynamoTaskStore) -> None:
    store.create(a_task(command="x" * 7000), None, None)

    (listed,) = store.list(TaskQuery("shop", 10)).items

    assert listed.command == "x" * 200
    assert (listed.id, listed.cpu, listed.status) == (a_task().id, 0.25, Status.PENDING)


def test_a_lock_that_nobody_holds_expires_unless_somebody_takes_it(table: DynamoTable, dynamodb: Any) -> None:
    tasks = DynamoTaskStore(table, SetClock())

    def expiry() -> Any:
        return dynamodb.get_item(TableName=NAME, Key={"pk": {"S": "lock#shop#migrate"}})["Item"].get(
            "expires_at"
        )

    task = tasks.create(a_task(lock="migrate"), None, None)
    assert expiry() is None
    tasks.remove(task)
    assert int(expiry()["N"]) == (NOON + timedelta(days=1)).timestamp()
    tasks.create(a_task(lock="migrate"), None, None)
    assert expiry() is None


def test_a_tag_expires_with_its_task(store: DynamoTaskStore, dynamodb: Any) -> None:
    ended = store.save(lose(store.create(a_task(tags={"ticket": "OPS-7"}), None, None), NOON))

    about_it = [item for item in dynamodb.scan(TableName=NAME)["Items"] if "expires_at" in item]
    assert sorted(item["pk"]["S"] for item in about_it) == [
        f"tagged#{ended.id}#ticket:OPS-7",
        f"task#{ended.id}",
    ]
    assert len({item["expires_at"]["N"] for item in about_it}) == 1


@pytest.mark.parametrize("how", ["is ended", "is removed"])
@pytest.mark.parametrize("max_hours", [24.0, 8760.0, None])
def test_the_tags_of_a_task_that_a_version_before_tags_leaves_behind_expire_and_never_before_it(
    store: DynamoTaskStore, dynamodb: Any, how: str, max_hours: float | None
) -> None:
    task = store.create(a_task(created_at=NOON, max_hours=max_hours, tags={"ticket": "OPS-7"}), None, None)
    older = task.but(tags={})  # as good as none to whoever does not know them
    if how == "is ended":
        store.save(lose(older, NOON))
    else:
        store.remove(older)

    found = dynamodb.get_item(TableName=NAME, Key={"pk": {"S": f"tagged#{task.id}#ticket:OPS-7"}})
    expires_at = datetime.fromtimestamp(int(found["Item"]["expires_at"]["N"]), UTC)
    assert expires_at > NOON + timedelta(hours=max_hours or 5 * A_YEAR) + KEPT_FOR
    # its limit may be set anew, up to the longest one
    assert expires_at > NOON + timedelta(hours=A_YEAR, days=2) + KEPT_FOR


def test_tagged_tasks_that_are_gone_do_not_hide_one_that_is_kept(
    store: DynamoTaskStore, clock: SetClock, dynamodb: Any
) -> None:
    """DynamoDB deletes what has expired in its own time, and each item for itself."""
    tags = {"release": "42"}
    kept = store.create(a_task(id="t000", tags=tags), None, None)
    for number in range(1, 40):
        ended = store.save(lose(store.create(a_task(id=f"t{number:03}", tags=tags), None, None), NOON))
        if number % 2:
            dynamodb.delete_item(TableName=NAME, Key={"pk": {"S": f"task#{ended.id}"}})
    assert ended.expires_at is not None

    clock.time = ended.expires_at + timedelta(seconds=1)

    page = store.list(TaskQuery("shop", 1, TaskFilter(FilterBy.TAG, ("release:42",))))
    assert ([task.id for task in page.items], page.has_more) == ([kept.id], False)
