"""`make redrive`: what was handled goes, what fails again stays."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from deploy.account import Account
from deploy.redriving import Redrive

EVENT = {"detail-type": "ECS Task State Change", "detail": {"lastStatus": "STOPPED"}}
QUEUE = "tapit-dev-failed"
QUEUE_OF_DELIVERIES = "https://sqs.eu-west-1.amazonaws.com/123456789012/tapit-dev-deliveries"


class Functions:
    """Lambda, as far as redriving needs it: its functions fail on events that say so."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        event = json.loads(Payload)
        self.calls.append((FunctionName, event))
        bad = [record for record in event.get("Records", []) if record.get("fails")]
        answer = {"batchItemFailures": [{"itemIdentifier": "1"} for _ in bad]} if "Records" in event else None
        said = {"Payload": io.BytesIO(json.dumps(answer).encode())}
        return said | ({"FunctionError": "Unhandled"} if event.get("fails") else {})


class Streams:
    """DynamoDB's streams, as far as redriving needs them: moto's cannot be asked for a place."""

    exceptions = boto3.client("dynamodbstreams", region_name="eu-west-1").exceptions

    def __init__(self) -> None:
        self.first = 1000

    def get_shard_iterator(self, **place: str) -> dict[str, str]:
        assert (place["StreamArn"], place["ShardId"]) == (BATCH["streamArn"], BATCH["shardId"])
        if int(place["SequenceNumber"]) < self.first:
            raise self.exceptions.TrimmedDataAccessException({}, "GetShardIterator")
        return {"ShardIterator": place["SequenceNumber"]}

    def get_records(self, ShardIterator: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Two are given at once."""
        first = int(ShardIterator)
        records = [
            a_record(first + number, key) for number, key in ((0, "task#1"), (1, "feed#shop"), (2, "task#1"))
        ]
        return {"Records": records, "NextShardIterator": str(first + 4)}


def a_record(number: int, key: str) -> dict[str, Any]:
    image = {"pk": {"S": key}, "record": {"B": b"packed"}} if key == "feed#shop" else {"pk": {"S": key}}
    told = {"SequenceNumber": str(number), "Keys": {"pk": {"S": key}}, "NewImage": image}
    return {"dynamodb": told | CREATED}


CREATED = {"ApproximateCreationDateTime": datetime(2026, 11, 24, 12, 0, tzinfo=UTC)}
BATCH = {
    "streamArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/tapit-dev/stream/2026",
    "shardId": "shardId-1",
    "batchSize": 2,  # without what the filter leaves out
    "startSequenceNumber": "2000",
    "endSequenceNumber": "2004",
}


class AccountWithFunctions(Account):
    """Moto's Lambda would need Docker."""

    functions: Functions
    streams: Streams

    def client(self, service: str) -> Any:
        own = {"lambda": self.functions, "dynamodbstreams": self.streams}
        return own.get(service) or super().client(service)


@pytest.fixture
def redrive(account: Account) -> Redrive:
    AccountWithFunctions.functions, AccountWithFunctions.streams = Functions(), Streams()
    queue = account.client("sqs").create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "120"})
    outputs = {
        "FailedQueue": queue["QueueUrl"],
        "EventFunction": "ecs-event",
        "PublishFunction": "publish",
        "DeliveriesQueue": QUEUE_OF_DELIVERIES,
    }
    return Redrive(AccountWithFunctions(account.session, account.id, account.region), outputs)


def put(account: Account, *bodies: dict[str, Any]) -> None:
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))


def left(account: Account) -> tuple[str, str]:
    """Return how many can be seen in the queue, and how many are kept from sight for a while."""
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return held["ApproximateNumberOfMessages"], held["ApproximateNumberOfMessagesNotVisible"]


def test_events_are_handed_over_unwrapped_and_failures_stay(account: Account, redrive: Redrive) -> None:
    put(account, EVENT, {"requestPayload": EVENT, "responsePayload": {}}, EVENT | {"fails": True})

    redrive.run()

    assert (redrive.done, redrive.failed) == (2, 1)
    handed = [("ecs-event", EVENT), ("ecs-event", EVENT), ("ecs-event", EVENT | {"fails": True})]
    assert AccountWithFunctions.functions.calls == handed
    assert left(account) == ("0", "1")


def test_records_that_could_not_be_read_are_published_again_one_by_one(
    account: Account, redrive: Redrive
) -> None:
    good, bad = {"dynamodb": {"SequenceNumber": "1"}}, {"dynamodb": {"SequenceNumber": "2"}, "fails": True}
    put(account, good, bad)

    redrive.run()

    assert (redrive.done, redrive.failed) == (1, 1)
    calls = AccountWithFunctions.functions.calls
    assert calls == [("publish", {"Records": [good]}), ("publish", {"Records": [bad]})]
    assert left(account) == ("0", "1")


def test_a_batch_that_could_not_be_published_is_read_from_the_stream_again(
    account: Account, redrive: Redrive
) -> None:
    put(account, {"requestContext": {"functionArn": "x"}, "DDBStreamBatchInfo": BATCH})

    redrive.run()

    ((_, event),) = AccountWithFunctions.functions.calls
    assert [record["dynamodb"]["SequenceNumber"] for record in event["Records"]] == ["2000", "2002", "2004"]
    assert (redrive.done, redrive.failed, redrive.is_forgotten) == (1, 0, False)


def test_what_the_stream_has_forgotten_goes_and_that_is_said(account: Account, redrive: Redrive) -> None:
    AccountWithFunctions.streams.first = 3000
    put(account, {"DDBStreamBatchInfo": BATCH})

    redrive.run()

    assert (redrive.done, redrive.failed, redrive.is_forgotten) == (0, 0, True)
    assert AccountWithFunctions.functions.calls == []
    assert left(account) == ("0", "0")


def test_a_delivery_that_was_not_made_is_in_its_queue_again(account: Account, redrive: Redrive) -> None:
    sqs = account.client("sqs")
    deliveries = sqs.create_queue(QueueName="tapit-dev-deliveries")["QueueUrl"]
    put(account, {"delivery": {}, "event": {}})

    redrive.run()

    (message,) = sqs.receive_message(QueueUrl=deliveries)["Messages"]
    assert json.loads(message["Body"]) == {"delivery": {}, "event": {}}
    assert (redrive.done, left(account)) == (1, ("0", "0"))
