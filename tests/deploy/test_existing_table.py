"""A table that was kept or restored gets the indexes that this version needs, before anything else changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy import verbs
from deploy.account import Account
from deploy.package import ROOT, Package
from deploy.refusals import Refusal
from deploy.stack import Stack
from tests.deploy.conftest import SMALL_TEMPLATE, a_package

TABLE: dict[str, Any] = json.loads((ROOT / ".chalice/table.json").read_text())
NOT_MOTOS = ("TimeToLiveSpecification", "PointInTimeRecoverySpecification")
NAMES = [index["IndexName"] for index in TABLE["GlobalSecondaryIndexes"]]


@pytest.fixture
def with_indexes(tmp_path: Path) -> Package:
    """A package whose template has the real table."""
    made = {name: value for name, value in TABLE.items() if name not in NOT_MOTOS}
    table = SMALL_TEMPLATE["Resources"]["Table"]
    properties = made | {"TableName": table["Properties"]["TableName"]}
    resources = SMALL_TEMPLATE["Resources"] | {"Table": table | {"Properties": properties}}
    folder = tmp_path / "later"
    folder.mkdir()
    return a_package(folder, SMALL_TEMPLATE | {"Resources": resources})


def make_table(account: Account, name: str, *indexes: str, **changes: Any) -> None:
    """As an earlier version would have: with these indexes alone."""
    chosen = [index for index in TABLE["GlobalSecondaryIndexes"] if index["IndexName"] in indexes]
    keys = {key["AttributeName"] for index in chosen for key in index["KeySchema"]} | {"pk"}
    wanted = {
        "AttributeDefinitions": [
            one for one in TABLE["AttributeDefinitions"] if one["AttributeName"] in keys
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": TABLE["KeySchema"],
        **({"GlobalSecondaryIndexes": chosen} if chosen else {}),
    }
    account.client("dynamodb").create_table(TableName=name, **wanted | changes)


def stream_of(account: Account, name: str) -> str | None:
    described = account.client("dynamodb").describe_table(TableName=name)["Table"]
    return str(described["LatestStreamLabel"]) if described.get("StreamSpecification") else None


def indexes_of(account: Account, name: str) -> list[str]:
    described = account.client("dynamodb").describe_table(TableName=name)["Table"]
    return sorted(index["IndexName"] for index in described.get("GlobalSecondaryIndexes", ()))


@pytest.mark.parametrize("missing", [NAMES[-1:], NAMES[1:3], NAMES], ids=["one", "two", "all"])
def test_a_restored_table_gets_what_it_lacks(
    account: Account, stack: Stack, with_indexes: Package, said: list[str], missing: list[str]
) -> None:
    make_table(account, "restored", *(name for name in NAMES if name not in missing))

    verbs.deploy(account, stack, with_indexes, {"ExistingTable": "restored"}, said.append)

    assert indexes_of(account, "restored") == sorted(NAMES)
    assert [line for line in said if line.startswith("Adding the index")] == [
        f"Adding the index {name} to the table restored: some minutes ..." for name in missing
    ]


def test_a_table_that_is_used_already_gets_the_indexes_of_a_later_version(
    account: Account, stack: Stack, with_indexes: Package, small_package: Package, said: list[str]
) -> None:
    make_table(account, "restored")
    verbs.deploy(account, stack, small_package, {"ExistingTable": "restored"}, said.append)
    assert indexes_of(account, "restored") == []

    verbs.deploy(account, stack, with_indexes, {}, said.append)

    assert indexes_of(account, "restored") == sorted(NAMES)


def test_one_that_has_them_all_is_left_alone(
    account: Account, stack: Stack, with_indexes: Package, said: list[str]
) -> None:
    make_table(account, "restored", *NAMES)

    verbs.deploy(account, stack, with_indexes, {"ExistingTable": "restored"}, said.append)

    assert not [line for line in said if line.startswith("Adding")]


def test_one_without_a_stream_gets_it_and_the_stack_is_told_which(
    account: Account, stack: Stack, with_indexes: Package, said: list[str]
) -> None:
    make_table(account, "restored", *NAMES)

    verbs.deploy(account, stack, with_indexes, {"ExistingTable": "restored"}, said.append)
    verbs.deploy(account, stack, with_indexes, {}, said.append)

    assert stack.parameters()["ExistingStream"] == stream_of(account, "restored")
    assert said.count("Turning the stream of the table restored on ...") == 1


def test_a_stream_that_does_not_hold_what_is_written_is_refused_before_anything_changes(
    account: Account, stack: Stack, with_indexes: Package
) -> None:
    keys_only = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    make_table(account, "theirs", StreamSpecification=keys_only)

    with pytest.raises(Refusal, match="has KEYS_ONLY, not what is written") as refusal:
        verbs.deploy(account, stack, with_indexes, {"ExistingTable": "theirs"}, print)

    assert "StreamEnabled=false" in (refusal.value.hint or "")
    assert indexes_of(account, "theirs") == []


def test_an_index_of_another_shape_is_refused_before_the_stack_changes(
    account: Account, stack: Stack, with_indexes: Package
) -> None:
    index = TABLE["GlobalSecondaryIndexes"][0] | {"Projection": {"ProjectionType": "KEYS_ONLY"}}
    make_table(account, "restored", NAMES[0], GlobalSecondaryIndexes=[index])

    with pytest.raises(
        Refusal, match=f"The index {NAMES[0]} of the table restored is not as this version needs"
    ):
        verbs.deploy(account, stack, with_indexes, {"ExistingTable": "restored"}, print)

    assert stack.find() is None
    assert indexes_of(account, "restored") == [NAMES[0]]


def test_a_table_of_something_else_is_refused(account: Account, stack: Stack, with_indexes: Package) -> None:
    make_table(
        account,
        "theirs",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )

    with pytest.raises(Refusal, match="no table of tapit's"):
        verbs.deploy(account, stack, with_indexes, {"ExistingTable": "theirs"}, print)

    assert stack.find() is None
