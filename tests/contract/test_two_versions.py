"""Two versions of the program on one store: what the newer one writes, the older one reads and gives back whole."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import ids
from chalicelib.domain.app import App, Limits
from chalicelib.domain.diagnosis import Diagnosis
from chalicelib.domain.errors import TaskNotFound, Unreadable
from chalicelib.domain.session import Session
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import (
    Change,
    Launch,
    Task,
    accept_launch,
    begin_attempt,
    lose,
    observe,
    request_stop,
)
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.domain.task_sessions import add_session, end_session
from chalicelib.ports import IdempotencyKey, Services, TaskQuery
from chalicelib.usecases.change import change_task
from chalicelib.usecases.turn import lock_with_living_holder
from tests.builders import (
    ARN,
    BY_ALICE,
    NOON,
    a_finished_task,
    a_running_task,
    a_sighting,
    a_task,
    an_app,
    an_end,
)
from tests.dynamodb_table import SetClock
from tests.stores import HOMES, Stores, stores_of

LATER = NOON + timedelta(minutes=1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)


class NewerChange(Change):
    by: str | None = None


class NewerLaunch(Launch):
    zone: str | None = None


class NewerSession(Session):
    client: str | None = None


class NewerStopCause(StopCause):
    ticket: str | None = None


class NewerDiagnosis(Diagnosis):
    link: str | None = None


class NewerTask(Task):
    """The record as a version to come may have it: more to say at every level."""

    labels: dict[str, str] | None = None
    tries: tuple[dict[str, Any], ...] = ()
    stop_cause: NewerStopCause | None = None
    diagnosis: NewerDiagnosis | None = None
    launch: NewerLaunch | None = None
    history: tuple[NewerChange, ...] = ()
    sessions: tuple[NewerSession, ...] = ()


class NewerLimits(Limits):
    max_storage: int | None = None


class NewerApp(App):
    """And an app."""

    team: str | None = None
    limits: NewerLimits = NewerLimits()


@pytest.fixture(params=HOMES)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    with stores_of(request.param, tmp_path) as made:
        yield made


def a_newer_task(**changes: Any) -> NewerTask:
    """One that has lived, with something that only the newer version knows wherever it can be."""
    lived = end_session(
        add_session(
            a_running_task(interactive=True, id=ids.new_id(NOON)),
            Session(id="s1", command="bash", opened_by="alice", opened_at=NOON),
        ),
        "s1",
        0,
        "alice",
        LATER,
    )
    written = request_stop(lived, BY_ALICE, LATER).model_dump()
    written["labels"], written["tries"] = {"team": "shop"}, [{"id": "x", "exit_code": 1}]
    written["launch"]["zone"] = "eu-west-1a"
    written["stop_cause"]["ticket"] = "OPS-1"
    written["history"][0]["by"] = "alice"
    written["sessions"][0]["client"] = "tapit 9"
    return NewerTask.model_validate(written | changes)


def as_newer(task: Task) -> NewerTask:
    """The same record as the newer version reads it."""
    return NewerTask.model_validate_json(task.model_dump_json())


def test_what_a_newer_version_wrote_is_read_and_written_back_at_every_level(stores: Stores) -> None:
    written = a_newer_task()
    stores.tasks.create(written, None, None)

    ended = stores.tasks.save(observe(stores.tasks.get(written.id), an_end(exit_code=143), LATER))

    read = as_newer(stores.tasks.get(written.id))
    assert (read.status, read.revision) == (Status.FAILED, ended.revision)
    assert (read.labels, read.tries) == (written.labels, written.tries)
    assert read.launch == written.launch
    assert read.stop_cause == written.stop_cause
    assert read.history[: len(written.history)] == written.history
    assert read.sessions == written.sessions


def test_versions_in_turn_lead_a_task_through_its_life(stores: Stores) -> None:
    """As during a deployment, when functions of both versions run side by side."""
    older = stores.tasks.create(a_task(id=ids.new_id(NOON)), None, None)

    newer = as_newer(begin_attempt(stores.tasks.get(older.id), {"driver": "process"}, NOON))
    assert newer.launch is not None
    stores.tasks.save(newer.but(labels={"team": "shop"}, launch=newer.launch.but(zone="eu-west-1a")))
    stores.tasks.save(accept_launch(stores.tasks.get(older.id), ARN, NOON))
    newer = as_newer(observe(stores.tasks.get(older.id), a_sighting(version=2, started_at=NOON), NOON))
    stores.tasks.save(newer.but(history=(*newer.history[:-1], newer.history[-1].but(by="ECS"))))
    stores.tasks.save(observe(stores.tasks.get(older.id), an_end(), LATER))

    read = as_newer(stores.tasks.get(older.id))
    assert read.status is Status.SUCCEEDED
    assert (read.labels, read.launch and read.launch.zone) == ({"team": "shop"}, "eu-west-1a")
    assert [(change.status, change.by) for change in read.history] == [
        ("PENDING", None),
        ("STARTING", None),
        ("RUNNING", "ECS"),
        ("SUCCEEDED", None),
    ]
    assert stores.reported == []


def test_an_app_of_a_newer_version_is_changed_without_loss(stores: Stores) -> None:
    stores.apps.create(
        NewerApp.model_validate(an_app().model_dump() | {"team": "a", "limits": {"max_storage": 50}})
    )

    app = stores.apps.get("shop")
    stores.apps.save(app.but(memory=4, limits=app.limits.but(max_cpu=2)))

    read = NewerApp.model_validate_json(stores.apps.get("shop").model_dump_json())
    assert (read.team, read.memory, read.limits) == ("a", 4, NewerLimits(max_storage=50, max_cpu=2))


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_whatever_a_field_of_a_newer_version_holds_comes_back_as_it_was(unknown: dict[str, Any]) -> None:
    unknown = {name: value for name, value in unknown.items() if name not in Task.model_fields}
    text = NewerTask.model_validate(a_task().model_dump() | unknown).model_dump_json(exclude_defaults=True)

    read = Task.model_validate_json(text).but(reason="changed")

    assert read.model_extra == unknown
    assert Task.model_validate_json(read.model_dump_json(exclude_defaults=True)) == read


def test_a_misspelt_field_of_ones_own_is_not_taken_for_a_newer_versions() -> None:
    with pytest.raises(TypeError, match="Task has no field reeson"):
        a_task().but(reeson="new")


# Back to a version before locks, tries and tags, and on again


def saved_by_a_version_before_locks(stores: Stores, task: Task) -> None:
    """It keeps the fields that it does not know, and knows of no queue, no tags and no next try."""
    stores.tasks.save(task.but(lock=None, tags={}))
    stores.rewrite("task", task.id, lock=task.lock, tags=task.tags)


def a_queue(stores: Stores) -> list[Task]:
    made = (a_task(id=ids.new_id(NOON), lock="migrate", tags={"release": "42"}) for _ in range(3))
    return [stores.tasks.create(task, None, None) for task in made]


def living_holder(stores: Stores) -> str | None:
    services = cast(Services, SimpleNamespace(tasks=stores.tasks))
    return lock_with_living_holder(services, stores.tasks.lock("shop", "migrate")).holder


def test_whoever_an_older_version_brought_to_its_end_holds_its_lock_no_longer(stores: Stores) -> None:
    first, second, third = a_queue(stores)

    for ended in (first, second):
        saved_by_a_version_before_locks(stores, lose(ended, LATER))

    assert living_holder(stores) == third.id
    assert [place.task_id for place in stores.tasks.lock("shop", "migrate").queue] == [third.id]


def test_nobody_starts_beside_a_task_that_an_older_version_launched_out_of_turn(stores: Stores) -> None:
    first, second, third = a_queue(stores)
    saved_by_a_version_before_locks(stores, begin_attempt(second, {"driver": "process"}, NOON))

    stores.tasks.save(lose(first, LATER))
    assert living_holder(stores) == second.id
    stores.tasks.save(lose(stores.tasks.get(second.id), LATER))
    assert living_holder(stores) == third.id


def test_a_task_that_an_older_version_ended_is_found_by_its_tags_again(stores: Stores) -> None:
    first, *_ = a_queue(stores)
    saved_by_a_version_before_locks(stores, lose(first, LATER))

    found = stores.tasks.list(TaskQuery("shop", 10, TaskFilter(FilterBy.TAG, ("release:42",)))).items

    assert first.id in [task.id for task in found]
    assert stores.tasks.get(first.id).tags == {"release": "42"}


def test_what_failed_under_an_older_version_is_not_tried_again_by_the_next_change_of_it(
    stores: Stores,
) -> None:
    task = stores.tasks.create(a_running_task(id=ids.new_id(NOON), retries=1, retry_on=("lost",)), None, None)
    saved_by_a_version_before_locks(stores, lose(task, LATER))

    services = cast(Services, SimpleNamespace(tasks=stores.tasks, clock=SetClock()))
    change_task(services, task.id, lambda task: task.but(reason="looked at"))

    assert stores.tasks.get(task.id).retried_by is None


# Words of a newer version


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"ended_by": "budget"}, lambda task: task.ended_by == "budget"),
        (
            {"history": [{"status": "QUEUED", "time": NOON.isoformat()}]},
            lambda task: task.history[0].status == "QUEUED",
        ),
        ({"stop_cause": {"kind": "budget"}}, lambda task: task.stop_cause.kind == "budget"),
    ],
    ids=["ended_by", "a line of history", "the cause of a stop"],
)
def test_a_new_word_that_only_tells_something_is_kept(
    stores: Stores, fields: dict[str, Any], told: Any
) -> None:
    task = stores.tasks.create(a_finished_task(id=ids.new_id(NOON)), None, None)
    stores.rewrite("task", task.id, **fields)

    saved = stores.tasks.save(stores.tasks.get(task.id))

    assert told(saved)
    assert told(stores.tasks.get(task.id))


def test_a_task_that_stops_for_a_new_cause_ends_all_the_same(stores: Stores) -> None:
    stopping = request_stop(a_running_task(id=ids.new_id(NOON)), BY_ALICE, LATER)
    stores.tasks.create(stopping, None, None)
    stores.rewrite("task", stopping.id, stop_cause={"kind": "budget", "by": "finance"})

    seen = an_end(stop_code="UserInitiated", exit_code=143)
    ended = stores.tasks.save(observe(stores.tasks.get(stopping.id), seen, LATER))

    assert (ended.status, ended.stop_cause) == (Status.STOPPED, StopCause(kind="budget", by="finance"))


# Records that cannot be read

DAMAGED: dict[str, Any] = {
    "a status that this version does not know": {"status": "QUEUED"},
    "a time that is none": {"created_at": "yesterday"},
    "a number that is none": {"memory": "much"},
}
readable = pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)


@readable
def test_a_record_that_cannot_be_read_says_so_and_where(stores: Stores, damage: dict[str, Any]) -> None:
    task = stores.tasks.create(a_task(id=ids.new_id(NOON)), None, None)
    stores.rewrite("task", task.id, **damage)

    with pytest.raises(Unreadable, match=f"task {task.id} cannot be read .*{next(iter(damage))}: "):
        stores.tasks.get(task.id)


@readable
def test_a_record_that_cannot_be_read_is_left_out_and_the_others_are_not(
    stores: Stores, damage: dict[str, Any]
) -> None:
    made = [
        stores.tasks.create(a_task(id=ids.new_id(NOON + timedelta(seconds=n))), None, None).id
        for n in range(9)
    ]
    bad = made[::3]
    for task_id in bad:
        stores.rewrite("task", task_id, **damage)

    assert listed(stores, limit=4) == [task_id for task_id in reversed(made) if task_id not in bad]
    assert sorted(active(stores, limit=2)) == [task_id for task_id in made if task_id not in bad]
    assert {problem.name for problem in stores.reported} == {f"task {task_id}" for task_id in bad}


def test_of_several_that_are_read_at_once_one_that_cannot_be_leaves_the_others(stores: Stores) -> None:
    made = [stores.tasks.create(a_task(id=ids.new_id(NOON)), None, None) for _ in range(3)]
    stores.rewrite("task", made[1].id, status="QUEUED")

    assert stores.tasks.get_all([task.id for task in made]) == [made[0], made[2]]
    assert len(stores.reported) == 1


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"id": 1}', "\0", "{" * 5000])
def test_what_is_no_record_at_all_is_isolated_as_well(stores: Stores, text: str) -> None:
    task = stores.tasks.create(a_task(id=ids.new_id(NOON)), None, None)
    stores.apps.create(an_app())
    stores.replace("task", task.id, text)
    stores.replace("app", "shop", text)

    for act in (lambda: stores.tasks.get(task.id), lambda: stores.apps.get("shop")):
        with pytest.raises(Unreadable):
            act()
    assert (listed(stores), active(stores), list(stores.apps.list(10, None).items)) == ([], [], [])
    assert len(stores.reported) == 3


def test_a_task_whose_end_alone_cannot_be_read_is_still_listed(stores: Stores) -> None:
    task = stores.tasks.create(a_finished_task(id=ids.new_id(NOON)), None, None)
    stores.rewrite("task", task.id, diagnosis={"what": 1})

    assert listed(stores) == [task.id]
    with pytest.raises(Unreadable, match="diagnosis"):
        stores.tasks.get(task.id)


def test_an_app_that_cannot_be_read_leaves_the_others_in_their_pages(stores: Stores) -> None:
    for name in "abcdefg":
        stores.apps.create(an_app(name=name))
    for name in "acdg":
        stores.rewrite("app", name, cpu="all of it")

    first = stores.apps.list(2, None)
    second = stores.apps.list(2, first.items[-1].name)

    assert [[app.name for app in page.items] for page in (first, second)] == [["b", "e"], ["f"]]
    assert (first.has_more, second.has_more) == (True, False)


def test_what_is_told_of_a_record_holds_no_value_of_it(stores: Stores) -> None:
    stores.apps.create(an_app(environment={"PASSWORD": "sesame"}))
    stores.rewrite("app", "shop", environment={"PASSWORD": ["sesame"]}, max_hours="sesame")

    with pytest.raises(Unreadable) as refusal:
        stores.apps.get("shop")
    assert "sesame" not in f"{refusal.value} {refusal.value.__cause__}"


LOCKS = {
    "no text": "",
    "no JSON": "{",
    "a queue of another shape": '{"app": "shop", "name": "migrate", "queue": 2}',
}
with_a_lock_that_cannot_be_read = pytest.mark.parametrize("text", LOCKS.values(), ids=LOCKS)


def two_with_a_lock(stores: Stores, text: str) -> tuple[Task, Task]:
    """Return its holder and one that waits; `text` is what is kept of the lock by then."""
    made = (a_task(id=ids.new_id(NOON), lock="migrate", tags={"release": "42"}) for _ in range(2))
    holder, waiter = (stores.tasks.create(task, None, None) for task in made)
    stores.replace("lock", "shop#migrate", text)
    return holder, waiter


@with_a_lock_that_cannot_be_read
def test_a_task_ends_though_its_lock_cannot_be_read_and_that_is_told(stores: Stores, text: str) -> None:
    holder, waiter = two_with_a_lock(stores, text)

    following = a_task(id=ids.new_id(NOON), lock="migrate")
    for ended, then in ((lose(holder, LATER), following), (request_stop(waiter, BY_ALICE, LATER), None)):
        stores.tasks.save(ended, None, then)

    assert [stores.tasks.get(task.id).status for task in (holder, waiter)] == [Status.LOST, Status.STOPPED]
    assert active(stores) == [following.id]
    assert stores.tasks.count_active("shop") == 1
    assert [problem.name for problem in stores.reported] == ["lock migrate of app shop"] * 2
    assert stores.text_of("lock", "shop#migrate") == text


@with_a_lock_that_cannot_be_read
def test_a_task_is_removed_though_its_lock_cannot_be_read(stores: Stores, text: str) -> None:
    holder, _ = two_with_a_lock(stores, text)

    stores.tasks.remove(holder)

    with pytest.raises(TaskNotFound):
        stores.tasks.get(holder.id)
    assert len(stores.reported) == 1


@with_a_lock_that_cannot_be_read
def test_no_task_is_made_whose_lock_cannot_be_read_but_one_that_was_is_found_by_its_key(
    stores: Stores, text: str
) -> None:
    key = IdempotencyKey("alice", "k", "digest", NOON + timedelta(hours=1))
    earlier = stores.tasks.create(a_task(id=ids.new_id(NOON), lock="migrate"), key, None)
    stores.replace("lock", "shop#migrate", text)

    with pytest.raises(Unreadable, match="lock migrate of app shop"):
        stores.tasks.create(a_task(id=ids.new_id(NOON), lock="migrate"), None, None)
    assert stores.tasks.create(a_task(id=ids.new_id(NOON), lock="migrate"), key, None) == earlier
    assert active(stores) == [earlier.id]


def listed(stores: Stores, limit: int = 100) -> list[str]:
    found: list[str] = []
    while True:
        page = stores.tasks.list(TaskQuery("shop", limit, after_id=found[-1] if found else None))
        found += [task.id for task in page.items]
        if not page.has_more:
            return found


def active(stores: Stores, limit: int = 100) -> list[str]:
    found: list[str] = []
    while True:
        page = stores.tasks.list_active(found[-1] if found else None, limit)
        found += [task.id for task in page.items]
        if not page.has_more:
            return found
