"""Records of the table's stream: they are the outbox, for each change is in it as soon as it is written."""

import json
from collections.abc import Callable, Mapping, Sequence
from logging import Logger
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from chalicelib.adapters.dynamodb import text_in
from chalicelib.adapters.dynamodb_named_records import read_item
from chalicelib.adapters.dynamodb_task_indexes import task_of
from chalicelib.domain.event import Event, ScheduleEvent, SubscriptionEvent, TaskEvent
from chalicelib.domain.schedule import SCHEDULES
from chalicelib.domain.subscription import SUBSCRIPTIONS

Record = Mapping[str, Any]


class TableStream:
    """`publish` tells events; `keep` takes a record as JSON that nobody can make anything of, for a person to see to.

    A batch is told together, which costs less. When that fails, each of its records does that tells something, and
    Lambda brings them again. A record that cannot be read would come again for ever and hold up all behind it.
    """

    def __init__(
        self,
        publish: Callable[[Sequence[Event]], None],
        keep: Callable[[Sequence[str]], None],
        logger: Logger,
    ) -> None:
        self._publish = publish
        self._keep = keep
        self._logger = logger

    def handle(self, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return which records are to come again, as Lambda wants it; raise when it is all of them."""
        news = {_number_of(record): event for record in batch["Records"] if (event := self._read(record))}
        failure = self._tell(list(news.values()))

        def handler(record: DynamoDBRecord) -> None:
            if failure and _number_of(record.raw_event) in news:
                raise failure

        processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
        answer: Mapping[str, Any] = process_partial_response(dict(batch), handler, processor)
        return answer

    def _read(self, record: Record) -> Event | None:
        try:
            return event_in(record)
        except Exception:
            self._logger.exception(
                "A record of the table's stream tells nothing that can be read. It is kept."
            )
            self._keep([json.dumps(record)])
            return None

    def _tell(self, events: Sequence[Event]) -> Exception | None:
        try:
            if events:
                self._publish(events)
        except Exception as failure:
            self._logger.exception("The news in a batch was not told everywhere. It comes again.")
            return failure  # to be raised for each record
        return None


def event_in(record: Record) -> Event | None:
    """Return what a record tells, if it is news."""
    item = record["dynamodb"]["NewImage"]
    if text_in(item, "pk").startswith("subscription#"):
        return SubscriptionEvent.of(read_item(SUBSCRIPTIONS, item))
    if text_in(item, "pk").startswith("schedule#"):
        return ScheduleEvent.of(read_item(SCHEDULES, item))
    return TaskEvent.of(task_of(item))


def _number_of(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number
