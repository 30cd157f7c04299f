"""What is told on the stage's bus."""

import functools
import json
import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.event_bus import EventBus
from chalicelib.adapters.in_batches import ATTEMPTS, MOST_BYTES
from chalicelib.domain.errors import RefusedForGood, RefusedForNow
from chalicelib.domain.event import TaskEvent, read_event
from chalicelib.domain.session import Session
from tests.aws_adapters.scripted_entries import ScriptedEntries
from tests.aws_clients import client_of
from tests.builders import NOON, a_task


@pytest.fixture
def account() -> Iterator[Any]:
    with mock_aws():
        yield client_of


def some_events(count: int, **fields: Any) -> Sequence[TaskEvent]:
    made = (TaskEvent.of(a_task(id=f"1jd3m8k7{number:04}", **fields)) for number in range(count))
    return [event for event in made if event is not None]


def no_pause(_: float) -> None: ...


def id_of(entry: Mapping[str, Any]) -> str:
    return str(json.loads(entry["Detail"])["id"])


def test_a_rule_on_the_bus_hears_of_every_event(account: Any) -> None:
    events, sqs = account("events"), account("sqs")
    events.create_event_bus(Name="tapit-test")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["tapit"], "detail-type": ["Task State Change"]})
    events.put_rule(Name="all", EventBusName="tapit-test", EventPattern=pattern)
    events.put_targets(Rule="all", EventBusName="tapit-test", Targets=[{"Id": "queue", "Arn": arn}])

    EventBus(events, "test").put(some_events(12))

    heard = [json.loads(body) for body in bodies(sqs, queue)]
    assert sorted(each["detail"]["id"] for each in heard) == [event.id for event in some_events(12)]
    assert {each["time"] for each in heard} == {"2026-11-24T12:00:00Z"}


def bodies(sqs: Any, queue: str) -> Iterator[str]:
    while got := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        yield from (message["Body"] for message in got)


def test_ten_are_told_in_one_request_and_in_order() -> None:
    client = ScriptedEntries()

    EventBus(client, "test").put(some_events(23))

    assert [len(request) for request in client.requests] == [10, 10, 3]
    assert functools.reduce(operator.iadd, client.sent(id_of), []) == [event.id for event in some_events(23)]


def test_only_what_was_refused_is_told_again() -> None:
    client = ScriptedEntries({1, 3}, {0})

    EventBus(client, "test", sleep=no_pause).put(some_events(4))

    ids = [event.id for event in some_events(4)]
    assert client.sent(id_of) == [ids, [ids[1], ids[3]], [ids[1]]]


def test_what_is_refused_again_and_again_is_said_with_the_reason() -> None:
    client = ScriptedEntries(*[{0}] * ATTEMPTS)

    with pytest.raises(RefusedForNow, match=r"all but 1: busy \(InternalFailure\)"):
        EventBus(client, "test", sleep=no_pause).put(some_events(1))


def test_a_bus_that_may_not_be_written_to_is_said(account: Any) -> None:
    client = account("events")
    client.meta.events.register(
        "before-call.events.PutEvents",
        lambda **_: (type("Answer", (), {"status_code": 400})(), DENIED),
    )

    with pytest.raises(RefusedForGood, match="not authorized"):
        EventBus(client, "test").put(some_events(1))


DENIED = {
    "Error": {"Code": "AccessDeniedException", "Message": "not authorized"},
    "ResponseMetadata": {"HTTPStatusCode": 400},
}


def test_a_request_never_holds_more_than_eventbridge_takes() -> None:
    client = ScriptedEntries()
    names = {f"NAME_{number}_{'x' * 90}": "x" for number in range(500)}

    EventBus(client, "test").put(some_events(10, environment=names))

    assert len(client.requests) > 1
    assert sum(map(len, client.requests)) == 10
    for request in client.requests:
        assert sum(len(entry["Detail"].encode()) for entry in request) < MOST_BYTES


def test_an_event_that_is_too_large_is_cut_and_says_so() -> None:
    client = ScriptedEntries()
    names = {f"NAME_{number}_{'x' * 90}": "x" for number in range(3000)}
    session = Session(id="s", opened_by="alice", opened_at=NOON, command="true")

    EventBus(client, "test").put(some_events(1, environment=names, sessions=(session,)))

    ((entry,),) = client.requests
    told = read_event(entry["Detail"], "event")
    assert isinstance(told, TaskEvent)
    assert len(entry["Detail"].encode()) < MOST_BYTES
    assert (told.truncated, told.task.sessions, told.task.environment) == (True, [], [])
