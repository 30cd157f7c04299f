"""What every store promises of the audit: an entry is there when what it tells of is, and is found by what it says."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_audit import DynamoAuditLog
from chalicelib.adapters.dynamodb_deliveries import DynamoDeliveries
from chalicelib.adapters.dynamodb_subscriptions import DynamoSubscriptionStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.domain.audit import AuditQuery, Entry, What, page_of
from chalicelib.domain.errors import (
    AppExists,
    Stale,
    SubscriptionExists,
    TapitError,
    TokenExists,
    Unreadable,
)
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.domain.token import ListedToken, Token, new_token
from chalicelib.ports import (
    AppStore,
    AuditLog,
    Deliveries,
    SubscriptionStore,
    TaskQuery,
    TaskStore,
    TokenStore,
)
from local.store.app_store import SqliteAppStore
from local.store.audit_log import SqliteAuditLog
from local.store.database import Database
from local.store.deliveries import SqliteDeliveries
from local.store.subscription_store import SqliteSubscriptionStore
from local.store.task_store import SqliteTaskStore
from local.store.token_store import SqliteTokenStore
from tests.builders import NOON, a_delivery, a_finished_task, a_subscription, a_task, an_app
from tests.dynamodb_table import NAME, SetClock, a_table, dynamodb_on_moto

HOMES = ("sqlite", "dynamodb")


@dataclass(frozen=True)
class Stores:
    """`break_the_audit` lets every entry be refused from then on; `replace` puts a text in the place of an entry's."""

    tasks: TaskStore
    apps: AppStore
    subscriptions: SubscriptionStore
    deliveries: Deliveries
    tokens: TokenStore
    audit: AuditLog
    break_the_audit: Callable[[], None]
    replace: Callable[[str, str], None]
    reported: list[Unreadable] = field(default_factory=list)

    def everything(self) -> list[Entry]:
        return list(self.audit.list(AuditQuery(100)).items)

    def write_down(self, entry: Entry) -> None:
        """By something that changes nothing that another entry is about."""
        self.deliveries.record(a_delivery(), entry)


@pytest.fixture(params=HOMES)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    if request.param == "sqlite":
        yield from in_sqlite(tmp_path)
    else:
        yield from on_dynamodb()


def in_sqlite(place: Path) -> Iterator[Stores]:
    database, reported = Database(place / "tapit.db"), list[Unreadable]()

    def break_the_audit() -> None:
        refuse = "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'refused'); END"
        with database.write() as connection:
            connection.execute(refuse)

    def replace(entry_id: str, text: str) -> None:
        with database.write() as connection:
            connection.execute("UPDATE audit SET record = ? WHERE id = ?", (text, entry_id))

    yield Stores(
        SqliteTaskStore(database, SetClock(), lambda _: None),
        SqliteAppStore(database),
        SqliteSubscriptionStore(database, SetClock(), lambda _: None),
        SqliteDeliveries(database),
        SqliteTokenStore(database),
        SqliteAuditLog(database, reported.append),
        break_the_audit,
        replace,
        reported,
    )
    database.close()


class Refusing:
    """A client whose transactions are refused as a whole once one of their items is an entry."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.refuses = False

    def transact_write_items(self, **parameters: Any) -> Any:
        if self.refuses:
            for change in parameters["TransactItems"]:
                put = change.get("Put")
                if put and put["Item"]["pk"]["S"].startswith("audit#"):
                    put["ConditionExpression"] = "attribute_exists(pk)"
        return self._client.transact_write_items(**parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def on_dynamodb() -> Iterator[Stores]:
    with dynamodb_on_moto() as client:
        refusing, reported, clock = Refusing(client), list[Unreadable](), SetClock()
        table = a_table(refusing)

        def replace(entry_id: str, text: str) -> None:
            client.update_item(
                TableName=NAME,
                Key={"pk": {"S": f"audit#{entry_id}"}},
                UpdateExpression="SET summary = :text",
                ExpressionAttributeValues={":text": {"S": text}},
            )

        yield Stores(
            DynamoTaskStore(table, clock),
            DynamoAppStore(table),
            DynamoSubscriptionStore(table),
            DynamoDeliveries(table, clock),
            DynamoTokenStore(table),
            DynamoAuditLog(table, reported.append),
            lambda: setattr(refusing, "refuses", True),
            replace,
            reported,
        )


@dataclass(frozen=True)
class Act:
    """A write that may come with an entry, whether it was done, and what somebody else's makes of it."""

    prepare: Callable[[Stores], Any]
    write: Callable[[Stores, Any, Entry], object]
    is_done: Callable[[Stores], bool]
    spoil: Callable[[Stores, Any], object]
    refusal: type[TapitError] | None


