"""What telling of one task takes and costs: each of its changes is a record of the stream, and a call of `publish`.

That is the dearest way: of changes that are made within the same moment several are told at once.
"""

import itertools
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from moto.events.models import EventPattern

from chalicelib.adapters.delivery_queues import DeliveryQueues
from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_deliveries import DynamoDeliveries
from chalicelib.adapters.dynamodb_feed import DynamoFeed
from chalicelib.adapters.dynamodb_subscriptions import DynamoSubscriptionStore
from chalicelib.adapters.dynamodb_waiting import DynamoWaiting
from chalicelib.adapters.event_bus import EventBus
from chalicelib.adapters.message_queue import MessageQueue
from chalicelib.adapters.queue_courier import QueueCourier
from chalicelib.adapters.table_stream import TableStream
from chalicelib.domain.delivery import Answer
from chalicelib.usecases.publish import Channels, publish
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_adapters.dynamodb_meter import Meter
from tests.aws_adapters.ecs_account import client
from tests.aws_adapters.whole_life import CALL, FOLDER, FUNCTIONS, GIGABYTE_SECOND, Timeline, WholeLife
from tests.dynamodb_table import NAME

# List prices of us-east-1. Reading the stream is free for a function, and so is its parameter for a standard one.
BUS = 1.00 / 1_000_000  # for each event of up to 64 KB
QUEUE = 0.40 / 1_000_000  # for each request of up to 64 KB
# `publish` makes five requests and waits for nobody; `deliver` waits for its receiver.
SECONDS = {"publish": 0.1, "deliver": 0.3}
FILTERS = json.loads((FOLDER / "resources.json").read_text())["Resources"]["PublishSource"]["Properties"]
PATTERNS = [json.loads(each["Pattern"]) for each in FILTERS["FilterCriteria"]["Filters"]]
MESSAGE_REQUESTS = 2  # Lambda receives it and deletes it


@dataclass(frozen=True)
class News:
    """What it took, beside the life itself."""

    requests: Mapping[str, int]
    calls: Mapping[str, int]
    table_dollars: float
    delivered: Sequence[str]

    @property
    def bill(self) -> Mapping[str, float]:
        messages = len(self.delivered) * MESSAGE_REQUESTS
        return {
            "table": self.table_dollars,
            "functions": sum(number * _price(name) for name, number in self.calls.items()),
            "bus": self.requests.get("eventbridge.PutEvents", 0) * BUS,
            "queues": (self.requests.get("sqs.SendMessageBatch", 0) + messages) * QUEUE,
        }

    @property
    def dollars(self) -> float:
        return sum(self.bill.values())


def _price(function: str) -> float:
    gigabytes: float = FUNCTIONS[function]["lambda_memory_size"] / 1024
    return CALL + SECONDS[function] * gigabytes * GIGABYTE_SECOND


class Tapped:
    """The table's client, and the stream: the images of what was written."""

    def __init__(self, table_client: Any) -> None:
        self._client = table_client
        self.images: list[Mapping[str, Any]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            answer = getattr(self._client, name)(**parameters)
            writes = [each.get("Put", {}) for each in parameters.get("TransactItems", [])] or [parameters]
            self.images += [write["Item"] for write in writes if "Item" in write]
            return answer

        return call

    def take(self) -> Iterator[Mapping[str, Any]]:
        """Yield what the stream's filter lets through, as its records."""
        taken, self.images = self.images, []
        for number, image in enumerate(taken):
            if _passes(image):
                yield {"dynamodb": {"SequenceNumber": str(number), "NewImage": image}}


def _passes(image: Mapping[str, Any]) -> bool:
    texts = {name: value for name, value in image.items() if "S" in value}
    told: Any = {"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": image["pk"]}, "NewImage": texts}}
    return any(EventPattern(json.dumps(each), each).matches_event(told) for each in PATTERNS)


class Answering:
    """Every receiver says yes; what it takes to reach one costs nothing."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def post(self, _subscription: Any, event: Any, secrets: Sequence[str]) -> Answer:
        assert secrets
        self.sent.append(event.id)
        return Answer(status=204, seconds=0.1)


class Newsroom:
    """The functions `publish` and `deliver` of a home, which have run before."""

    def __init__(self, home: AwsHome, timeline: Timeline, meter: Meter, tapped: Tapped) -> None:
        self.home = home
        self._meter = meter
        self._tapped = tapped
        self._timeline = timeline
        self._sqs = self._counted("sqs")
        events = self._counted("events")
        events.create_event_bus(Name="tapit-test")
        queues = {
            name: self._sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("quick", "slow", "failed")
        }
        quick, slow, failed = (MessageQueue(self._sqs, queues[name]) for name in queues)
        self._url = queues["quick"]
        self._sender = Answering()
        services = replace(home.services(), sender=self._sender)
        table, logger = DynamoTable(tapped, NAME), logging.getLogger("test")
        unused: Any = None
        channels = Channels(
            DynamoFeed(table, timeline),
            EventBus(events, "test"),
            DynamoSubscriptionStore(table),
            QueueCourier(quick, unused),
            timeline,
        )
        self._publish = TableStream(partial(publish, channels), failed.send, logger)
        known = DynamoWaiting(table, timeline), DynamoDeliveries(table, timeline)
        self._deliver = DeliveryQueues(services, slow, *known, logger)

    def tell(self) -> News:
        """Tell of one more task, from its creation to its end."""
        WholeLife(self.home, self._timeline, ()).live(self._meter, waits=False)
        requests, calls, dollars = Counter(self.home.requests), Counter(self.home.calls), self._meter.dollars
        sent = len(self._sender.sent)
        for record in self._tapped.take():
            self._call("publish", {"Records": [record]})
        for number in itertools.count():
            got = client("sqs").receive_message(QueueUrl=self._url).get("Messages")
            if not got:
                break
            client("sqs").delete_message(QueueUrl=self._url, ReceiptHandle=got[0]["ReceiptHandle"])
            arn = "arn:aws:sqs:x:1:tapit-test-deliveries"
            record = {"messageId": str(number), "body": got[0]["Body"], "eventSourceARN": arn}
            self._call("deliver", {"Records": [record]})
        return News(
            requests=self.home.requests - requests,
            calls=self.home.calls - calls,
            table_dollars=self._meter.dollars - dollars,
            delivered=self._sender.sent[sent:],
        )

    def subscribe(self) -> None:
        body = {"url": "https://hooks.example.org/tapit"}
        self.home.ask("POST", "/apps/shop/subscriptions", body)
        list(self._tapped.take())

    def _call(self, function: str, event: Mapping[str, Any]) -> None:
        handle = self._publish.handle if function == "publish" else self._deliver.handle
        answer = self.home.call(function, lambda: handle(event))
        assert answer == {"batchItemFailures": []}

    def _counted(self, service: str) -> Any:
        made = client(service)
        made.meta.events.register("request-created", self.home.hear)
        return made


@contextmanager
def newsroom() -> Iterator[Newsroom]:
    timeline, parts = Timeline(), []

    def tapped(table: Any) -> Tapped:
        meter = Meter(table, beside=client("dynamodb"))
        parts.append((meter, Tapped(meter)))
        return parts[0][1]

    with aws_home(timeline, tapped) as home:
        yield Newsroom(home, timeline, *parts[0])
