"""A table that a stack uses but did not make: CloudFormation leaves its indexes and its stream as they are."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deploy.account import Account
from deploy.refusals import Refusal
from deploy.stack import Say

POLL_SECONDS = 5.0
Index = Mapping[str, Any]
_WITH_NEW_IMAGES = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")


class ExistingTable:
    """`wanted` are the properties of the table that a new stack would make; `pause` is for tests."""

    def __init__(
        self,
        account: Account,
        table: str,
        wanted: Mapping[str, Any],
        say: Say,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client: Any = account.client("dynamodb")
        self._table = table
        self._wanted = wanted
        self._say = say
        self._pause = pause

    def add_missing(self) -> None:
        """Add what this version needs and the table has not, one after the other; what is there stays.

        Raise Refusal, before anything is changed, when the table is none of ours.
        """
        described = self._describe()
        self._refuse_another_kind(described)
        there = {index["IndexName"] for index in described.get("GlobalSecondaryIndexes", ())}
        missing = [index for index in self._wanted_indexes if index["IndexName"] not in there]
        self._wait()
        for index in missing:
            self._say(f"Adding the index {index['IndexName']} to the table {self._table}: some minutes ...")
            self._add(index)
            self._wait()

    def stream(self) -> str:
        """Return the label of the table's stream, which begins now if there is none."""
        if _stream_of(self._describe()) is None:
            self._say(f"Turning the stream of the table {self._table} on ...")
            wanted = self._wanted["StreamSpecification"] | {"StreamEnabled": True}
            self._client.update_table(TableName=self._table, StreamSpecification=wanted)
            self._wait()
        label: str = self._describe()["LatestStreamLabel"]
        return label

    @property
    def _wanted_indexes(self) -> Sequence[Index]:
        indexes: Sequence[Index] = self._wanted.get("GlobalSecondaryIndexes", ())
        return indexes

    def _describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self._client.describe_table(TableName=self._table)["Table"]
        return described

    def _refuse_another_kind(self, described: Mapping[str, Any]) -> None:
        wanted = {index["IndexName"]: index for index in self._wanted_indexes}
        there = {index["IndexName"]: index for index in described.get("GlobalSecondaryIndexes", ())}
        wrong = [name for name in wanted.keys() & there.keys() if _shape(wanted[name]) != _shape(there[name])]
        if described["KeySchema"] != self._wanted["KeySchema"]:
            raise Refusal(f"The table {self._table} is no table of tapit's: its key is another.")
        if wrong:
            raise Refusal(
                f"The index {min(wrong)} of the table {self._table} is not as this version needs it.",
                f"Delete that index (aws dynamodb update-table --table-name {self._table} ...), and deploy again.",
            )

        if _stream_of(described) not in (None, *_WITH_NEW_IMAGES):
            raise Refusal(
                f"The stream of the table {self._table} has {_stream_of(described)}, not what is written.",
                f"If nobody reads it, turn it off (aws dynamodb update-table --table-name {self._table} "
                "--stream-specification StreamEnabled=false), and deploy again.",
            )

    def _add(self, index: Index) -> None:
        keys = {key["AttributeName"] for key in index["KeySchema"]}
        attributes = [each for each in self._wanted["AttributeDefinitions"] if each["AttributeName"] in keys]
        self._client.update_table(
            TableName=self._table,
            AttributeDefinitions=attributes,
            GlobalSecondaryIndexUpdates=[{"Create": dict(index)}],
        )

    def _wait(self) -> None:
        """DynamoDB makes one index at a time, and a query of one that is not filled yet fails."""
        while not _is_ready(self._describe()):
            self._pause(POLL_SECONDS)


def _stream_of(described: Mapping[str, Any]) -> str | None:
    """Return what a table's stream holds of a change, or None when there is no stream."""
    stream = described.get("StreamSpecification", {})
    return stream["StreamViewType"] if stream.get("StreamEnabled") else None


def _shape(index: Index) -> tuple[Any, ...]:
    projection = index["Projection"]
    return index["KeySchema"], projection["ProjectionType"], set(projection.get("NonKeyAttributes", ()))


def _is_ready(described: Mapping[str, Any]) -> bool:
    statuses = [index["IndexStatus"] for index in described.get("GlobalSecondaryIndexes", ())]
    return {described["TableStatus"], *statuses} == {"ACTIVE"}
