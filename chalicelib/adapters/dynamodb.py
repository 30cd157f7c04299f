"""The one DynamoDB table: its calls, and what becomes of AWS's refusals.

A record is kept as one JSON text, `record`, as SQLite keeps it: floats and times come back exactly as they went
in, where DynamoDB's own numbers are decimals, and one text is smaller than a map of typed values. Beside it are
only the attributes that keys, indexes, conditions and the time to live need.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, Literal

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name; the built-in one is not used here
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
)

from chalicelib.adapters.dynamodb_errors import Busy, our_error, out_of_reach
from chalicelib.domain.errors import Unavailable

Item = Mapping[str, Any]  # DynamoDB's JSON: {"id": {"S": "..."}, "revision": {"N": "1"}}

LOWEST = " "  # before every id and name
HIGHEST = "~"  # after every id and name
RETRIES = 10
SHORTEST_PAUSE = 0.025
LONGEST_PAUSE = 0.4


@dataclass(frozen=True)
class Write:
    """A change of one item; `parameters` are those of the call, which has them alone and in a transaction alike."""

    kind: Literal["Put", "Update", "Delete"]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Range:
    """One partition of an index, from the lowest sort key to the highest, both included."""

    index: str
    attribute: str
    partition: str
    lowest: str = LOWEST
    highest: str = HIGHEST
    newest_first: bool = False


class DynamoTable:
    """`client` is boto3's for DynamoDB, with time-outs and retries of its own; `sleep` is for tests."""

    def __init__(self, client: Any, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, pk: str) -> Item | None:
        """Return what was written last under a key."""
        with self._refusals():
            answer = self._client.get_item(TableName=self._name, Key={"pk": text(pk)}, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def query(self, wanted: Range, limit: int) -> Iterator[Item]:
        """Yield items in order; one call fetches `limit` of them, and another is made only when more are taken."""
        if wanted.lowest > wanted.highest:  # DynamoDB refuses to look for nothing
            return
        call = self._query_parameters(wanted) | {"Limit": limit}
        while True:
            with self._refusals():
                answer = self._client.query(**call)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            call["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            call["Limit"] *= 2  # whoever reads on found expired ones, of which there may be many

    def put(self, item: Item, condition: str, values: Item | None = None) -> Write:
        return Write("Put", self._conditional(condition, values) | {"Item": item})

    def delete(self, pk: str, condition: str, values: Item) -> Write:
        return Write("Delete", self._conditional(condition, values) | {"Key": {"pk": text(pk)}})

    def add(self, pk: str, attribute: str, amount: int, below: int | None = None) -> Write:
        """Count up or down; with `below`, only while the count is less than that."""
        parameters: dict[str, Any] = {
            "TableName": self._name,
            "Key": {"pk": text(pk)},
            "UpdateExpression": f"ADD {attribute} :amount",
            "ExpressionAttributeValues": {":amount": number(amount)},
        }
        if below is not None:
            parameters["ConditionExpression"] = f"attribute_not_exists({attribute}) OR {attribute} < :below"
            parameters["ExpressionAttributeValues"] |= {":below": number(below)}
        return Write("Update", parameters)

    def write(self, *writes: Write) -> None:
        """Do all or nothing; raise ConditionsFailed when one may not be done.

        Others who write the same items at the same moment make DynamoDB refuse, so it is tried again, a little
        later each time.
        """
        for attempt in range(RETRIES):
            try:
                return self._write(writes)
            except Busy:
                # Without jitter those who collided would collide again.
                self._sleep(random.uniform(0, min(LONGEST_PAUSE, SHORTEST_PAUSE * 2**attempt)))  # noqa: S311
        raise Unavailable("Too many changes of the same records at once. Try again.")

    def _write(self, writes: tuple[Write, ...]) -> None:
        with self._refusals():
            if len(writes) > 1:
                items = [{write.kind: write.parameters} for write in writes]
                self._client.transact_write_items(TransactItems=items)
            else:  # costs half of what a transaction of one does
                getattr(self._client, f"{writes[0].kind.lower()}_item")(**writes[0].parameters)

    def _conditional(self, condition: str, values: Item | None) -> dict[str, Any]:
        parameters = {
            "TableName": self._name,
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return parameters | ({"ExpressionAttributeValues": values} if values else {})

    def _query_parameters(self, wanted: Range) -> dict[str, Any]:
        return {
            "TableName": self._name,
            "IndexName": wanted.index,
            "KeyConditionExpression": "#partition = :partition AND id BETWEEN :lowest AND :highest",
            "ExpressionAttributeNames": {"#partition": wanted.attribute},
            "ExpressionAttributeValues": {
                ":partition": text(wanted.partition),
                ":lowest": text(wanted.lowest),
                ":highest": text(wanted.highest),
            },
            "ScanIndexForward": not wanted.newest_first,
        }

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            ours = our_error(error, self._name)
            if ours is None:
                raise
            raise ours from error
        except (HTTPClientError, ConnectionError, NoCredentialsError, CredentialRetrievalError) as error:
            raise out_of_reach(self._name) from error


def text(value: str) -> dict[str, str]:
    return {"S": value}


def number(value: int | str) -> dict[str, str]:
    return {"N": str(value)}


def last_second(moment: datetime) -> dict[str, str]:
    """Return a time to live: whole seconds, as DynamoDB wants them, and never early."""
    return number(ceil(moment.timestamp()))


def second(moment: datetime) -> dict[str, str]:
    """Return a moment to compare times to live with."""
    return number(f"{moment.timestamp():.6f}")


def is_expired(item: Item, now: datetime) -> bool:
    """DynamoDB itself may take days to delete what has expired."""
    return "expires_at" in item and int(item["expires_at"]["N"]) < now.timestamp()


def before(key: str) -> str:
    """Return an end of a range of ids that leaves this one out."""
    return key[:-1] + chr(ord(key[-1]) - 1) + HIGHEST


def after(key: str) -> str:
    """Return a beginning of a range of ids or names that leaves this one out."""
    return key + LOWEST
