"""Which calls each method makes, and what they cost: a read is one GetItem or a bounded Query, never a Scan."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_task_indexes import SHARDS, task_item
from chalicelib.adapters.dynamodb_task_tags import tag_writes
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task, accept_launch, begin_attempt, observe
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.domain.token import new_token
from chalicelib.ports import IdempotencyKey, TaskQuery
from tests.aws_adapters.dynamodb_meter import Meter
from tests.builders import ARN, NOON, a_sighting, a_task, an_app, an_end
from tests.dynamodb_table import NAME, SetClock

KEY = IdempotencyKey(caller="abcdef01", key="k" * 36, digest="d" * 64, expires_at=NOON + timedelta(hours=24))
PLAN = {
    "cluster": "prod",
    "taskDefinition": "arn:aws:ecs:eu-central-1:123456789012:task-definition/tapit-dev-shop:12",
    "overrides": {"containerOverrides": [{"name": "main", "command": ["python manage.py migrate"]}]},
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"] * 3}},
}


@pytest.fixture
def meter(dynamodb: Any) -> Meter:
    return Meter(dynamodb)


@pytest.fixture
def store(meter: Meter) -> DynamoTaskStore:
    return DynamoTaskStore(DynamoTable(meter, NAME), SetClock())


def test_a_task_s_whole_life_is_six_calls_and_costs_next_to_nothing(
    store: DynamoTaskStore, meter: Meter
) -> None:
    task = store.create(a_task(initiated_by="john.doe"), KEY, 10)
    task = store.save(begin_attempt(task, PLAN, NOON))
    task = store.save(accept_launch(task, ARN, NOON))
    task = store.save(observe(task, a_sighting(started_at=NOON), NOON))
    task = store.save(observe(task, an_end(), NOON))
    store.get(task.id)

    assert meter.calls == [
        "transact_write_items",
        *["put_item"] * 3,
        "transact_write_items",
        "get_item",
    ]
    assert meter.reads == 1
    assert meter.writes <= 50
    assert meter.dollars < 0.00005


def test_a_task_is_read_in_one_consistent_read(store: DynamoTaskStore, meter: Meter) -> None:
    store.create(a_task(), None, None)
    meter.reset()

    store.get(a_task().id)
    store.count_active("shop")

    assert (meter.calls, meter.reads) == (["get_item"] * 2, 2)


FILTERS: Sequence[TaskFilter | None] = [
    None,
    TaskFilter(FilterBy.STATUS, (Status.RUNNING,)),
    TaskFilter(FilterBy.INITIATED_BY, ("john",)),
    TaskFilter(FilterBy.CREATED_BY, ("ann",)),
]


def test_a_page_costs_the_same_in_a_large_table(store: DynamoTaskStore, meter: Meter, dynamodb: Any) -> None:
    costs = []
    for tasks in (some_tasks(0, 60), some_tasks(60, 2000)):
        write(dynamodb, tasks)
        for only in FILTERS:
            meter.reset()
            newest = store.list(TaskQuery("shop", 50, only))
            older = store.list(TaskQuery("shop", 5, only, after_id=newest.items[-1].id))
            assert (len(newest.items), len(older.items)) == (50, 5)
            costs.append((meter.calls, meter.reads))

    assert costs == [(["query", "query"], 2.0)] * 8


def test_a_page_of_a_tag_costs_a_query_and_one_read_of_what_it_names(
    store: DynamoTaskStore, meter: Meter, dynamodb: Any
) -> None:
    only = TaskFilter(FilterBy.TAG, ("ticket:OPS-7",))
    costs = []
    for tasks in (some_tasks(0, 60), some_tasks(60, 1000)):
        write(dynamodb, [task.but(tags={"ticket": "OPS-7"}, command="x" * 3000) for task in tasks])
        write(dynamodb, [task.but(id=f"2{task.id[1:]}", tags={"ticket": "OPS-8"}) for task in tasks])
        meter.reset()
        newest = store.list(TaskQuery("shop", 50, only))
        older = store.list(TaskQuery("shop", 5, only, after_id=newest.items[-1].id))
        assert (len(newest.items), len(older.items)) == (50, 5)
        costs.append((meter.calls, meter.reads))

    assert costs == [(["query", "batch_get_item"] * 2, 1.0 + (51 + 6) * 0.5)] * 2


def test_each_tag_of_a_task_costs_two_small_writes_in_its_life(store: DynamoTaskStore, meter: Meter) -> None:
    def life(**changes: Any) -> tuple[list[str], int]:
        meter.reset()
        task = store.create(a_task(**changes), None, None)
        task = store.save(begin_attempt(task, PLAN, NOON))
        task = store.save(observe(accept_launch(task, ARN, NOON), a_sighting(started_at=NOON), NOON))
        store.save(observe(task, an_end(), NOON))
        return meter.calls, meter.writes

    tagged = life(id="t1", tags={"ticket": "OPS-7", "release": "42"})
    plain = life(id="t2", docker_tag="as long as those tags are, written down")

    assert tagged[0] == plain[0]
    assert tagged[1] - plain[1] == 2 * 5


def test_a_lock_costs_a_task_two_small_writes_and_two_reads_in_the_transactions_that_it_takes_anyway(
    store: DynamoTaskStore, meter: Meter
) -> None:
    def life(**changes: Any) -> tuple[list[str], float, int]:
        meter.reset()
        task = store.create(a_task(**changes), None, None)
        task = store.save(begin_attempt(task, PLAN, NOON))
        task = store.save(observe(accept_launch(task, ARN, NOON), a_sighting(started_at=NOON), NOON))
        store.save(observe(task, an_end(), NOON))
        return meter.calls, meter.reads, meter.writes

    locked = life(id="t1", lock="migrate")
    plain = life(id="t2", docker_tag="as long as it is")

    assert sorted(locked[0]) == sorted(["get_item", *plain[0], "get_item"])
    assert (locked[1] - plain[1], locked[2] - plain[2]) == (2, 4)


def test_a_page_of_several_statuses_costs_a_query_for_each(
    store: DynamoTaskStore, meter: Meter, dynamodb: Any
) -> None:
    write(dynamodb, some_tasks(0, 200))
    meter.reset()

    found = store.list(TaskQuery("shop", 50, TaskFilter(FilterBy.STATUS, (Status.RUNNING, Status.LOST))))

    assert len(found.items) == 50
    assert meter.calls == ["query"] * 2


def test_a_page_does_not_read_what_commands_and_plans_weigh(
    store: DynamoTaskStore, meter: Meter, dynamodb: Any
) -> None:
    write(dynamodb, [task.but(command="x" * 7000) for task in some_tasks(0, 60)])

    store.list(TaskQuery("shop", 50))

    assert meter.reads == 3  # 50 whole records would be 44


def test_a_walk_through_no_unfinished_tasks_costs_half_a_unit_a_shard(
    store: DynamoTaskStore, meter: Meter
) -> None:
    assert not store.list_active(None, 100).items
    assert (meter.calls, meter.reads) == (["query"] * SHARDS, SHARDS / 2)


def test_a_page_of_the_walk_costs_what_it_holds(store: DynamoTaskStore, meter: Meter, dynamodb: Any) -> None:
    write(dynamodb, some_tasks(0, 1000))

    first = store.list_active(None, 100)
    assert (first.has_more, meter.calls, meter.reads) == (True, ["query"], 4.5)


def test_an_app_and_a_token_are_read_in_one_call_each(meter: Meter) -> None:
    table = DynamoTable(meter, NAME)
    apps, tokens = DynamoAppStore(table), DynamoTokenStore(table)
    token, _ = new_token("ann")
    apps.create(an_app())
    tokens.add(token, NOON)
    meter.reset()

    apps.get("shop")
    tokens.find(token.id)
    apps.list(100, None)

    assert (meter.calls, meter.reads) == (["get_item", "get_item", "query"], 2.5)


def some_tasks(first: int, last: int) -> Sequence[Task]:
    dull = a_task(status=Status.RUNNING, initiated_by="john", created_by="ann", max_hours=6)
    return [dull.but(id=f"1ngaz2{number:06}") for number in range(first, last)]


def write(dynamodb: Any, tasks: Sequence[Task]) -> None:
    """Put many records at once; how they got there is not what these tests are about."""
    table = DynamoTable(dynamodb, NAME)
    tags = [put.parameters["Item"] for task in tasks for put in tag_writes(table, task)]
    puts = [{"PutRequest": {"Item": item}} for item in (*map(task_item, tasks), *tags)]
    for start in range(0, len(puts), 25):
        dynamodb.batch_write_item(RequestItems={NAME: puts[start : start + 25]})