def a_listed_token() -> tuple[Token, ListedToken]:
    token, _ = new_token("ci")
    return token, ListedToken.of(token, NOON, "alice")


def is_there(get: Callable[[], object]) -> bool:
    try:
        get()
    except TapitError:
        return False
    return True


def a_subscribed_app(stores: Stores) -> Any:
    stores.apps.create(an_app())
    return stores.subscriptions.create(a_subscription(), 20)


def a_kept_token(stores: Stores) -> ListedToken:
    token, listed = a_listed_token()
    stores.tokens.add(token, NOON, "alice")
    return listed


ACTS = {
    "a task is changed": Act(
        lambda stores: stores.tasks.create(a_task(), None, None),
        lambda stores, task, entry: stores.tasks.save(task.but(max_hours=8), entry),
        lambda stores: stores.tasks.get(a_task().id).max_hours == 8,
        lambda stores, task: stores.tasks.save(task.but(max_hours=2)),
        Stale,
    ),
    "a task ends": Act(
        lambda stores: stores.tasks.create(a_task(), None, None),
        lambda stores, task, entry: stores.tasks.save(a_finished_task().but(revision=task.revision), entry),
        lambda stores: stores.tasks.get(a_task().id).is_final,
        lambda stores, task: stores.tasks.save(task.but(max_hours=2)),
        Stale,
    ),
    "a task is removed": Act(
        lambda stores: stores.tasks.create(a_finished_task(), None, None),
        lambda stores, task, entry: stores.tasks.remove(task, entry),
        lambda stores: not is_there(lambda: stores.tasks.get(a_task().id)),
        lambda stores, task: stores.tasks.save(task.but(max_hours=2)),
        Stale,
    ),
    "an app is created": Act(
        lambda _: an_app(),
        lambda stores, app, entry: stores.apps.create(app, entry),
        lambda stores: is_there(lambda: stores.apps.get("shop")),
        lambda stores, app: stores.apps.create(app.but(cpu=4)),
        AppExists,
    ),
    "an app is changed": Act(
        lambda stores: stores.apps.create(an_app()),
        lambda stores, app, entry: stores.apps.save(app.but(cpu=2), entry),
        lambda stores: stores.apps.get("shop").cpu == 2,
        lambda stores, app: stores.apps.save(app.but(cpu=4)),
        Stale,
    ),
    "an app is removed": Act(
        lambda stores: stores.apps.create(an_app()),
        lambda stores, app, entry: stores.apps.remove(app, entry),
        lambda stores: not is_there(lambda: stores.apps.get("shop")),
        lambda stores, app: stores.apps.save(app.but(cpu=4)),
        Stale,
    ),
    "a subscription is created": Act(
        lambda stores: stores.apps.create(an_app()) and a_subscription(),
        lambda stores, subscription, entry: stores.subscriptions.create(subscription, 20, entry),
        lambda stores: is_there(lambda: stores.subscriptions.get("shop", "hooks")),
        lambda stores, _: stores.subscriptions.create(a_subscription(id="other"), 20),
        SubscriptionExists,
    ),
    "a subscription is changed": Act(
        a_subscribed_app,
        lambda stores, subscription, entry: stores.subscriptions.save(
            subscription.but(events=("failed",)), entry
        ),
        lambda stores: stores.subscriptions.get("shop", "hooks").events == ("failed",),
        lambda stores, subscription: stores.subscriptions.save(subscription.but(events=("lost",))),
        Stale,
    ),
    "a subscription is removed": Act(
        a_subscribed_app,
        lambda stores, subscription, entry: stores.subscriptions.remove(subscription, entry),
        lambda stores: not is_there(lambda: stores.subscriptions.get("shop", "hooks")),
        lambda stores, subscription: stores.subscriptions.save(subscription.but(events=("lost",))),
        Stale,
    ),
    "a delivery is made again": Act(
        a_subscribed_app,
        lambda stores, _, entry: stores.deliveries.record(a_delivery(), entry),
        lambda stores: bool(stores.deliveries.list(a_subscription().id, 10)),
        lambda _, __: None,
        None,
    ),
    "a token is made": Act(
        lambda _: a_listed_token()[0],
        lambda stores, token, entry: stores.tokens.add(token, NOON, "alice", entry),
        lambda stores: is_there(lambda: stores.tokens.get("ci")),
        lambda stores, _: stores.tokens.add(a_listed_token()[0], NOON, "alice"),
        TokenExists,
    ),
    "a token is removed": Act(
        a_kept_token,
        lambda stores, listed, entry: stores.tokens.remove(listed, entry),
        lambda stores: not is_there(lambda: stores.tokens.get("ci")),
        lambda stores, listed: stores.tokens.remove(listed),
        None,
    ),
}
every_act = pytest.mark.parametrize("act", ACTS.values(), ids=list(ACTS))


