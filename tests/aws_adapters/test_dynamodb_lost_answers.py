"""An answer gets lost and the SDK asks again: what was done by the first try is not refused to the second."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.domain.errors import AppExists, AppNotFound, IdTaken, LimitExceeded, Stale, TaskNotFound
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.domain.token import new_token
from chalicelib.ports import IdempotencyKey, TaskQuery
from tests.builders import NOON, a_finished_task, a_running_task, a_task, an_app
from tests.dynamodb_table import NAME, SetClock, dynamodb_on_moto

KEY = IdempotencyKey("alice", "k", "digest", NOON + timedelta(hours=1))


class Lossy:
    """Loses the next answer to a write, once it is told to."""

    def __init__(self, dynamodb: Any) -> None:
        self.table = DynamoTable(dynamodb, NAME)
        dynamodb.meta.events.register_first("needs-retry.dynamodb", self._answered)
        self._is_losing = False
        self.lost = 0

    def lose_the_next(self) -> None:
        self._is_losing = True

    def _answered(self, operation: Any, **_: Any) -> int | None:
        """Return after how many seconds the SDK is to ask again."""
        if not self._is_losing or operation.name in ("BatchGetItem", "GetItem", "Query"):
            return None
        self._is_losing = False
        self.lost += 1
        return 0


@pytest.fixture
def lossy() -> Iterator[Lossy]:
    with dynamodb_on_moto() as dynamodb:
        yield Lossy(dynamodb)


@pytest.fixture
def apps(lossy: Lossy) -> DynamoAppStore:
    return DynamoAppStore(lossy.table)


@pytest.fixture
def tasks(lossy: Lossy) -> DynamoTaskStore:
    return DynamoTaskStore(lossy.table, SetClock())


def test_an_app_is_created_changed_and_removed(lossy: Lossy, apps: DynamoAppStore) -> None:
    lossy.lose_the_next()
    app = apps.create(an_app())
    lossy.lose_the_next()
    changed = apps.save(app.but(memory=2))
    assert apps.get("shop") == changed
    lossy.lose_the_next()
    apps.remove(changed)

    assert lossy.lost == 3
    with pytest.raises(AppNotFound):
        apps.get("shop")


def test_a_task_is_created_launched_ended_and_removed(lossy: Lossy, tasks: DynamoTaskStore) -> None:
    lossy.lose_the_next()
    task = tasks.create(a_task(), KEY, 10)
    lossy.lose_the_next()
    running = tasks.save(a_running_task().but(revision=task.revision))
    assert tasks.count_active("shop") == 1
    lossy.lose_the_next()
    ended = tasks.save(a_finished_task().but(revision=running.revision))
    assert (tasks.get(task.id), tasks.count_active("shop")) == (ended, 0)
    lossy.lose_the_next()
    tasks.remove(ended)

    assert lossy.lost == 4
    with pytest.raises(TaskNotFound):
        tasks.get(task.id)


def test_a_task_with_tags_is_created_ended_and_removed(lossy: Lossy, tasks: DynamoTaskStore) -> None:
    tags = {"ticket": "OPS-7", "release": "42"}
    lossy.lose_the_next()
    task = tasks.create(a_task(tags=tags), KEY, 10)
    lossy.lose_the_next()
    ended = tasks.save(a_finished_task(tags=tags).but(revision=task.revision))
    assert found_by(tasks, "release:42") == [task.id]
    lossy.lose_the_next()
    tasks.remove(ended)

    assert (lossy.lost, found_by(tasks, "release:42")) == (3, [])


def found_by(tasks: DynamoTaskStore, tag: str) -> list[str]:
    return [task.id for task in tasks.list(TaskQuery("shop", 10, TaskFilter(FilterBy.TAG, (tag,)))).items]


def test_a_task_is_created_though_it_took_the_last_place_itself(lossy: Lossy, tasks: DynamoTaskStore) -> None:
    lossy.lose_the_next()
    tasks.create(a_task(), None, 1)

    assert tasks.count_active("shop") == 1
    with pytest.raises(LimitExceeded):
        tasks.create(a_task(id="1jd3m8k7x2qg"), None, 1)


def test_a_token_is_kept(lossy: Lossy) -> None:
    tokens = DynamoTokenStore(lossy.table)
    token, _ = new_token("alice")
    lossy.lose_the_next()

    tokens.add(token, NOON)

    assert tokens.find(token.id) == token


def test_what_somebody_else_did_is_refused_all_the_same(
    lossy: Lossy, apps: DynamoAppStore, tasks: DynamoTaskStore
) -> None:
    app = apps.create(an_app())
    apps.save(app.but(memory=2))
    task = tasks.create(a_task(), None, None)
    tasks.save(a_running_task().but(revision=task.revision))

    for refusal, act in (
        (AppExists, lambda: apps.create(an_app(memory=4))),
        (Stale, lambda: apps.save(app.but(memory=4))),
        (Stale, lambda: apps.remove(app)),
        (IdTaken, lambda: tasks.create(a_task(command="another"), None, None)),
        (Stale, lambda: tasks.save(task.but(command="another"))),
        (Stale, lambda: tasks.remove(task)),
    ):
        lossy.lose_the_next()
        with pytest.raises(refusal):
            act()
    assert lossy.lost == 6


def test_a_task_with_a_lock_is_created_ended_and_hands_the_lock_over(
    lossy: Lossy, tasks: DynamoTaskStore
) -> None:
    lossy.lose_the_next()
    task = tasks.create(a_task(lock="migrate"), None, None)
    tasks.create(a_task(id="1jd3m8k7x2qg", lock="migrate"), None, None)
    lossy.lose_the_next()
    tasks.save(a_finished_task(lock="migrate").but(revision=task.revision))

    assert lossy.lost == 2
    assert tasks.lock("shop", "migrate").holder == "1jd3m8k7x2qg"


def test_a_lock_that_somebody_else_gave_back_just_so_is_no_proof_of_ones_own_write(
    lossy: Lossy, tasks: DynamoTaskStore
) -> None:
    task = tasks.create(a_task(lock="migrate"), None, None)
    tasks.save(a_finished_task(lock="migrate").but(revision=task.revision))

    lossy.lose_the_next()
    with pytest.raises(Stale):
        tasks.save(a_finished_task(lock="migrate", exit_code=3).but(revision=task.revision))

    assert lossy.lost == 1
    assert tasks.get(task.id).exit_code == 0
