"""What a person sends to a subscription over HTTP, to a real receiver: a test, or an event once more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.delivery import Answer, Delivery
from tests.home_in_process import HomeInProcess, home_in_process
from tests.http_client import Answer as HttpAnswer
from tests.receiver import Receiver, answering, receiving

OK = Answer(status=204, seconds=0.1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeInProcess]:
    """Nothing is sent here unless it is sent at once: no courier is at work."""
    place: Path = tmp_path_factory.mktemp("home")
    with home_in_process(place, local_webhooks=True) as home:
        yield home


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def app(home: HomeInProcess) -> str:
    return home.new_app()


def subscribe(home: HomeInProcess, app: str, receiver: Receiver, **fields: Any) -> None:
    created = home.ask("POST", f"/apps/{app}/subscriptions", {"url": receiver.url, "name": "mine", **fields})
    assert created.status == 201, created.text
    receiver.secret = created.json["secret"]


def post(home: HomeInProcess, app: str, what: str, body: Any = None) -> HttpAnswer:
    return home.ask("POST", f"/apps/{app}/subscriptions/mine/{what}", body)


def deliveries(home: HomeInProcess, app: str) -> list[Delivery]:
    found = home.services.subscriptions.get(app, "mine")
    return list(home.services.deliveries.list(found.id, 50))


def test_a_test_is_sent_at_once_signed_and_marked_as_one(
    home: HomeInProcess, app: str, receiver: Receiver
) -> None:
    receiver.decide = lambda _: answering(200, "thank you")
    subscribe(home, app, receiver, events=["failed"])

    tested = post(home, app, "test")

    (got,) = receiver.got
    assert (tested.status, tested.json["delivered"], tested.json["event_id"]) == (200, True, got.id)
    assert (tested.json["answer"]["status"], tested.json["answer"]["text"]) == (200, "thank you")
    assert (got.event["type"], got.event["id"], got.event["by"]) == ("Subscription Trial", got.id, "alice")
    assert "task" not in got.event


def test_a_test_leaves_no_trace(home: HomeInProcess, app: str, receiver: Receiver) -> None:
    receiver.decide = lambda _: answering(410)
    subscribe(home, app, receiver)
    before = home.ask("GET", f"/apps/{app}/subscriptions/mine").json

    assert post(home, app, "test").json["delivered"] is False

    assert home.ask("GET", f"/apps/{app}/subscriptions/mine").json == before
    assert home.ask("GET", f"/apps/{app}/events").json["items"] == []


def test_what_keeps_a_test_from_arriving_is_told(home: HomeInProcess, app: str) -> None:
    with receiving() as gone:
        subscribe(home, app, gone)

    tested = post(home, app, "test")

    assert (tested.status, tested.json["delivered"]) == (200, False)
    assert tested.json["answer"]["status"] is None
    assert "refused" in tested.json["answer"]["problem"]


def test_one_that_is_paused_can_be_tested(home: HomeInProcess, app: str, receiver: Receiver) -> None:
    subscribe(home, app, receiver)
    home.ask("PATCH", f"/apps/{app}/subscriptions/mine", {"paused": True})

    assert post(home, app, "test").json["delivered"] is True


def test_after_a_rotation_a_receiver_with_either_secret_takes_it(
    home: HomeInProcess, app: str, receiver: Receiver
) -> None:
    subscribe(home, app, receiver)
    old = receiver.secret

    new = post(home, app, "rotate").json["secret"]

    for secret in (old, new):
        receiver.secret = secret
        assert post(home, app, "test").json["delivered"] is True


def test_an_event_is_sent_once_more_as_if_it_were_new(
    home: HomeInProcess, app: str, receiver: Receiver
) -> None:
    subscribe(home, app, receiver)
    event_id = f"{home.new_task(app)['id']}-1"
    (delivery,) = deliveries(home, app)
    home.services.deliveries.record(delivery.after(OK, delivery.created_at, 0))

    again = post(home, app, "resend", {"event": event_id})

    assert (again.status, again.json["event_id"], again.json["state"]) == (202, event_id, "waiting")
    assert (again.json["tries"], again.json["answer"]) == (0, None)
    (waiting,) = deliveries(home, app)
    assert (waiting.event_id, waiting.is_over) == (event_id, False)
    assert waiting.created_at > delivery.created_at


def test_what_waits_is_counted(home: HomeInProcess, app: str, receiver: Receiver) -> None:
    subscribe(home, app, receiver)
    path = f"/apps/{app}/subscriptions/mine"
    assert home.ask("GET", path).json["backlog"] is None

    for _ in range(60):
        home.new_task(app)

    shown = home.ask("GET", path).json
    assert shown["backlog"]["waiting"] >= 60
    assert len(shown["deliveries"]) == 50
    assert shown["backlog"]["oldest_at"] <= shown["deliveries"][-1]["created_at"]


def test_an_event_that_it_did_not_want_can_be_sent_all_the_same(
    home: HomeInProcess, app: str, receiver: Receiver
) -> None:
    subscribe(home, app, receiver, events=["failed"])
    event_id = f"{home.new_task(app)['id']}-1"
    assert deliveries(home, app) == []

    assert post(home, app, "resend", {"event": event_id}).status == 202

    assert [each.event_id for each in deliveries(home, app)] == [event_id]


@pytest.mark.parametrize("event_id", ["1jd3m8k7x2qf-9", "nonsense", "'; DROP TABLE deliveries; --"])
def test_an_event_that_is_not_there_is_not_found(
    home: HomeInProcess, app: str, receiver: Receiver, event_id: str
) -> None:
    subscribe(home, app, receiver)

    answer = post(home, app, "resend", {"event": event_id})

    assert (answer.status, answer.json["Code"]) == (404, "EventNotFound")
    assert "seven days" in answer.json["Message"]


def test_an_event_of_another_app_is_not_found(home: HomeInProcess, app: str, receiver: Receiver) -> None:
    subscribe(home, app, receiver)
    foreign = f"{home.new_task(home.new_app())['id']}-1"

    assert post(home, app, "resend", {"event": foreign}).status == 404


def test_nothing_is_sent_again_to_one_that_is_paused(
    home: HomeInProcess, app: str, receiver: Receiver
) -> None:
    subscribe(home, app, receiver)
    event_id = f"{home.new_task(app)['id']}-1"
    home.ask("PATCH", f"/apps/{app}/subscriptions/mine", {"paused": True})

    answer = post(home, app, "resend", {"event": event_id})

    assert (answer.status, answer.json["Code"]) == (409, "SubscriptionPaused")
    assert "alice paused it" in answer.json["Message"]
    assert answer.json["Hint"] == f"tapit -a {app} set subscription name=mine paused=false"


@pytest.mark.parametrize(("what", "body"), [("test", None), ("resend", {"event": "x-1"})])
def test_a_subscription_that_is_not_there_is_not_found(
    home: HomeInProcess, app: str, what: str, body: Any
) -> None:
    answer = post(home, app, what, body)

    assert (answer.status, answer.json["Code"]) == (404, "SubscriptionNotFound")
