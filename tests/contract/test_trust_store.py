"""What a store of trusts promises; only a home on AWS has one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.adapters.dynamodb_trusts import DynamoTrustStore
from chalicelib.domain.errors import IdTaken, TooManyTrusts, TrustExists, TrustNotFound, Unreadable
from chalicelib.domain.token import LentBy, Rights, Role, Token, new_token
from chalicelib.domain.trust import MOST_TRUSTS, Trust
from chalicelib.ports import TokenStore, TrustStore
from tests.builders import NOON
from tests.dynamodb_table import NAME, a_table, dynamodb_on_moto


@dataclass(frozen=True)
class Stores:
    trusts: TrustStore
    tokens: TokenStore
    client: Any


@pytest.fixture
def stores() -> Iterator[Stores]:
    with dynamodb_on_moto() as client:
        table = a_table(client)
        yield Stores(DynamoTrustStore(table), DynamoTokenStore(table), client)


def a_trust(name: str = "deployers", **changes: Any) -> Trust:
    fields = {
        "id": f"secret-of-{name}",
        "name": name,
        "arn": "arn:aws:iam::123456789012:role/deploy-*",
        "role": Role.OPERATOR,
        "created_at": NOON,
        "created_by": "alice",
    }
    return Trust.model_validate(fields | changes)


def lent(trust: Trust) -> Token:
    rights = Rights(role=trust.role, apps=trust.apps, expires_at=NOON + timedelta(hours=1))
    token, _ = new_token("arn:aws:sts::123456789012:assumed-role/deploy-shop/alice", rights, lent_by(trust))
    return token


def lent_by(trust: Trust) -> LentBy:
    return LentBy(trust=trust.name, id=trust.id)


def test_a_trust_is_read_as_it_was_made(stores: Stores) -> None:
    trust = a_trust(apps=("shop", "blog"), expires_at=NOON + timedelta(days=90))

    stores.trusts.create(trust, MOST_TRUSTS)

    assert stores.trusts.get("deployers") == trust
    assert stores.trusts.list() == [trust]


def test_trusts_are_listed_by_name_and_at_once(stores: Stores) -> None:
    for name in ("ops", "ci", "deployers"):
        stores.trusts.create(a_trust(name), MOST_TRUSTS)

    assert [trust.name for trust in stores.trusts.list()] == ["ci", "deployers", "ops"]


@pytest.mark.parametrize("name", ["nobody", ""])
def test_what_is_not_there_is_not_found(stores: Stores, name: str) -> None:
    stores.trusts.create(a_trust(), MOST_TRUSTS)

    with pytest.raises(TrustNotFound):
        stores.trusts.get(name)


def test_a_name_is_taken_once(stores: Stores) -> None:
    stores.trusts.create(a_trust(), MOST_TRUSTS)

    with pytest.raises(TrustExists):
        stores.trusts.create(a_trust(role=Role.ADMIN), MOST_TRUSTS)
    assert stores.trusts.get("deployers").role is Role.OPERATOR


def test_there_are_no_more_than_the_most(stores: Stores) -> None:
    for name in ("ci", "ops"):
        stores.trusts.create(a_trust(name), 2)

    with pytest.raises(TooManyTrusts):
        stores.trusts.create(a_trust("more"), 2)
    stores.trusts.remove(a_trust("ci"))
    stores.trusts.create(a_trust("more"), 2)
    assert [trust.name for trust in stores.trusts.list()] == ["more", "ops"]


def test_removing_it_again_is_harmless(stores: Stores) -> None:
    trust = a_trust()
    stores.trusts.create(trust, MOST_TRUSTS)

    stores.trusts.remove(trust)
    stores.trusts.remove(trust)

    assert stores.trusts.list() == []


def test_removing_one_does_not_remove_another_that_has_its_name_by_now(stores: Stores) -> None:
    earlier, later = a_trust(), a_trust(id="another", role=Role.VIEWER)
    stores.trusts.create(earlier, MOST_TRUSTS)
    stores.trusts.remove(earlier)
    stores.trusts.create(later, MOST_TRUSTS)

    stores.trusts.remove(earlier)

    assert stores.trusts.list() == [later]


def test_a_token_that_was_lent_is_found_as_it_was_made_and_listed_nowhere(stores: Stores) -> None:
    trust = a_trust(apps=("shop",))
    stores.trusts.create(trust, MOST_TRUSTS)
    token = lent(trust)

    stores.trusts.lend(token, NOON)
    stores.tokens.note_use(token, NOON)

    assert stores.tokens.find(token.id) == token
    assert stores.tokens.list(100, None).items == []


def test_the_table_itself_forgets_it_once_it_is_over(stores: Stores) -> None:
    trust = a_trust()
    stores.trusts.create(trust, MOST_TRUSTS)
    token = lent(trust)
    stores.trusts.lend(token, NOON)

    item = stores.client.get_item(TableName=NAME, Key={"pk": {"S": f"token#{token.id}"}})["Item"]

    assert int(item["expires_at"]["N"]) == (NOON + timedelta(hours=1)).timestamp()


def test_an_id_is_taken_once(stores: Stores) -> None:
    trust = a_trust()
    stores.trusts.create(trust, MOST_TRUSTS)
    token = lent(trust)
    stores.trusts.lend(token, NOON)

    with pytest.raises(IdTaken):
        stores.trusts.lend(token.model_copy(update={"name": "another"}), NOON)


def test_nothing_is_lent_by_a_trust_that_is_gone(stores: Stores) -> None:
    earlier = a_trust()
    stores.trusts.create(a_trust(id="another"), MOST_TRUSTS)

    with pytest.raises(TrustNotFound):
        stores.trusts.lend(lent(earlier), NOON)
    with pytest.raises(TrustNotFound):
        stores.trusts.lend(lent(a_trust("nobody")), NOON)


@pytest.mark.parametrize("is_made_anew", [False, True])
def test_what_a_trust_lent_is_gone_with_it_whatever_has_its_name_next(
    stores: Stores, *, is_made_anew: bool
) -> None:
    trust = a_trust()
    stores.trusts.create(trust, MOST_TRUSTS)
    token = lent(trust)
    stores.trusts.lend(token, NOON)

    stores.trusts.remove(trust)
    if is_made_anew:
        stores.trusts.create(a_trust(id="another"), MOST_TRUSTS)

    assert stores.tokens.find(token.id) is None


def test_a_trust_that_a_newer_version_narrowed_lets_nobody_in(stores: Stores) -> None:
    """What this one does not know of it may be what narrows it."""
    trust = a_trust()
    stores.trusts.create(trust, MOST_TRUSTS)
    stores.client.update_item(
        TableName=NAME,
        Key={"pk": {"S": "trust#deployers"}},
        UpdateExpression="SET #record = :newer",
        ExpressionAttributeNames={"#record": "record"},
        ExpressionAttributeValues={
            ":newer": {
                "S": trust.model_dump_json().replace('"role"', '"from_addresses":["10.0.0.0/8"],"role"')
            }
        },
    )

    with pytest.raises(Unreadable):
        stores.trusts.get("deployers")
