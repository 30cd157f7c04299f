"""A table as the template makes it, on moto's DynamoDB."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from moto import mock_aws

from chalicelib.adapters.dynamodb import DynamoTable
from tests.aws_clients import client_of
from tests.builders import NOON

NAME = "tapit-test"
PROPERTIES: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / ".chalice" / "table.json").read_text()
)
_CREATED_WITH = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
)


class SetClock:
    """Says what it is told to."""

    def __init__(self, time: datetime = NOON) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class OneCallAtATime:
    """A client for many threads: each call of DynamoDB's is atomic, and moto's are only when they do not overlap."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**parameters)

        return call


@contextmanager
def dynamodb_on_moto() -> Iterator[Any]:
    """A client of an account that has the table and nothing else."""
    with mock_aws():
        client = client_of("dynamodb")
        client.create_table(TableName=NAME, **{name: PROPERTIES[name] for name in _CREATED_WITH})
        yield client


def a_table(client: Any) -> DynamoTable:
    return DynamoTable(OneCallAtATime(client), NAME, sleep=lambda _: None)