def an_entry(minute: int = 0, **fields: Any) -> Entry:
    at = NOON + timedelta(minutes=minute)
    told: dict[str, Any] = {"what": What.TASK_STOPPED, "target": "1jd3m8k7x2qf", "app": "shop", "by": "alice"}
    return Entry.of(at=at, **told | fields)


@every_act
def test_what_is_written_comes_with_its_entry(stores: Stores, act: Act) -> None:
    entry, before = an_entry(details={"changed": ["cpu"], "was": None}), act.prepare(stores)

    act.write(stores, before, entry)

    assert act.is_done(stores)
    assert stores.everything() == [entry]


@every_act
def test_what_somebody_else_came_before_has_no_entry(stores: Stores, act: Act) -> None:
    before = act.prepare(stores)
    act.spoil(stores, before)

    if act.refusal is None:
        act.write(stores, before, an_entry())
    else:
        with pytest.raises(act.refusal):
            act.write(stores, before, an_entry())

    assert len(stores.everything()) == (1 if act is ACTS["a delivery is made again"] else 0)


@every_act
def test_what_cannot_be_written_down_is_not_done(stores: Stores, act: Act) -> None:
    before = act.prepare(stores)
    stores.break_the_audit()

    with suppress(Exception):  # each store has its own word for what never happens
        act.write(stores, before, an_entry())

    assert not act.is_done(stores)
    assert stores.everything() == []


def a_history(stores: Stores) -> list[Entry]:
    """Two of each combination, oldest first; what is about no app at all among them."""
    a_subscribed_app(stores)
    about = product(("shop", "blog", None), ("alice", "bob"), (What.TASK_STOPPED, What.APP_CHANGED), "xy")
    made = [
        an_entry(minute, app=app, by=by, what=what, target=target)
        for minute, (app, by, what, target) in enumerate(about)
    ]
    for entry in made:
        stores.write_down(entry)
    return made


def all_of(stores: Stores, query: AuditQuery) -> list[Entry]:
    found = list[Entry]()
    page = stores.audit.list(query)
    found += page.items
    while page.after_id is not None:
        page = stores.audit.list(AuditQuery(**{**vars(query), "after_id": page.after_id}))
        found += page.items
    return found


@pytest.mark.parametrize("limit", [1, 5, 24, 100])
def test_entries_come_newest_first_in_pages_that_lack_none(stores: Stores, limit: int) -> None:
    made = a_history(stores)

    assert all_of(stores, AuditQuery(limit)) == made[::-1]
    assert len(stores.audit.list(AuditQuery(limit)).items) == min(limit, len(made))


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_entries_are_found_by_whatever_they_are_narrowed_down_by(stores: Stores, limit: int) -> None:
    made = a_history(stores)
    everything = product(
        (None, (), ("shop",), ("shop", "blog"), ("gone",)),
        (None, "alice", "nobody"),
        (None, What.APP_CHANGED, "app.never"),
        (None, NOON + timedelta(minutes=7)),
    )

    for apps, by, what, since in everything:
        query = AuditQuery(limit, apps, by, what, since)
        wanted = [
            entry
            for entry in made[::-1]
            if (apps is None or entry.app in apps)
            and by in (None, entry.by)
            and what in (None, entry.what)
            and (since is None or entry.time >= since)
        ]
        assert all_of(stores, query) == wanted, query


