"""What the function that sends webhooks does with the messages of its two queues.

A receiver that is dead or slow takes ten seconds for each try. All tries but the first ones, and whatever goes to a
receiver whose last answer was slow or bad, are in a queue of their own, where only so many are made at once. While one
event of a task waits for its next try, the later ones wait behind it.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from logging import Logger
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from chalicelib.adapters.deliver_function import Trial
from chalicelib.adapters.dynamodb_deliveries import DynamoDeliveries
from chalicelib.adapters.dynamodb_waiting import DynamoWaiting
from chalicelib.adapters.message_queue import MessageQueue
from chalicelib.adapters.queue_courier import message_of, read_message
from chalicelib.domain.delivery import Delivery
from chalicelib.domain.errors import SubscriptionNotFound
from chalicelib.domain.event import Event
from chalicelib.ports import Services
from chalicelib.usecases.deliver import deliver, send

BEHIND_IT = timedelta(seconds=2)


class _NotYet(Exception):
    """It is not time for this message; it has been told when to come again."""


class DeliveryQueues:
    """`slow` is the queue of its name, `waiting` what others wait for, `deliveries` what is on record of each."""

    def __init__(
        self,
        services: Services,
        slow: MessageQueue,
        waiting: DynamoWaiting,
        deliveries: DynamoDeliveries,
        logger: Logger,
    ) -> None:
        self._services = services
        self._slow = slow
        self._waiting = waiting
        self._deliveries = deliveries
        self._logger = logger

    def handle(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make the deliveries in a batch and say which are to come again; or make a trial, and return its answer."""
        if "Records" not in event:
            return self._try(Trial.model_validate_json(json.dumps(event)))
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        answer: Mapping[str, Any] = process_partial_response(dict(event), self._make, processor)
        return answer

    def _try(self, trial: Trial) -> Mapping[str, Any]:
        return send(self._services, trial.subscription, trial.event).model_dump(mode="json")

    def _make(self, record: SQSRecord) -> None:
        """Raise when the queue may not forget the message."""
        try:
            self._deliver(record)
        except _NotYet:
            raise
        except Exception:
            self._logger.exception("A delivery was not made. It comes again; what fails ten times is kept.")
            raise

    def _deliver(self, record: SQSRecord) -> None:
        told, event = read_message(record.body)
        delivery = self._deliveries.newest(told)  # a message may have copies, and outlive what it tells
        if delivery.is_over:
            self._waiting.remove(delivery)  # whoever ended it may have died before that
            return
        wait = self._seconds_until(delivery)
        is_slow_lane = record.event_source_arn.endswith("-slow-deliveries")
        if wait > 0 and is_slow_lane:
            self._slow.hold(record.receipt_handle, wait)
            raise _NotYet
        if not is_slow_lane and (wait > 0 or self._is_slow(delivery)):
            self._slow.send([record.body], wait)
            return
        earlier = self._waiting.earlier_than(delivery, event.revision)
        if earlier is not None:
            due_at = max(earlier.due_at, self._services.clock.now()) + BEHIND_IT
            self._send_later(delivery.but(due_at=due_at), event)
            return
        made = deliver(self._services, delivery, event)
        if not made.is_over:
            self._send_later(made, event)
            self._waiting.put(made, event.revision)  # then: whatever others wait for is in the queue
        elif delivery.tries:
            self._waiting.remove(made)

    def _send_later(self, delivery: Delivery, event: Event) -> None:
        self._slow.send([message_of(delivery, event)], self._seconds_until(delivery))

    def _is_slow(self, delivery: Delivery) -> bool:
        try:
            return self._services.subscriptions.get(delivery.app, delivery.subscription).is_slow
        except SubscriptionNotFound:
            return False

    def _seconds_until(self, delivery: Delivery) -> float:
        """Return how long it is until the next try: 0 for less than a second, by which clocks may differ."""
        if delivery.due_at is None:
            return 0
        seconds = (delivery.due_at - self._services.clock.now()).total_seconds()
        return seconds if seconds >= 1 else 0
