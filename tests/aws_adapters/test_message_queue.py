"""What is put into a queue."""

from collections.abc import Mapping
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.in_batches import ATTEMPTS, MOST_BYTES
from chalicelib.adapters.message_queue import MessageQueue
from chalicelib.domain.errors import RefusedForGood, RefusedForNow
from tests.aws_adapters.scripted_entries import ScriptedEntries
from tests.aws_clients import client_of

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/tapit-test-failed"


def body_of(entry: Mapping[str, Any]) -> str:
    return str(entry["MessageBody"])


def test_each_message_is_in_the_queue() -> None:
    with mock_aws():
        sqs = client_of("sqs")
        url = sqs.create_queue(QueueName="tapit-test-failed")["QueueUrl"]

        MessageQueue(sqs, url).send([f"{number}" for number in range(12)])

        held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        assert held["Attributes"]["ApproximateNumberOfMessages"] == "12"


def test_a_queue_that_is_not_there_is_said() -> None:
    with mock_aws(), pytest.raises(RefusedForGood, match="does not exist"):
        MessageQueue(client_of("sqs"), URL).send(["1"])


def test_only_what_was_refused_is_sent_again() -> None:
    client = ScriptedEntries({0, 2})

    MessageQueue(client, URL, sleep=lambda _: None).send(["1", "2", "3"])

    assert client.sent(body_of) == [["1", "2", "3"], ["1", "3"]]


def test_what_is_refused_again_and_again_is_said_with_the_reason() -> None:
    client = ScriptedEntries(*[{0}] * ATTEMPTS)

    with pytest.raises(RefusedForNow, match="InternalError"):
        MessageQueue(client, URL, sleep=lambda _: None).send(["1"])


def test_a_request_never_holds_more_than_sqs_takes() -> None:
    client = ScriptedEntries()

    MessageQueue(client, URL).send(["x" * 100_000] * 5)

    assert [len(request) for request in client.requests] == [2, 2, 1]
    assert MOST_BYTES > 2 * 100_000
