"""What becomes of the messages in the two queues of deliveries."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.adapters.deliver_function import DeliverFunction
from chalicelib.adapters.delivery_queues import BEHIND_IT, DeliveryQueues
from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_deliveries import DynamoDeliveries
from chalicelib.adapters.dynamodb_waiting import DynamoWaiting
from chalicelib.adapters.message_queue import LONGEST_DELAY, MessageQueue
from chalicelib.adapters.queue_courier import QueueCourier, message_of, read_message
from chalicelib.domain.delivery import Answer, Delivery, State
from chalicelib.domain.errors import Unanswered, Unreadable
from chalicelib.domain.event import TrialEvent
from chalicelib.domain.subscription import Subscription
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_clients import client_of
from tests.builders import NOON, a_delivery, a_running_task, a_subscription, a_task, an_event
from tests.dynamodb_table import NAME, SetClock

EVENT = an_event(a_task())
YES, NO = Answer(status=204, seconds=0.1), Answer(status=500, seconds=0.1)


class Receivers:
    """All of them answer the same; what was sent to them is remembered."""

    def __init__(self) -> None:
        self.answer = YES
        self.sent: list[str] = []
        self.signed: list[Sequence[str]] = []

    def post(self, _subscription: Subscription, event: Any, secrets: Sequence[str]) -> Answer:
        self.sent.append(event.id)
        self.signed.append(secrets)
        return self.answer


class Office:
    """The function's queues, with their services on moto."""

    def __init__(self, home: AwsHome, clock: SetClock) -> None:
        self.clock = clock
        self.receivers = Receivers()
        self.services = replace(home.services(), sender=self.receivers, clock=clock)
        self.sqs = client_of("sqs")
        hidden = {"VisibilityTimeout": "0"}
        self.urls = {
            name: self.sqs.create_queue(QueueName=f"tapit-test-{name}", Attributes=hidden)["QueueUrl"]
            for name in ("deliveries", "slow-deliveries")
        }
        self.queue_refuses = False
        self._entries: list[Mapping[str, Any]] = []
        self.sqs.meta.events.register("provide-client-params.sqs.SendMessageBatch", self._note)
        self.slow = MessageQueue(self.sqs, self.urls["slow-deliveries"])
        table = DynamoTable(home.clients["dynamodb"], NAME)
        known = DynamoWaiting(table, clock), DynamoDeliveries(table, clock)
        self._queues = DeliveryQueues(self.services, self.slow, *known, logging.getLogger("test"))

    def subscribe(self, **fields: Any) -> Subscription:
        made = a_subscription(**fields)
        self.services.secrets.add(made.id, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        return self.services.subscriptions.create(made, most=20)

    def handle(self, body: str, queue: str = "deliveries", receipt: str = "x") -> bool:
        """Return whether the message is done with."""
        record = {
            "messageId": "1",
            "receiptHandle": receipt,
            "body": body,
            "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:tapit-test-{queue}",
        }
        answer = self._queues.handle({"Records": [record]})
        return answer == {"batchItemFailures": []}

    def trial(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._queues.handle(event)

    def waiting(self) -> tuple[list[Delivery], list[int]]:
        """Return what was put into the slow queue, and how many seconds each was given to wait there."""
        found = [read_message(entry["MessageBody"])[0] for entry in self._entries]
        return found, [entry["DelaySeconds"] for entry in self._entries]

    def _note(self, params: Mapping[str, Any], **_: Any) -> None:
        if self.queue_refuses:
            raise EndpointConnectionError(endpoint_url="sqs")
        self._entries += params["Entries"]

    def recorded(self) -> list[Delivery]:
        return list(self.services.deliveries.list(a_delivery().subscription_id, 50))


@pytest.fixture
def office() -> Iterator[Office]:
    clock = SetClock(NOON)
    with aws_home(clock) as home:
        yield Office(home, clock)


def test_what_is_answered_well_is_over(office: Office) -> None:
    office.subscribe()

    assert office.handle(message_of(a_delivery(), EVENT))

    assert office.receivers.sent == [EVENT.id]
    assert [each.state for each in office.recorded()] == [State.DELIVERED]
    assert office.waiting() == ([], [])


def test_a_message_that_is_in_the_queue_many_times_is_sent_once(office: Office) -> None:
    """While the bus refuses, `publish` tells a batch again and again, and has its deliveries made each time."""
    office.subscribe()

    for _ in range(5):
        assert office.handle(message_of(a_delivery(), EVENT))

    assert office.receivers.sent == [EVENT.id]
    assert [(each.state, each.tries) for each in office.recorded()] == [(State.DELIVERED, 1)]


def test_copies_of_a_message_make_no_tries_of_their_own(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    body = message_of(a_delivery(), EVENT)

    for _ in range(3):
        assert office.handle(body)
    assert office.receivers.sent == [EVENT.id]

    office.clock.time += timedelta(seconds=7)
    url = office.urls["slow-deliveries"]
    office.sqs.send_message(QueueUrl=url, MessageBody=body)
    (received,) = office.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
    assert office.handle(body, "slow-deliveries")
    assert not office.handle(body, "slow-deliveries", received["ReceiptHandle"])  # it waits for the third try
    assert office.receivers.sent == [EVENT.id] * 2
    assert [each.tries for each in office.recorded()] == [2]


def test_a_resend_of_what_was_delivered_is_sent(office: Office) -> None:
    office.subscribe()
    office.handle(message_of(a_delivery(), EVENT))
    once_more = a_delivery(created_at=NOON + timedelta(hours=1), due_at=NOON)
    office.services.deliveries.record(once_more)

    assert office.handle(message_of(once_more, EVENT))

    assert office.receivers.sent == [EVENT.id] * 2


def test_a_clock_that_is_a_little_behind_delays_nothing(office: Office) -> None:
    office.subscribe()
    due = NOON + timedelta(milliseconds=300)

    assert office.handle(message_of(a_delivery(created_at=due, due_at=due), EVENT))

    assert office.receivers.sent == [EVENT.id]


def test_what_is_answered_badly_waits_in_the_slow_queue(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO

    assert office.handle(message_of(a_delivery(), EVENT))

    (waiting,), (seconds,) = office.waiting()
    assert (waiting.tries, waiting.state) == (1, State.WAITING)
    assert 4 <= seconds <= 6
    assert waiting == office.recorded()[0]


def test_a_long_wait_goes_on_in_the_queue(office: Office) -> None:
    """A message can be sent with a quarter of an hour to wait; who receives it before its time holds it on."""
    office.subscribe()
    office.receivers.answer = NO.but(retry_after=3600.0)
    office.handle(message_of(a_delivery(), EVENT))
    (waiting,), seconds = office.waiting()
    assert seconds == [LONGEST_DELAY]
    office.clock.time += timedelta(seconds=LONGEST_DELAY)
    url, body = office.urls["slow-deliveries"], message_of(waiting, EVENT)
    office.sqs.purge_queue(QueueUrl=url)
    office.sqs.send_message(QueueUrl=url, MessageBody=body)
    (received,) = office.sqs.receive_message(QueueUrl=url)["Messages"]

    is_done = office.handle(body, "slow-deliveries", received["ReceiptHandle"])

    assert not is_done
    assert office.receivers.sent == [EVENT.id]
    held = office.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    assert held["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_once_its_time_has_come_it_is_tried_again(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    office.handle(message_of(a_delivery(), EVENT))
    (waiting,), _ = office.waiting()
    office.clock.time += timedelta(seconds=7)
    office.receivers.answer = YES

    assert office.handle(message_of(waiting, EVENT), "slow-deliveries")

    assert [(each.state, each.tries) for each in office.recorded()] == [(State.DELIVERED, 2)]


def test_what_goes_to_a_slow_receiver_is_moved_out_of_the_way_of_others(office: Office) -> None:
    office.subscribe(is_slow=True)
    body = message_of(a_delivery(), EVENT)

    assert office.handle(body)
    assert office.receivers.sent == []
    assert office.waiting() == ([a_delivery()], [0])

    assert office.handle(body, "slow-deliveries")
    assert office.receivers.sent == [EVENT.id]


def test_what_nobody_wants_any_more_is_dropped(office: Office) -> None:
    assert office.handle(message_of(a_delivery(), EVENT))

    assert office.receivers.sent == []
    assert [each.state for each in office.recorded()] == [State.DROPPED]


def test_tries_that_are_used_up_end_it(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    last = a_delivery(tries=8, created_at=NOON - timedelta(hours=20))

    assert office.handle(message_of(last, EVENT), "slow-deliveries")

    assert [(each.state, each.tries) for each in office.recorded()] == [(State.FAILED, 9)]
    assert office.waiting() == ([], [])


class Later:
    """The next event of the same task, and its delivery."""

    event = an_event(a_running_task())
    delivery = a_delivery(event_id=an_event(a_running_task()).id)


def test_the_next_event_of_a_task_waits_for_the_one_that_is_tried_again(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    office.handle(message_of(a_delivery(), EVENT))
    office.receivers.answer = YES

    assert office.handle(message_of(Later.delivery, Later.event), "slow-deliveries")

    assert office.receivers.sent == [EVENT.id]
    (first, second), _ = office.waiting()
    assert first.due_at is not None
    assert (second.event_id, second.due_at) == (Later.event.id, first.due_at + BEHIND_IT)

    office.clock.time = first.due_at
    assert office.handle(message_of(first, EVENT), "slow-deliveries")
    office.clock.time = first.due_at + BEHIND_IT
    assert office.handle(message_of(second, Later.event), "slow-deliveries")
    assert office.receivers.sent == [EVENT.id, EVENT.id, Later.event.id]


def test_the_event_of_another_task_does_not_wait(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    office.handle(message_of(a_delivery(), EVENT))
    other = an_event(a_running_task(id="1jd3m8k7x2qz"))

    office.handle(message_of(a_delivery(event_id=other.id, subject=other.subject), other), "slow-deliveries")

    assert office.receivers.sent == [EVENT.id, other.id]


def test_nothing_waits_for_an_event_that_was_given_up(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    office.handle(
        message_of(a_delivery(tries=7, created_at=NOON - timedelta(hours=12)), EVENT), "slow-deliveries"
    )
    (waiting,), _ = office.waiting()
    assert waiting.due_at is not None
    office.clock.time = waiting.due_at
    office.handle(message_of(waiting, EVENT), "slow-deliveries")

    assert office.handle(message_of(Later.delivery, Later.event), "slow-deliveries")

    assert office.receivers.sent == [EVENT.id, EVENT.id, Later.event.id]


def test_nothing_waits_for_an_event_whose_function_died_and_that_came_again(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    office.queue_refuses = True
    assert not office.handle(message_of(a_delivery(), EVENT))
    office.receivers.answer, office.queue_refuses = YES, False
    office.clock.time += timedelta(seconds=7)
    assert office.handle(message_of(a_delivery(), EVENT), "slow-deliveries")

    assert office.handle(message_of(Later.delivery, Later.event), "slow-deliveries")

    assert office.receivers.sent == [EVENT.id, EVENT.id, Later.event.id]


def test_nothing_waits_for_an_event_that_was_over_when_its_function_died(office: Office) -> None:
    office.subscribe()
    office.receivers.answer = NO
    office.handle(message_of(a_delivery(), EVENT))
    (waiting,), _ = office.waiting()
    office.services.deliveries.record(waiting.after(YES, office.clock.time, 0))

    assert office.handle(message_of(waiting, EVENT), "slow-deliveries")
    assert office.handle(message_of(Later.delivery, Later.event), "slow-deliveries")

    assert office.receivers.sent == [EVENT.id, Later.event.id]


def test_a_message_that_cannot_be_read_comes_again_until_the_queue_gives_it_up(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    assert not office.handle('{"delivery": {}, "event": {}}')

    assert "A delivery was not made" in caplog.text


def test_a_message_holds_what_it_is_made_of_and_says_where_it_does_not_fit() -> None:
    assert read_message(message_of(a_delivery(), EVENT)) == (a_delivery(), EVENT)

    with pytest.raises(Unreadable, match=r"delivery\.app"):
        read_message('{"delivery": {"subscription_id": "x"}, "event": {}}')


TRIAL = TrialEvent(
    id="1jd3m8k7x2qf", time=NOON, app="shop", subscription_id="x", subscription="hooks", by="alice"
)


class Lambda:
    """The function is called as Lambda calls it; it may fail."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.fails = False

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "tapit-test-deliver"
        answer = self._office.trial(json.loads(Payload))
        said = {"Payload": _Stream(json.dumps(answer))}
        return said | ({"FunctionError": "Unhandled"} if self.fails else {})


class _Stream:
    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> str:
        return self._text


def test_a_trial_is_sent_at_once_signed_and_its_answer_returned(office: Office) -> None:
    subscription = office.subscribe()
    unused: Any = None

    answer = QueueCourier(unused, DeliverFunction(Lambda(office), "test")).try_now(subscription, TRIAL)

    assert answer == YES
    assert office.receivers.sent == [TRIAL.id]
    assert [len(each) for each in office.receivers.signed] == [1]
    assert office.recorded() == []


def test_a_trial_whose_function_failed_is_no_answer(office: Office) -> None:
    subscription = office.subscribe()
    function = Lambda(office)
    function.fails = True

    with pytest.raises(Unanswered, match="tapit-test-deliver failed"):
        DeliverFunction(function, "test").try_now(subscription, TRIAL)
