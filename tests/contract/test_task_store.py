"""What every store of task records promises."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain import ids
from chalicelib.domain.errors import (
    IdempotencyConflict,
    IdTaken,
    LimitExceeded,
    Stale,
    TapitError,
    TaskNotFound,
    TaskRemoved,
)
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.status import Status
from chalicelib.domain.tags import all_written
from chalicelib.domain.task import Task, lose, observe
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.ports import IdempotencyKey, Page, TaskQuery, TaskStore
from local.store.database import Database
from local.store.feed import feed_of
from local.store.task_store import SqliteTaskStore
from tests.builders import NOON, a_finished_task, a_running_task, a_task, an_end
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto

ADAPTERS = ["sqlite", "dynamodb"]
ONE_STORE_FOR_ALL_EXAMPLES = settings(
    max_examples=40,
    deadline=None,
)


tells = pytest.mark.parametrize("subject", ["sqlite"], indirect=True)  # nobody can watch DynamoDB's


@dataclass(frozen=True)
class Subject:
    """A store, and whom it told of which tasks."""

    store: TaskStore
    told: list[str] = field(default_factory=list)


@pytest.fixture(params=ADAPTERS)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:
            yield Subject(DynamoTaskStore(a_table(client), SetClock()))
        return
    database = Database(tmp_path / "tapit.db")
    told: list[str] = []
    yield Subject(SqliteTaskStore(database, SetClock(), told.append), told)
    database.close()


@pytest.fixture
def store(subject: Subject) -> TaskStore:
    return subject.store


def a_new_task(**changes: Any) -> Task:
    return a_task(**{"id": ids.new_id(NOON), **changes})


def a_key(**changes: Any) -> IdempotencyKey:
    defaults: dict[str, Any] = {
        "caller": "t1",
        "key": "k1",
        "digest": "d1",
        "expires_at": NOON + timedelta(hours=24),
    }
    return IdempotencyKey(**{**defaults, **changes})


def created(store: TaskStore, task: Task, key: IdempotencyKey | None = None) -> Task:
    return store.create(task, key, None)


# Records


def test_a_record_is_read_as_it_was_written(store: TaskStore) -> None:
    task = a_finished_task(
        exit_code=3, command="echo 'ü\n$X'", docker_tag="v1", initiated_by="john.doe", max_hours=None
    )

    assert created(store, task) == task
    assert store.get(task.id) == task


def test_an_unknown_task_is_not_found(store: TaskStore) -> None:
    with pytest.raises(TaskNotFound, match="nope"):
        store.get("nope")


def test_several_are_read_at_once_in_the_order_asked_and_what_is_not_there_is_left_out(
    store: TaskStore,
) -> None:
    first, second, _ = (created(store, a_new_task()) for _ in range(3))

    assert store.get_all([second.id, "nope", first.id, second.id]) == [second, first, second]
    assert store.get_all([]) == []


def test_an_id_is_taken_only_once(store: TaskStore) -> None:
    first = created(store, a_new_task())

    with pytest.raises(IdTaken):
        created(store, a_new_task(id=first.id, command="other"))
    assert store.get(first.id) == first


def test_a_saved_record_has_its_revision_one_up(store: TaskStore) -> None:
    task = created(store, a_new_task())

    saved = store.save(task.but(reason="new"))

    assert saved == task.but(reason="new", revision=task.revision + 1)
    assert store.get(task.id) == saved


def test_the_second_of_two_saves_is_refused(store: TaskStore) -> None:
    read = created(store, a_new_task())
    store.save(read.but(reason="first"))

    with pytest.raises(Stale):
        store.save(read.but(reason="second"))
    assert store.get(read.id).reason == "first"


def test_of_many_saves_at_once_one_wins(store: TaskStore) -> None:
    read = created(store, a_new_task())

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(
            pool.map(lambda name: attempt(lambda: store.save(read.but(reason=name))), "abcdefghijklmnop")
        )

    winners = [outcome for outcome in outcomes if isinstance(outcome, Task)]
    assert winners == [store.get(read.id)]
    assert {type(outcome) for outcome in outcomes} == {Task, Stale}


def test_saving_a_removed_task_is_refused(store: TaskStore) -> None:
    task = created(store, a_new_task())
    store.remove(task)

    with pytest.raises(Stale):
        store.save(task)


def test_a_removed_task_is_gone_everywhere(store: TaskStore) -> None:
    task = created(store, a_new_task())

    store.remove(task)

    with pytest.raises(TaskNotFound):
        store.get(task.id)
    assert (listed(store), active(store), store.count_active("shop")) == ([], [], 0)


def test_a_task_that_changed_meanwhile_is_not_removed(store: TaskStore) -> None:
    read = created(store, a_new_task())
    saved = store.save(read.but(reason="news"))

    with pytest.raises(Stale):
        store.remove(read)
    assert store.get(read.id) == saved


@tells
def test_whoever_watches_is_told_of_every_write(subject: Subject) -> None:
    task = created(subject.store, a_new_task())
    saved = subject.store.save(task)
    subject.store.remove(saved)

    assert subject.told == [task.id, feed_of(task.app), task.id, task.id]


@tells
def test_nobody_is_told_of_a_write_that_was_refused(subject: Subject) -> None:
    task = created(subject.store, a_new_task())
    subject.store.save(task)
    del subject.told[:]

    with pytest.raises(Stale):
        subject.store.save(task)
    assert subject.told == []


# A next try


def test_an_end_and_the_next_try_are_written_together(store: TaskStore) -> None:
    first = created(store, a_running_task(id=ids.new_id(NOON)))
    following = a_new_task(try_number=2)

    saved = store.save(observe(first, an_end(exit_code=1), NOON), None, following)

    assert (store.get(first.id), store.get(following.id)) == (saved, following)
    assert set(listed(store)) == {first.id, following.id}
    assert active(store) == [following.id]
    assert store.count_active("shop") == 1


def test_a_next_try_is_not_refused_for_want_of_room_and_takes_what_there_is(store: TaskStore) -> None:
    first = store.create(a_running_task(id=ids.new_id(NOON)), None, 1)

    store.save(observe(first, an_end(exit_code=1), NOON), None, a_new_task())

    with pytest.raises(LimitExceeded):
        store.create(a_new_task(), None, 1)


def test_a_lost_task_that_is_seen_to_have_ended_can_be_followed_too(store: TaskStore) -> None:
    first = created(store, a_running_task(id=ids.new_id(NOON)))
    lost = store.save(lose(first, NOON))

    store.save(observe(lost, an_end(stop_code="SpotInterruption"), NOON), None, a_new_task())

    assert store.count_active("shop") == 1


def test_of_an_end_that_comes_too_late_no_next_try_is_written(store: TaskStore) -> None:
    read = created(store, a_running_task(id=ids.new_id(NOON)))
    store.save(read.but(reason="news"))
    following = a_new_task()

    with pytest.raises(Stale):
        store.save(observe(read, an_end(exit_code=1), NOON), None, following)
    with pytest.raises(TaskNotFound):
        store.get(following.id)
    assert store.count_active("shop") == 1


def test_an_end_is_not_written_when_the_id_of_the_next_try_is_taken(store: TaskStore) -> None:
    first, other = created(store, a_running_task(id=ids.new_id(NOON))), created(store, a_new_task())

    with pytest.raises(IdTaken):
        store.save(observe(first, an_end(exit_code=1), NOON), None, a_new_task(id=other.id, command="x"))
    assert (store.get(first.id), store.get(other.id)) == (first, other)
    assert store.count_active("shop") == 2


def test_of_many_who_see_an_end_at_once_one_writes_the_next_try(store: TaskStore) -> None:
    first = created(store, a_running_task(id=ids.new_id(NOON)))
    ended = observe(first, an_end(exit_code=1), NOON)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: attempt(lambda: store.save(ended, None, a_new_task())), range(8)))

    assert sum(isinstance(outcome, Task) for outcome in outcomes) == 1
    assert (len(active(store)), store.count_active("shop")) == (1, 1)


@tells
def test_whoever_watches_is_told_of_the_next_try_as_well(subject: Subject) -> None:
    first, following = created(subject.store, a_running_task()), a_new_task()
    del subject.told[:]

    subject.store.save(observe(first, an_end(exit_code=1), NOON), None, following)

    assert {first.id, following.id, feed_of("shop")} == set(subject.told)


# Keys


def test_the_same_key_and_request_give_the_earlier_task(store: TaskStore) -> None:
    first = created(store, a_new_task(), a_key())

    assert created(store, a_new_task(), a_key()) == first
    assert listed(store) == [first.id]


def test_the_earlier_task_is_given_as_it_is_now(store: TaskStore) -> None:
    first = created(store, a_new_task(), a_key())
    saved = store.save(first.but(reason="news"))

    assert created(store, a_new_task(), a_key()) == saved


def test_the_same_key_for_another_request_is_refused(store: TaskStore) -> None:
    first = created(store, a_new_task(), a_key())

    with pytest.raises(IdempotencyConflict):
        created(store, a_new_task(), a_key(digest="d2"))
    assert listed(store) == [first.id]


@pytest.mark.parametrize("other", [{"caller": "t2"}, {"key": "k2"}])
def test_another_callers_key_and_another_key_are_others(store: TaskStore, other: dict[str, str]) -> None:
    created(store, a_new_task(), a_key())

    created(store, a_new_task(), a_key(**other))

    assert len(listed(store)) == 2


def test_a_key_of_a_removed_task_says_so(store: TaskStore) -> None:
    first = created(store, a_new_task(), a_key())
    store.remove(first)

    with pytest.raises(TaskRemoved, match=first.id):
        created(store, a_new_task(), a_key())


def test_a_task_is_found_by_the_key_that_made_it(store: TaskStore) -> None:
    first = created(store, a_new_task(), a_key())

    assert store.find_by_key(a_key(), NOON) == first
    assert store.find_by_key(a_key(key="k2"), NOON) is None
    with pytest.raises(IdempotencyConflict):
        store.find_by_key(a_key(digest="d2"), NOON)


def test_an_expired_key_is_free_again(store: TaskStore) -> None:
    first = created(store, a_new_task(), a_key())
    tomorrow = NOON + timedelta(hours=24, seconds=1)

    second = created(
        store, a_new_task(created_at=tomorrow), a_key(digest="d2", expires_at=tomorrow + timedelta(hours=24))
    )

    assert second.id != first.id
    with pytest.raises(IdempotencyConflict):
        created(store, a_new_task(created_at=tomorrow), a_key(digest="d1"))


def test_a_key_is_not_used_up_by_a_create_that_was_refused(store: TaskStore) -> None:
    taken = created(store, a_new_task())
    with pytest.raises(IdTaken):
        created(store, a_new_task(id=taken.id), a_key())

    created(store, a_new_task(), a_key(digest="d2"))

    assert len(listed(store)) == 2


def test_of_many_creates_at_once_with_one_key_one_makes_the_task(store: TaskStore) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: created(store, a_new_task(), a_key()).id, range(16)))

    assert [made[0]] * 16 == made
    assert listed(store) == made[:1]


# max_running


def test_max_running_refuses_and_names_itself(store: TaskStore) -> None:
    store.create(a_new_task(), None, 1)

    with pytest.raises(LimitExceeded, match="max_running=1"):
        store.create(a_new_task(), None, 1)


def test_finished_tasks_and_other_apps_do_not_count_as_running(store: TaskStore) -> None:
    created(store, a_finished_task())
    created(store, a_new_task(app="other"))

    store.create(a_new_task(), None, 1)

    assert store.count_active("shop") == 1


def test_a_task_that_ends_makes_room(store: TaskStore) -> None:
    first = store.create(a_new_task(), None, 1)
    store.save(first.but(status=Status.STOPPED))

    store.create(a_new_task(), None, 1)

    assert store.count_active("shop") == 1


def test_a_repeated_request_is_answered_even_when_no_more_may_run(store: TaskStore) -> None:
    first = store.create(a_new_task(), a_key(), 1)

    assert store.create(a_new_task(), a_key(), 1) == first


def test_of_many_creates_at_once_no_more_than_max_running_pass(store: TaskStore) -> None:
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: attempt(lambda: store.create(a_new_task(), None, 5)), range(16)))

    assert sum(isinstance(outcome, LimitExceeded) for outcome in outcomes) == 11
    assert store.count_active("shop") == 5


# Lists


def test_a_list_has_the_newest_first(store: TaskStore) -> None:
    older, newer = (
        created(store, a_new_task(id=ids.new_id(NOON + timedelta(seconds=passed)))).id for passed in (1, 2)
    )

    assert listed(store) == [newer, older]


def test_a_list_has_the_tasks_of_its_app_alone(store: TaskStore) -> None:
    created(store, a_new_task(app="other"))
    own = created(store, a_new_task())

    assert listed(store) == [own.id]


@pytest.mark.parametrize(
    ("only", "command"),
    [
        (TaskFilter(FilterBy.STATUS, (Status.RUNNING,)), "running"),
        (TaskFilter(FilterBy.INITIATED_BY, ("john",)), "johns"),
        (TaskFilter(FilterBy.CREATED_BY, ("bob",)), "bobs"),
        (TaskFilter(FilterBy.TAG, ("ticket:OPS-7",)), "tagged"),
        (TaskFilter(FilterBy.TAG, ("release:",)), "tagged"),
    ],
)
def test_a_filter_keeps_what_it_names(store: TaskStore, only: TaskFilter, command: str) -> None:
    created(store, a_new_task(command="plain"))
    created(store, a_running_task(command="running"))
    created(store, a_new_task(command="johns", initiated_by="john"))
    created(store, a_new_task(command="bobs", created_by="bob"))
    created(store, a_new_task(command="tagged", tags={"ticket": "OPS-7", "release": ""}))
    created(store, a_new_task(command="tagged otherwise", tags={"ticket": "OPS-70", "release": "OPS-7"}))
    created(store, a_new_task(command="of another app", tags={"ticket": "OPS-7", "release": ""}, app="other"))

    page = store.list(TaskQuery("shop", 10, only))

    assert [task.command for task in page.items] == [command]


def test_a_filter_follows_the_record(store: TaskStore) -> None:
    task = created(store, a_new_task())

    store.save(task.but(status=Status.STOPPED))

    assert listed(store, only=TaskFilter(FilterBy.STATUS, (Status.PENDING,))) == []
    assert listed(store, only=TaskFilter(FilterBy.STATUS, (Status.STOPPED,))) == [task.id]


def test_a_task_is_found_by_its_tags_as_it_is_now_and_no_more_once_it_is_removed(store: TaskStore) -> None:
    tags = {"ticket": "OPS-7", "Straße": "A/b: c"}
    task = created(store, a_new_task(tags=tags))
    ended = store.save(store.save(task.but(status=Status.RUNNING)).but(status=Status.FAILED))

    for tag in ("ticket:OPS-7", "Straße:A/b: c"):
        only = TaskFilter(FilterBy.TAG, (tag,))
        assert store.list(TaskQuery("shop", 10, only)).items == [ListedTask.of(ended)]
        assert listed(store, only=TaskFilter(FilterBy.TAG, (tag[:-1],))) == []
    store.remove(ended)
    assert listed(store, only=TaskFilter(FilterBy.TAG, ("ticket:OPS-7",))) == []


def test_a_task_that_follows_another_is_found_by_its_tags_as_that_one_is(store: TaskStore) -> None:
    tags = {"ticket": "OPS-7"}
    first = created(store, a_new_task(tags=tags))
    second = a_new_task(id=ids.new_id(NOON + timedelta(seconds=1)), tags=tags)

    store.save(first.but(status=Status.FAILED), followed_by=second)

    assert listed(store, only=TaskFilter(FilterBy.TAG, ("ticket:OPS-7",))) == [second.id, first.id]


def test_nothing_is_tagged_by_a_create_that_was_refused(store: TaskStore) -> None:
    first = store.create(a_new_task(), a_key(), 1)
    tags = {"ticket": "OPS-7"}

    with pytest.raises(LimitExceeded):
        store.create(a_new_task(tags=tags), None, 1)
    with pytest.raises(IdTaken):
        created(store, a_new_task(id=first.id, tags=tags))
    assert store.create(a_new_task(tags=tags), a_key(), None) == first
    assert listed(store, only=TaskFilter(FilterBy.TAG, ("ticket:OPS-7",))) == []


def test_since_keeps_what_was_made_then_or_later(store: TaskStore) -> None:
    moments = [NOON + timedelta(seconds=passed) for passed in (-1, 0, 1)]
    made = [created(store, a_new_task(id=ids.new_id(moment))).id for moment in moments]

    assert listed(store, since=NOON) == [made[2], made[1]]


@st.composite
def crowds(draw: st.DrawFn) -> list[Task]:
    """Tasks of many times, often of the same one, in a few statuses, by a few people, of two apps."""
    seconds = st.integers(0, 5).map(lambda passed: NOON + timedelta(seconds=passed))
    task = st.builds(
        lambda *drawn: drawn,
        seconds,
        st.sampled_from([Status.PENDING, Status.RUNNING, Status.FAILED]),
        st.sampled_from(["ann", "bob", None]),
        st.sampled_from(["shop", "other"]),
        st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["", "1", "2"])),
    )
    return [
        a_task(
            id=f"{ids.first_id_at(moment)[:9]}{number:03}",
            status=status,
            initiated_by=who,
            created_by=who or "ann",
            app=app,
            tags=tags,
        )
        for number, (moment, status, who, app, tags) in enumerate(draw(st.lists(task, max_size=20)))
    ]


queries = st.fixed_dictionaries(
    {"limit": st.integers(1, 8)},
    optional={
        "since": st.integers(-1, 6).map(lambda passed: NOON + timedelta(seconds=passed)),
        "id_begins": st.tuples(st.integers(-1, 6), st.integers(4, 12)).map(
            lambda part: ids.first_id_at(NOON + timedelta(seconds=part[0]))[: part[1]]
        ),
    },
)
filters = st.sampled_from(
    [
        None,
        TaskFilter(FilterBy.STATUS, (Status.RUNNING,)),
        TaskFilter(FilterBy.STATUS, (Status.RUNNING, Status.FAILED)),
        TaskFilter(FilterBy.STATUS, (Status.LOST, Status.FAILED, Status.PENDING)),
        TaskFilter(FilterBy.STATUS, tuple(Status)),
        TaskFilter(FilterBy.INITIATED_BY, ("bob",)),
        TaskFilter(FilterBy.CREATED_BY, ("ann",)),
        TaskFilter(FilterBy.CREATED_BY, ("nobody",)),
        TaskFilter(FilterBy.TAG, ("a:1",)),
        TaskFilter(FilterBy.TAG, ("b:",)),
        TaskFilter(FilterBy.TAG, ("a:3",)),
    ]
)


@ONE_STORE_FOR_ALL_EXAMPLES
@given(crowds(), queries, filters)
def test_page_by_page_a_list_is_complete_and_repeats_nothing(
    store: TaskStore, crowd: list[Task], query: dict[str, Any], only: TaskFilter | None
) -> None:
    for task in crowd:
        created(store, task)
    try:
        pages = list(all_pages(store, TaskQuery("shop", **query, only=only)))
    finally:
        for task in crowd:
            store.remove(task)

    wanted = [task for task in crowd if is_wanted(task, only, query.get("since"), query.get("id_begins", ""))]
    found = [task for page in pages for task in page.items]
    assert found == [ListedTask.of(task) for task in sorted(wanted, key=lambda task: task.id, reverse=True)]
    assert {len(page.items) for page in pages[:-1]} <= {query["limit"]}


# Unfinished tasks


def test_unfinished_tasks_of_every_app_are_listed(store: TaskStore) -> None:
    first = created(store, a_new_task(id=ids.new_id(NOON)))
    second = created(store, a_new_task(id=ids.new_id(NOON + timedelta(seconds=1)), app="other"))
    created(store, a_finished_task(id=ids.new_id(NOON)))

    assert set(active(store)) == {first.id, second.id}


def test_a_task_leaves_the_unfinished_when_it_ends(store: TaskStore) -> None:
    task = created(store, a_new_task())

    store.save(task.but(status=Status.LOST))

    assert active(store) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_unfinished_tasks_come_in_pages_that_resume_where_the_last_one_ended(
    store: TaskStore, limit: int
) -> None:
    made = [created(store, a_new_task(id=ids.new_id(NOON + timedelta(seconds=n)))).id for n in range(7)]

    found: list[str] = []
    after, has_more = None, True
    while has_more:
        page = store.list_active(after, limit)
        found += [task.id for task in page.items]
        after, has_more = found[-1], page.has_more

    assert sorted(found) == made


# Helpers


def attempt(act: Any) -> Any:
    try:
        return act()
    except TapitError as error:
        return error


def listed(store: TaskStore, **query: Any) -> list[str]:
    return [task.id for task in store.list(TaskQuery(**{"app": "shop", "limit": 100, **query})).items]


def active(store: TaskStore) -> list[str]:
    return [task.id for task in store.list_active(None, 100).items]


def all_pages(store: TaskStore, query: TaskQuery) -> Iterator[Page[ListedTask]]:
    page = store.list(query)
    yield page
    while page.has_more:
        page = store.list(TaskQuery(**{**vars(query), "after_id": page.items[-1].id}))
        yield page


def is_wanted(
    task: Task, only: TaskFilter | None, since: datetime | None = None, id_begins: str = ""
) -> bool:
    is_young = since is None or task.id >= ids.first_id_at(since)
    is_named = task.id.startswith(id_begins)
    return task.app == "shop" and is_young and is_named and (only is None or has(task, only))


def has(task: Task, only: TaskFilter) -> bool:
    values = all_written(task.tags) if only.by is FilterBy.TAG else (getattr(task, only.by),)
    return any(value in only.values for value in values)
