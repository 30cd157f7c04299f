"""News of tasks on the emulated AWS: one is created by the API, and heard of in the feed, by webhook and on the bus."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from tests.aws.account import AwsAccount, open_account
from tests.aws.command_line import Tapit
from tests.aws.concessions import concede
from tests.aws.shop import SETTINGS, a_team
from tests.aws.waiting import until
from tests.receiver import Decide, Got, Receiver, answering, receiving

pytestmark = pytest.mark.slow

NAME = "hooks.example.org"
LIFE = ["PENDING", "STARTING", "RUNNING", "SUCCEEDED"]
PATIENCE = 60.0  # seconds; functions start slowly on a machine that is busy


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def receiver(authority: trustme.CA) -> Iterator[Receiver]:
    """Somebody's server on the internet."""
    with receiving(certificate=authority.issue_cert(NAME)) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def account(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, authority: trustme.CA
) -> Iterator[AwsAccount]:
    trusted = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    port = urlsplit(receiver.url).port
    network = {"INTERNET": f"{NAME}={port}", "SSL_CERT_FILE": f"{trusted}"}
    with open_account(tmp_path_factory.mktemp("aws"), SETTINGS, network) as account:
        account.deploy()
        concede(account)
        yield account


@pytest.fixture(scope="module")
def shop(account: AwsAccount, tmp_path_factory: pytest.TempPathFactory) -> Tapit:
    return a_team(account, tmp_path_factory.mktemp("home"))


@contextmanager
def subscribed(shop: Tapit, receiver: Receiver, *words: str, decide: Decide | None = None) -> Iterator[None]:
    """The receiver knows one secret, so there is one subscription at a time."""
    url = f"url=https://{NAME}/hook"
    made = shop.say("create", "subscription", url, "name=hooks", *words, "-o", "json")
    receiver.secret = json.loads(made)["secret"]
    receiver.decide = decide or (lambda _: answering(204))
    try:
        yield
    finally:
        shop.say("delete", "subscription", "hooks")


def live(shop: Tapit, folder: Path, exit_code: int) -> str:
    """Return the id of a task that was seen in each status: one that is over at once may never be seen to run."""
    task_id = shop.create(f"until [ -e {folder}/go ]; do sleep 0.1; done; exit {exit_code}")
    until(lambda: shop.show(task_id)["status"] == "RUNNING", seconds=PATIENCE)
    (folder / "go").touch()
    return task_id


def came(receiver: Receiver, task_id: str) -> list[Got]:
    return [got for got in receiver.got if got.event.get("task_id") == task_id]


def statuses(events: list[Any]) -> list[str]:
    return [event["status"] for event in sorted(events, key=lambda event: event["revision"])]


def queue_behind_the_bus(account: AwsAccount, name: str, pattern: dict[str, Any]) -> str:
    """Make a queue that hears of what matches, as docs/events.md says, and return its URL."""
    queues, events = account.client("sqs"), account.client("events")
    url: str = queues.create_queue(QueueName=name)["QueueUrl"]
    attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    bus = account.outputs["EventBus"]
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
    targets = [{"Id": "queue", "Arn": attributes["QueueArn"]}]
    events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
    return url


def take(account: AwsAccount, url: str) -> list[Any]:
    """Return what is in a queue now."""
    queues, found = account.client("sqs"), []
    while got := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            found.append(json.loads(message["Body"]))
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_every_status_of_a_task_comes_by_webhook_signed_and_on_the_bus(
    account: AwsAccount, shop: Tapit, receiver: Receiver, tmp_path: Path
) -> None:
    queue = queue_behind_the_bus(account, "all", {"source": ["tapit"]})
    with subscribed(shop, receiver):
        task_id = live(shop, tmp_path, 0)
        got = until(lambda: whole(came(receiver, task_id)), seconds=PATIENCE)

    assert statuses([each.event for each in got]) == LIFE
    assert receiver.refused == []
    heard: list[Any] = []

    def hear() -> bool:
        heard.extend(take(account, queue))
        return len(heard) >= len(LIFE)

    until(hear, seconds=PATIENCE)
    assert statuses([each["detail"] for each in heard]) == LIFE
    assert {(each["source"], each["detail-type"]) for each in heard} == {("tapit", "Task State Change")}


def whole(got: list[Got]) -> list[Got]:
    return got if len(got) >= len(LIFE) else []


def test_the_feed_has_them_all_in_order(shop: Tapit, tmp_path: Path) -> None:
    task_id = live(shop, tmp_path, 3)
    shop.wait(task_id)

    def told() -> list[str]:
        status, body = shop.get("/apps/shop/events", shop.token)
        assert status == 200
        own = [each["status"] for each in body["items"] if each.get("task_id") == task_id]
        return own if len(own) == len(LIFE) else []

    assert until(told, seconds=PATIENCE) == [*LIFE[:-1], "FAILED"]


def test_a_receiver_that_fails_hears_of_it_again(shop: Tapit, receiver: Receiver) -> None:
    with subscribed(
        shop, receiver, "events=failed", decide=lambda got: answering(500 if got.times == 1 else 204)
    ):
        task_id = shop.create("exit 3")
        until(lambda: came(receiver, task_id)[1:], seconds=PATIENCE)

        def shown() -> list[tuple[str, int]]:
            (found,) = json.loads(shop.say("show", "subscription", "hooks", "-o", "json"))["deliveries"]
            return [(found["state"], found["tries"])] if found["state"] == "delivered" else []

        assert until(shown, seconds=PATIENCE) == [("delivered", 2)]


def test_a_subscription_is_tried_and_an_event_sent_again(shop: Tapit, receiver: Receiver) -> None:
    with subscribed(shop, receiver, "events=failed"):
        trial = json.loads(shop.say("test", "subscription", "hooks", "-o", "json"))
        assert (trial["delivered"], trial["answer"]["status"]) == (True, 204)
        task_id = shop.create("exit 3")
        (got,) = until(lambda: came(receiver, task_id), seconds=PATIENCE)

        shop.say("resend", "subscription", "hooks", f"event={got.id}")

        until(lambda: came(receiver, task_id)[1:], seconds=PATIENCE)


def test_nothing_is_left_behind(account: AwsAccount) -> None:
    queues, outputs = account.client("sqs"), account.outputs
    assert "Messages" not in queues.receive_message(QueueUrl=outputs["FailedQueue"])


def test_a_bus_with_rules_of_others_is_named_before_anything_is_taken_down(account: AwsAccount) -> None:
    with pytest.raises(AssertionError, match="There are rules on the bus"):
        account.deploy_tool("destroy")

    assert account.outputs["EventBus"]
