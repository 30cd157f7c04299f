"""What was not delivered, or not handled: hand each to its function again, one by one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.account import Account

BATCH = 10
MOST = 10_000  # messages per run


class Redrive:
    """`outputs` are the stack's: the queue, and the functions. `is_forgotten`: some of it is nowhere any more."""

    def __init__(self, account: Account, outputs: Mapping[str, str]) -> None:
        self._sqs: Any = account.client("sqs")
        self._functions: Any = account.client("lambda")
        self._streams: Any = account.client("dynamodbstreams")
        self._outputs = outputs
        self.done = self.failed = 0
        self.is_forgotten = False

    def run(self) -> None:
        """Count what was handled, and so deleted, and what failed again, and so stays."""
        queue = self._outputs["FailedQueue"]
        for message in _each_once(self._sqs, queue):
            if self._is_over(json.loads(message["Body"])):
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def _is_over(self, said: dict[str, Any]) -> bool:
        try:
            is_handled = self._is_handled(said)
        except (
            self._streams.exceptions.TrimmedDataAccessException,
            self._streams.exceptions.ResourceNotFoundException,
        ):
            self.is_forgotten = True
            return True
        self.done += is_handled
        self.failed += not is_handled
        return is_handled

    def _is_handled(self, said: dict[str, Any]) -> bool:
        """EventBridge leaves the event itself, `publish` a record, and Lambda tells what its function failed on.

        A delivery that was not made goes to its queue again.
        """
        if "delivery" in said:
            self._sqs.send_message(QueueUrl=self._outputs["DeliveriesQueue"], MessageBody=json.dumps(said))
            return True
        if "DDBStreamBatchInfo" in said:
            return self._is_published(self._records(said["DDBStreamBatchInfo"]))
        if "dynamodb" in said:
            return self._is_published([said])
        return self._call("EventFunction", said.get("requestPayload", said)) is not None

    def _is_published(self, records: list[dict[str, Any]]) -> bool:
        answer = self._call("PublishFunction", {"Records": records})
        return answer is not None and not answer.get("batchItemFailures")

    def _call(self, function: str, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what the function answered, or None when it failed."""
        answer = self._functions.invoke(FunctionName=self._outputs[function], Payload=json.dumps(event))
        return None if "FunctionError" in answer else json.load(answer["Payload"]) or {}

    def _records(self, batch: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Read a batch from the stream again, which keeps its records for a day."""
        place = {"StreamArn": batch["streamArn"], "ShardId": batch["shardId"]}
        at = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": batch["startSequenceNumber"]}
        found, last = [], int(batch["endSequenceNumber"])
        wanted = self._streams.get_shard_iterator(**place, **at).get("ShardIterator")
        while wanted:
            got = self._streams.get_records(ShardIterator=wanted)
            found += got["Records"]
            is_over = not got["Records"] or _number_of(found[-1]) >= last
            wanted = None if is_over else got.get("NextShardIterator")
        return [_as_lambda_has_it(each) for each in found if _number_of(each) <= last and _may_be_news(each)]


def _may_be_news(record: dict[str, Any]) -> bool:
    """As the filter between the stream and the function has it; the feed itself is in the stream too."""
    told = record["dynamodb"]
    is_ours = told["Keys"]["pk"]["S"].startswith(("task#", "subscription#"))
    return is_ours and "NewImage" in told


def _number_of(record: dict[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _as_lambda_has_it(record: dict[str, Any]) -> dict[str, Any]:
    told = record["dynamodb"]
    created = told["ApproximateCreationDateTime"].timestamp()
    return record | {"dynamodb": told | {"ApproximateCreationDateTime": created}}


def _each_once(sqs: Any, queue_url: str) -> Iterator[dict[str, Any]]:
    """A message that failed comes back after the queue's visibility time; then we have been all around."""
    seen: set[str] = set()
    while len(seen) < MOST:
        got = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
        new = [message for message in got.get("Messages", []) if message["MessageId"] not in seen]
        if not new:
            return
        seen.update(message["MessageId"] for message in new)
        yield from new
