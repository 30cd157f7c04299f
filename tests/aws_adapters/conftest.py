"""A table as the template makes it, on moto's DynamoDB."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.dynamodb import DynamoTable

TABLE = "tapit-test"
PROPERTIES = json.loads((Path(__file__).parents[2] / ".chalice" / "table.json").read_text())
CREATED_WITH = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SetClock:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client; nothing of the developer's own AWS settings reaches it."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", "eu-central-1")
        create_table(client)
        yield client


@pytest.fixture
def table(dynamodb: Any) -> DynamoTable:
    return DynamoTable(dynamodb, TABLE, sleep=lambda _: None)


def create_table(client: Any) -> None:
    client.create_table(TableName=TABLE, **{name: PROPERTIES[name] for name in CREATED_WITH})
    client.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=PROPERTIES["TimeToLiveSpecification"])