def test_what_is_written_meanwhile_is_on_no_later_page(stores: Stores) -> None:
    made = a_history(stores)
    first = stores.audit.list(AuditQuery(10))
    stores.write_down(an_entry(100))

    second = stores.audit.list(AuditQuery(100, after_id=first.after_id))

    assert [*first.items, *second.items] == made[::-1]


def test_an_entry_that_cannot_be_read_is_left_out_and_reported(stores: Stores) -> None:
    made = a_history(stores)
    stores.replace(made[3].id, "{}")

    assert stores.everything() == [entry for entry in made[::-1] if entry != made[3]]
    assert [made[3].id in str(problem) for problem in stores.reported] == [True]


def test_an_entry_of_a_newer_version_is_read_with_what_is_new_in_it(stores: Stores) -> None:
    made = a_history(stores)
    text = made[3].model_copy(update={"what": "budget.changed"}).model_dump_json()
    stores.replace(made[3].id, text.replace("{", '{"place": "far", ', 1))

    read = next(entry for entry in stores.everything() if entry.id == made[3].id)
    assert (read.what, read.model_dump()["place"]) == ("budget.changed", "far")


def test_lists_of_tasks_and_of_apps_have_no_entries(stores: Stores) -> None:
    a_history(stores)

    for app, only in product(
        ("shop", "audit"),
        (None, *(TaskFilter(by, (value,)) for by in FilterBy for value in ("alice", "task.stopped", ""))),
    ):
        assert not stores.tasks.list(TaskQuery(app, 100, only)).items
    assert [app.name for app in stores.apps.list(100, None).items] == ["shop"]
    assert not stores.tasks.list_active(None, 100).items


def test_what_is_about_several_apps_is_found_under_each_of_them_once(stores: Stores) -> None:
    a_subscribed_app(stores)
    both, shop, blog = (
        an_entry(1, app=None, apps=("shop", "blog")),
        an_entry(2, app="shop"),
        an_entry(3, app="blog"),
    )
    for entry in (both, shop, blog):
        stores.write_down(entry)

    def found(*apps: str, **query: Any) -> list[Entry]:
        return list(stores.audit.list(AuditQuery(10, apps=apps, **query)).items)

    assert found("shop") == found("shop", by="alice") == [shop, both]
    assert found("blog", "shop") == [blog, shop, both]
    assert found("shop", within=("shop",)) == found("shop", by="alice", within=("shop",)) == [shop]
    assert found("shop", since=NOON + timedelta(minutes=1)) == [shop, both]
    assert found("elsewhere") == []
    assert stores.everything() == [blog, shop, both]


@given(
    about=st.lists(st.lists(st.sampled_from("abc"), unique=True), max_size=6),
    wanted=st.lists(st.sampled_from("abcd"), unique=True, min_size=1),
    limit=st.integers(1, 4),
)
def test_page_by_page_each_entry_comes_once(about: list[list[str]], wanted: list[str], limit: int) -> None:
    entries = [an_entry(minute, app=None, apps=tuple(apps)) for minute, apps in enumerate(about)]
    copies = sorted((entry for entry in entries for _ in range(3)), key=lambda entry: entry.id, reverse=True)
    query, found = AuditQuery(limit, apps=tuple(wanted)), list[Entry]()

    while True:
        left = [entry for entry in copies if query.after_id is None or entry.id < query.after_id]
        page = page_of(iter(left), query)
        found += page.items
        if page.after_id is None:
            break
        query = replace(query, after_id=page.after_id)

    assert found == [entry for entry in reversed(entries) if query.wants(entry)]
