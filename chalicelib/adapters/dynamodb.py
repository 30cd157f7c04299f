"""The one DynamoDB table: its calls, and what becomes of AWS's refusals.

A record is kept as one JSON text, `record`, as SQLite keeps it: floats and times come back exactly as they went
in, where DynamoDB's own numbers are decimals, and one text is smaller than a map of typed values. Beside it are
only the attributes that keys, indexes, conditions and the time to live need.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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

from chalicelib.adapters.dynamodb_errors import Busy, ConditionsFailed, our_error, out_of_reach
from chalicelib.domain.errors import Unavailable

Item = Mapping[str, Any]  # DynamoDB's JSON: {"id": {"S": "..."}, "revision": {"N": "1"}}

LOWEST = " "  # before every id and name
HIGHEST = "~"  # after every id and name
RETRIES = 10
SHORTEST_PAUSE = 0.025
LONGEST_PAUSE = 0.4


@dataclass(frozen=True)
class Write:
    """A change of one item; `parameters` are those of the call, which has them alone and in a transaction alike.

    A ConditionCheck changes nothing, and is in transactions only: they are done as long as its condition holds.
    A shared item is one that others may write the very same way.
    """

    kind: Literal["Put", "Update", "Delete", "ConditionCheck"]
    parameters: Mapping[str, Any]
    is_shared: bool = False


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

    def get_all(self, pks: Sequence[str]) -> list[Item]:
        """Return what was written last under up to 100 keys, in any order; nothing of those that are not there."""
        return self._get_all(pks, {"ConsistentRead": True})

    def get_parts(self, pks: Sequence[str], attributes: Sequence[str]) -> list[Item]:
        """Return these attributes alone, which may lag a second behind what was written: for half the price."""
        return self._get_all(pks, {"ProjectionExpression": ", ".join(attributes)})

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

    def put(
        self, item: Item, condition: str | None = None, values: Item | None = None, *, is_shared: bool = False
    ) -> Write:
        whole = {"TableName": self._name} if condition is None else self._conditional(condition, values)
        return Write("Put", whole | {"Item": item}, is_shared)

    def delete(self, pk: str, condition: str | None = None, values: Item | None = None) -> Write:
        """Without a condition it is harmless to repeat."""
        about = self._conditional(condition, values) if condition else {"TableName": self._name}
        return Write("Delete", about | {"Key": {"pk": text(pk)}})

    def check(self, pk: str, condition: str, values: Item | None = None) -> Write:
        return Write("ConditionCheck", self._conditional(condition, values) | {"Key": {"pk": text(pk)}})

    def include(self, pk: str, attribute: str, member: str, below: int) -> Write:
        """Put a text into a set of texts that has fewer than `below`."""
        limited = self._conditional(
            f"attribute_not_exists({attribute}) OR size({attribute}) < :below",
            {":below": number(below), ":member": {"SS": [member]}},
        )
        return Write(
            "Update",
            limited | {"Key": {"pk": text(pk)}, "UpdateExpression": f"ADD {attribute} :member"},
        )

    def exclude(self, pk: str, attribute: str, member: str) -> Write:
        """Take a text out of a set of texts; the last one takes the set with it."""
        return Write(
            "Update",
            {
                "TableName": self._name,
                "Key": {"pk": text(pk)},
                "UpdateExpression": f"DELETE {attribute} :member",
                "ExpressionAttributeValues": {":member": {"SS": [member]}},
            },
        )

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
                self.pause(attempt)
        raise Unavailable("Too many changes of the same records at once. Try again.")

    def pause(self, attempt: int) -> None:
        """Wait a little before trying again; without jitter those who collided would collide again."""
        self._sleep(random.uniform(0, min(LONGEST_PAUSE, SHORTEST_PAUSE * 2**attempt)))  # noqa: S311

    def _get_all(self, pks: Sequence[str], how: Mapping[str, Any]) -> list[Item]:
        found: list[Item] = []
        keys = [{"pk": text(pk)} for pk in pks]
        while keys:  # an answer is 16 MB at the most, and may hold less when DynamoDB is busy
            with self._refusals():
                answer = self._client.batch_get_item(RequestItems={self._name: {**how, "Keys": keys}})
            found += answer["Responses"].get(self._name, [])
            keys = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
        return found

    def _write(self, writes: tuple[Write, ...]) -> None:
        try:
            self._send(writes)
        except ConditionsFailed as refusal:
            # The answer to the first try may have been lost: then the SDK's second one meets what the first one did.
            if not (refusal.was_repeated and _are_done(writes, refusal.found)):
                raise

    def _send(self, writes: tuple[Write, ...]) -> None:
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


def _are_done(writes: tuple[Write, ...], found: Mapping[int, Item]) -> bool:
    """Say whether what stands in the way is what was to be written; all is done with one, as all or nothing is.

    What is shared proves nothing: somebody else may have written it so.
    """
    return any(
        item == writes[number].parameters["Item"] if writes[number].kind == "Put" else not item
        for number, item in found.items()
        if writes[number].kind in ("Put", "Delete") and not writes[number].is_shared
    )


def text(value: str) -> dict[str, str]:
    return {"S": value}


NEWS = {"news": text("yes")}  # what the stream's filter lets through


def text_in(item: Item, attribute: str) -> str:
    """Return an attribute that holds text; nothing where there is none, or something else."""
    found: str = item.get(attribute, {}).get("S", "")
    return found


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
