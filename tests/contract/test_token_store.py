"""What every store of tokens promises."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.domain.errors import IdTaken, TokenExists, TokenNotFound, Unreadable
from chalicelib.domain.token import ListedToken, Rights, Role, Token, new_token
from chalicelib.ports import TokenStore
from local.store.database import Database
from local.store.token_store import SqliteTokenStore
from tests.builders import NOON
from tests.dynamodb_table import NAME, a_table, dynamodb_on_moto

NARROW = Rights(role=Role.OPERATOR, apps=("shop", "blog"), expires_at=NOON + timedelta(days=90))
A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TokenStore]:
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:
            yield DynamoTokenStore(a_table(client))
        return
    database = Database(tmp_path / "tapit.db")
    yield SqliteTokenStore(database)
    database.close()


def added(store: TokenStore, name: str, rights: Rights | None = None) -> Token:
    token, _ = new_token(name, rights)
    store.add(token, NOON, "alice")
    return token


def names(store: TokenStore) -> list[str]:
    return [token.name for token in store.list(100, None).items]


def test_a_token_is_found_by_its_id_alone(store: TokenStore) -> None:
    one, other = added(store, "alice"), added(store, "bob", NARROW)

    assert (store.find(one.id), store.find(other.id)) == (one, other)


def test_an_unknown_id_finds_nothing(store: TokenStore) -> None:
    assert store.find("00000000") is None


def test_what_is_told_of_a_token_is_found_by_its_name(store: TokenStore) -> None:
    token = added(store, "ci", NARROW)

    assert store.get("ci") == ListedToken(
        id=token.id, name="ci", **dict(NARROW), created_at=NOON, created_by="alice"
    )
    with pytest.raises(TokenNotFound):
        store.get("cd")


def test_a_name_is_given_once(store: TokenStore) -> None:
    first = added(store, "ci")

    with pytest.raises(TokenExists):
        added(store, "ci", NARROW)
    assert store.get("ci").id == first.id
    assert names(store) == ["ci"]


def test_an_id_is_given_once(store: TokenStore) -> None:
    first = added(store, "ci")

    with pytest.raises(IdTaken):
        store.add(first.model_copy(update={"name": "other"}), NOON)
    assert store.find(first.id) == first
    assert names(store) == ["ci"]


def test_a_token_that_was_removed_is_gone_and_its_name_is_free(store: TokenStore) -> None:
    first = added(store, "ci")
    listed = store.get("ci")

    store.remove(listed)
    store.remove(listed)

    assert (store.find(first.id), names(store)) == (None, [])
    second = added(store, "ci")
    store.remove(listed)
    assert (store.find(second.id), store.get("ci").id) == (second, second.id)


def test_tokens_are_listed_by_name_a_page_at_a_time(store: TokenStore) -> None:
    for name in ("dave", "alice", "carol", "bob"):
        added(store, name)

    first = store.list(3, None)
    rest = store.list(3, first.items[-1].name)

    assert [token.name for token in first.items] == ["alice", "bob", "carol"]
    assert [token.name for token in rest.items] == ["dave"]
    assert (first.has_more, rest.has_more) == (True, False)


def test_a_use_is_written_down_once_an_hour(store: TokenStore) -> None:
    token = added(store, "ci", NARROW)
    assert store.get("ci").last_used_at is None

    seen = []
    for passed in (A_MINUTE, AN_HOUR, AN_HOUR + A_MINUTE):
        store.note_use(token, NOON + passed)
        seen.append(store.get("ci").last_used_at)

    assert seen == [NOON + A_MINUTE, NOON + A_MINUTE, NOON + AN_HOUR + A_MINUTE]
    assert store.find(token.id) == token


def test_a_use_brings_no_removed_token_back(store: TokenStore) -> None:
    token = added(store, "ci")
    store.remove(store.get("ci"))
    other = added(store, "ci")

    store.note_use(token, NOON)

    assert store.find(token.id) is None
    assert (store.get("ci").id, store.get("ci").last_used_at) == (other.id, None)
    store.remove(store.get("ci"))
    store.note_use(token, NOON)
    assert names(store) == []


# What the version before knows of a token on AWS; it refuses one of which there is more.
KNOWN_BEFORE = {"pk", "name", "secret_sha256", "created_at"}


@pytest.fixture
def client() -> Iterator[Any]:
    with dynamodb_on_moto() as made:
        yield made


def stored(client: Any, token: Token) -> Any:
    return client.get_item(TableName=NAME, Key={"pk": {"S": f"token#{token.id}"}})["Item"]


@pytest.mark.parametrize(
    "rights",
    [
        Rights(role=Role.VIEWER),
        Rights(role=Role.OPERATOR),
        Rights(apps=("shop",)),
        Rights(apps=()),
        Rights(expires_at=NOON + timedelta(days=1)),
    ],
)
def test_the_version_before_refuses_a_token_that_is_good_for_less_than_it_knows(
    client: Any, rights: Rights
) -> None:
    token = added(DynamoTokenStore(a_table(client)), "ci", rights)

    assert stored(client, token).keys() - KNOWN_BEFORE


def test_the_version_before_accepts_a_token_that_is_good_for_everything(client: Any) -> None:
    store = DynamoTokenStore(a_table(client))
    token = added(store, "root")
    store.note_use(token, NOON)

    assert stored(client, token).keys() == KNOWN_BEFORE


def test_a_token_of_which_a_newer_version_says_more_is_refused(client: Any) -> None:
    """It may be good for less than it was, and a version that does not know would let it do everything."""
    store = DynamoTokenStore(a_table(client))
    token = added(store, "ci")
    rewrite(client, token, "networks", {"SS": ["10.0.0.0/8"]})

    with pytest.raises(Unreadable, match=f"token {token.id} .* networks: is unknown"):
        store.find(token.id)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("role", {"S": "auditor"}),
        ("role", {"N": "1"}),
        ("apps", {"S": "shop"}),
        ("apps", {"L": [{"N": "1"}]}),
        ("good_until", {"S": "soon"}),
        ("good_until", {"N": "1"}),
    ],
)
def test_a_token_whose_rights_cannot_be_read_is_refused(client: Any, attribute: str, value: Any) -> None:
    store = DynamoTokenStore(a_table(client))
    token = added(store, "ci")
    rewrite(client, token, attribute, value)

    with pytest.raises(Unreadable, match=f"token {token.id}"):
        store.find(token.id)


def test_a_token_of_the_version_before_is_listed_once_it_was_used(client: Any) -> None:
    store = DynamoTokenStore(a_table(client))
    token = added(store, "alice")
    client.delete_item(TableName=NAME, Key={"pk": {"S": "token#named#alice"}})
    assert names(store) == []

    store.note_use(token, NOON + A_MINUTE)

    listed = store.get("alice")
    assert (names(store), listed.id, listed.role) == (["alice"], token.id, Role.ADMIN)
    assert (listed.created_at, listed.last_used_at) == (NOON, NOON + A_MINUTE)
    store.remove(listed)
    assert store.find(token.id) is None


def test_a_token_that_has_expired_is_deleted_by_dynamodb_a_month_later(client: Any) -> None:
    token = added(DynamoTokenStore(a_table(client)), "ci", NARROW)

    by_name = client.get_item(TableName=NAME, Key={"pk": {"S": "token#named#ci"}})["Item"]
    times = {int(item["expires_at"]["N"]) for item in (stored(client, token), by_name)}

    assert times == {int((NOON + timedelta(days=120)).timestamp())}


def test_what_lists_a_token_holds_nothing_of_its_secret(client: Any) -> None:
    token = added(DynamoTokenStore(a_table(client)), "ci")

    by_name = client.get_item(TableName=NAME, Key={"pk": {"S": "token#named#ci"}})["Item"]

    assert token.secret_sha256 not in str(by_name)


def rewrite(client: Any, token: Token, attribute: str, value: Any) -> None:
    client.update_item(
        TableName=NAME,
        Key={"pk": {"S": f"token#{token.id}"}},
        UpdateExpression="SET #attribute = :value",
        ExpressionAttributeNames={"#attribute": attribute},
        ExpressionAttributeValues={":value": value},
    )


@pytest.mark.parametrize("more", [{"networks": ["10.0.0.0/8"]}, {"role": "auditor"}, {"apps": "shop"}])
def test_on_one_machine_a_token_whose_rights_cannot_be_read_is_refused(
    in_sqlite: SqliteTokenStore, tmp_path: Path, more: dict[str, object]
) -> None:
    token = added(in_sqlite, "ci", NARROW)
    with closing(sqlite3.connect(tmp_path / "tapit.db")) as connection, connection:
        rights = json.dumps(NARROW.model_dump(mode="json") | more)
        connection.execute("UPDATE tokens SET rights = ?", (rights,))

    with pytest.raises(Unreadable, match=f"token {token.id}"):
        in_sqlite.find(token.id)
    reported: list[Unreadable] = []
    database = Database(tmp_path / "tapit.db")
    listed = names(SqliteTokenStore(database, reported.append))
    database.close()
    assert [*listed, *(problem.name for problem in reported)] in (["ci"], ["token ci"])


def test_a_role_that_only_a_newer_version_knows_is_listed_and_its_token_can_be_removed(client: Any) -> None:
    store = DynamoTokenStore(a_table(client))
    token = added(store, "ci", NARROW)
    told = store.get("ci").model_dump(mode="json") | {"role": "auditor"}
    client.update_item(
        TableName=NAME,
        Key={"pk": {"S": "token#named#ci"}},
        UpdateExpression="SET #record = :told",
        ExpressionAttributeNames={"#record": "record"},
        ExpressionAttributeValues={":told": {"S": json.dumps(told)}},
    )

    assert (names(store), store.get("ci").role) == (["ci"], "auditor")
    store.remove(store.get("ci"))
    assert store.find(token.id) is None


@pytest.fixture
def in_sqlite(tmp_path: Path) -> Iterator[SqliteTokenStore]:
    database = Database(tmp_path / "tapit.db")
    yield SqliteTokenStore(database)
    database.close()


def test_on_one_machine_a_token_that_has_expired_is_forgotten_a_month_later(
    in_sqlite: SqliteTokenStore,
) -> None:
    added(in_sqlite, "ci", NARROW)
    added(in_sqlite, "root")

    in_sqlite.remove_expired(NOON + timedelta(days=119))
    assert names(in_sqlite) == ["ci", "root"]
    in_sqlite.remove_expired(NOON + timedelta(days=121))
    assert names(in_sqlite) == ["root"]
