"""Events come to real receivers from a local home: which, in which order, how often, and what becomes of failures."""

import logging
import sqlite3
import statistics
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.webhook_sender import PATIENCE
from chalicelib.domain.delivery import WAITS, State
from chalicelib.domain.fan_out import delivery_of
from chalicelib.domain.status import Status
from chalicelib.domain.subscription import PAUSED, SUBSCRIPTIONS, Subscription, pause, resume
from chalicelib.usecases.change_record import change_named
from tests import receiver as does
from tests.local.supervisor.supervised_task import until
from tests.receiver import Behaviour, Got, Receiver, answering, answering_after, receiving
from tests.webhooks.post_office import LIFE, SECRET, PostOffice, post_office

FIRST_WAIT = timedelta(seconds=5)
JITTER = 0.2


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as served:
        served.secret = SECRET
        yield served


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    with post_office(tmp_path / "state") as served:
        yield served


def failing_first(times: int, failure: Behaviour) -> does.Decide:
    """Fail the first tries of each event."""
    return lambda got: failure if got.times <= times else answering(200)


def answering_once(held: threading.Event) -> Behaviour:
    def behave(connection: does.Connection) -> None:
        held.wait(does.GENEROUS)
        answering(200)(connection)

    return behave


def _change(office: PostOffice, change: Callable[[Subscription], Subscription]) -> None:
    change_named(office.services.subscriptions, SUBSCRIPTIONS, "shop", "hooks", change)


def test_each_change_of_status_comes_once_and_in_order(office: PostOffice, receiver: Receiver) -> None:
    office.subscribe(receiver.url)

    task = office.live()

    made = office.wait_until_all_is_over()
    assert [got.event["status"] for got in receiver.got] == list(LIFE)
    assert [got.event["revision"] for got in receiver.got] == [1, 2, 3, 4]
    assert {got.event["task_id"] for got in receiver.got} == {task.id}
    assert [each.state for each in made] == [State.DELIVERED] * 4
    assert [each.tries for each in made] == [1] * 4
    assert receiver.refused == []


def test_a_subscription_gets_what_it_wants_and_nothing_else(office: PostOffice, receiver: Receiver) -> None:
    office.subscribe(receiver.url, events=("failed", "running"))

    office.live()
    office.move(office.create(), Status.FAILED)

    receiver.wait_until(lambda got: len(got) == 2)
    assert sorted(got.event["status"] for got in receiver.got) == ["FAILED", "RUNNING"]
    assert len(office.wait_until_all_is_over()) == 2


def test_each_of_several_subscriptions_gets_all(office: PostOffice, receiver: Receiver) -> None:
    with receiving() as another:
        office.subscribe(receiver.url)
        office.subscribe(another.url, name="others")

        office.live()

        another.wait_until(lambda got: len(got) == 4)
        receiver.wait_until(lambda got: len(got) == 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "failure", [answering(500), answering(302, location="http://127.0.0.1:1/"), does.resetting, does.babbling]
)
def test_what_fails_is_tried_again_after_a_while(
    office: PostOffice, receiver: Receiver, failure: Behaviour
) -> None:
    receiver.decide = failing_first(1, failure)
    office.subscribe(receiver.url)

    office.create()

    first, second = receiver.wait_until(lambda got: len(got) == 2)
    assert first.id == second.id
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.at - first.at >= FIRST_WAIT.total_seconds() * (1 - JITTER)
    (delivery,) = office.wait_until_all_is_over()
    assert (delivery.state, delivery.tries) == (State.DELIVERED, 2)


def test_a_failure_is_on_record_with_its_answer_and_its_next_try(
    office: PostOffice, receiver: Receiver
) -> None:
    receiver.decide = lambda _: answering(500, "broken")
    office.subscribe(receiver.url)

    office.create()

    (delivery,) = until(lambda: [each for each in office.deliveries() if each.answer])
    assert delivery.answer is not None
    assert delivery.due_at is not None
    assert delivery.last_at is not None
    assert (delivery.answer.status, delivery.answer.text, delivery.state) == (500, "broken", State.WAITING)
    wait = delivery.due_at - delivery.last_at
    assert FIRST_WAIT * (1 - JITTER) <= wait <= FIRST_WAIT * (1 + JITTER)
    assert until(lambda: office.subscription().failing_since)
    assert office.subscription().is_slow


def test_what_is_told_late_has_all_its_tries(office: PostOffice, receiver: Receiver) -> None:
    receiver.decide = lambda _: answering(503)
    office.subscribe(receiver.url, events=("succeeded",))
    ended = office.services.clock.now() - timedelta(days=3)  # while no server ran that could have seen it

    office.services.tasks.save(office.create().moved(Status.SUCCEEDED, ended))

    (delivery,) = until(lambda: [each for each in office.deliveries() if each.answer])
    assert delivery.state is State.WAITING


def test_a_receiver_may_ask_for_a_longer_wait(office: PostOffice, receiver: Receiver) -> None:
    receiver.decide = lambda _: answering(429, retry_after="3600")
    office.subscribe(receiver.url)

    office.create()

    (delivery,) = until(lambda: [each for each in office.deliveries() if each.answer])
    assert delivery.due_at is not None
    assert delivery.last_at is not None
    assert delivery.due_at - delivery.last_at == timedelta(hours=1)


def test_a_receiver_that_is_gone_pauses_its_subscription_and_that_is_news(
    office: PostOffice, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.decide = lambda _: answering(410)
    office.subscribe(receiver.url)
    with receiving() as watcher:
        office.subscribe(watcher.url, name="watcher", events=(PAUSED,))

        office.create()

        (told,) = watcher.wait_until(lambda got: len(got) == 1)
    assert told.event["type"] == "Subscription State Change"
    assert (told.event["subscription"], told.event["paused"]) == ("hooks", True)
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.tries) == (State.FAILED, 1)
    until(lambda: "shop/hooks paused itself: Its address answered 410" in caplog.text)
    paused = office.subscription().paused
    assert paused is not None
    assert "410" in paused.why


def test_what_waits_for_a_subscription_that_was_paused_is_dropped(
    office: PostOffice, receiver: Receiver
) -> None:
    paused = threading.Event()
    receiver.decide = lambda _: answering_once(paused)
    office.subscribe(receiver.url)
    tasks = [office.create() for _ in range(10)]
    receiver.wait_until(lambda got: len(got) >= 1)

    _change(office, lambda it: pause(it, "enough", office.services.clock.now(), by="alice"))
    paused.set()

    made = office.wait_until_all_is_over()
    assert len(made) == len(tasks)
    assert {each.state for each in made} <= {State.DELIVERED, State.DROPPED}
    assert [each for each in made if each.state is State.DROPPED]
    _change(office, resume)
    later = office.create()
    receiver.wait_until(lambda got: later.id in {each.event["task_id"] for each in got})


def test_what_waits_for_a_subscription_that_was_removed_is_not_sent(
    office: PostOffice, receiver: Receiver
) -> None:
    removed = threading.Event()
    receiver.decide = lambda _: answering_once(removed)
    office.subscribe(receiver.url)
    for _ in range(10):
        office.create()
    receiver.wait_until(lambda got: len(got) >= 1)

    until(lambda: _removed(office))
    removed.set()
    with receiving() as another:
        office.subscribe(another.url)
        later = office.create()
        (got,) = another.wait_until(lambda got: len(got) == 1)

    assert got.event["task_id"] == later.id
    assert len(receiver.got) < 10


def _removed(office: PostOffice) -> bool:
    office.services.subscriptions.remove(office.subscription())
    return True


def test_what_one_address_answers_is_not_held_against_another(office: PostOffice, receiver: Receiver) -> None:
    with receiving() as another:

        def decide(_: Got) -> Behaviour:
            _change(office, lambda it: it.moved(another.url))
            return answering(410)

        receiver.decide = decide
        office.subscribe(receiver.url)

        office.create()

        office.wait_until_all_is_over()
        assert office.subscription().url == another.url
        assert (office.subscription().paused, office.subscription().failing_since) == (None, None)


@pytest.mark.slow
def test_what_waits_goes_to_a_new_address_when_it_is_due(office: PostOffice, receiver: Receiver) -> None:
    receiver.decide = lambda _: answering(500)
    office.subscribe(receiver.url)
    task = office.create()
    until(lambda: office.subscription().is_slow)

    with receiving() as another:
        _change(office, lambda it: it.moved(another.url))

        (got,) = another.wait_until(lambda got: len(got) == 1, seconds=20)
        assert got.event["task_id"] == task.id


def test_a_subscription_may_be_removed_while_its_receiver_answers(
    office: PostOffice, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    is_removed = threading.Event()

    def decide(_: Got) -> Behaviour:
        office.services.subscriptions.remove(office.subscription())
        is_removed.set()
        return answering(500)

    receiver.decide = decide
    removed = office.subscribe(receiver.url)
    office.create()
    assert is_removed.wait(does.GENEROUS)
    with receiving() as another:
        office.subscribe(another.url)
        office.create()
        another.wait_until(lambda got: len(got) == 1)

    assert office.services.deliveries.list(removed.id, 10) == []
    assert caplog.records == []


def test_what_could_not_be_written_down_is_not_sent_again_at_once(
    office: PostOffice, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the disk is full: it is due as before, and the receiver would get it without an end."""
    office.subscribe(receiver.url)
    with closing(sqlite3.connect(tmp_path / "state" / "tapit.db", timeout=10)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON deliveries WHEN new.due_at IS NULL "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
        first = office.create()
        until(lambda: "no room" in caplog.text)
        database.execute("DROP TRIGGER full")
    for _ in range(5):
        office.create()

    got = receiver.wait_until(lambda got: len(got) == 6)
    until(lambda: [each.state for each in office.deliveries()].count(State.DELIVERED) == 5)
    assert [each.event["task_id"] for each in got].count(first.id) == 1


def test_what_cannot_be_counted_is_not_sent(
    office: PostOffice, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the disk is full: a server that is killed again and again would send it without an end."""
    office.subscribe(receiver.url)
    with closing(sqlite3.connect(tmp_path / "state" / "tapit.db", timeout=10)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON deliveries BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
        office.create()

        until(lambda: "no room" in caplog.text)

    assert receiver.got == []


def test_a_try_is_counted_before_it_is_made(office: PostOffice, receiver: Receiver) -> None:
    receiver.decide = lambda _: does.hanging
    office.subscribe(receiver.url)

    office.create()

    receiver.wait_until(lambda got: len(got) == 1)
    (delivery,) = office.deliveries()
    assert (delivery.tries, delivery.answer, delivery.state) == (1, None, State.WAITING)
    assert delivery.last_at is not None
    assert delivery.due_at is not None
    assert delivery.due_at - delivery.last_at >= FIRST_WAIT * (1 - JITTER)


def test_what_no_server_lived_to_see_the_answer_of_is_given_up_after_all_its_tries(
    office: PostOffice, receiver: Receiver
) -> None:
    office.subscribe(receiver.url)
    task = office.create()
    (made,) = office.wait_until_all_is_over()
    event = office.services.feed.find("shop", f"{task.id}-1")
    killed = made.but(state=State.WAITING)
    while killed.may_be_tried:
        killed = killed.begun(made.created_at, 0)

    office.services.deliveries.record(killed.but(due_at=made.created_at))
    office.services.courier.enqueue(killed, event)

    (delivery,) = office.wait_until_all_is_over()
    assert (delivery.state, delivery.tries) == (State.FAILED, len(WAITS) + 1)
    assert delivery.answer is not None
    assert "killed" in (delivery.answer.problem or "")
    assert len(receiver.got) == 1


def test_what_becomes_of_a_try_is_logged_without_the_address(
    office: PostOffice, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    receiver.decide = lambda got: answering(500 if got.event["status"] == "STARTING" else 200)
    office.subscribe(f"{receiver.url}?key=hush")

    office.move(office.create(), Status.STARTING)

    until(lambda: "waiting at try 1, it answered 500; next try at" in caplog.text)
    assert "to shop/hooks: delivered at try 1, it answered 200" in caplog.text
    assert "hush" not in caplog.text
    assert "/hook" not in caplog.text.replace("shop/hooks", "")


@pytest.mark.slow
def test_events_of_a_task_keep_their_order_although_one_of_them_fails(
    office: PostOffice, receiver: Receiver
) -> None:
    def decide(got: Got) -> Behaviour:
        return answering(500 if got.event["status"] == "STARTING" and got.times == 1 else 200)

    receiver.decide = decide
    office.subscribe(receiver.url)

    office.live()
    other = office.live()

    got = receiver.wait_until(lambda got: len(got) == 10)
    by_task = defaultdict(list)
    for each in got:
        by_task[each.event["task_id"]].append(each.event["revision"])
    assert list(by_task.values()) == [[1, 2, 2, 3, 4], [1, 2, 2, 3, 4]]
    assert by_task[other.id]


def test_a_subscription_is_sent_two_things_at_a_time(office: PostOffice, receiver: Receiver) -> None:
    lock, at_once, most, together = threading.Lock(), [0], [0], threading.Event()

    def decide(_: Got) -> Behaviour:
        def behave(connection: does.Connection) -> None:
            with lock:
                at_once[0] += 1
                most[0] = max(most[0], at_once[0])
                if most[0] > 1:
                    together.set()
            together.wait(does.GENEROUS)
            connection.pause(0.05)
            with lock:
                at_once[0] -= 1
            answering(200)(connection)

        return behave

    receiver.decide = decide
    office.subscribe(receiver.url)

    for _ in range(20):
        office.create()

    office.wait_until_all_is_over()
    assert most == [2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "bad", [answering_after(10), does.hanging, answering(500), does.resetting, does.dripping_body]
)
def test_a_receiver_that_is_slow_or_dead_delays_no_other(
    office: PostOffice, receiver: Receiver, bad: Behaviour
) -> None:
    with receiving(lambda _: bad) as worse:
        office.subscribe(worse.url, name="worse")
        office.subscribe(receiver.url)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: office.live(), range(50)))

        got = receiver.wait_until(lambda got: len(got) == 200)
        latencies = [each.at - _time_of(each) for each in got]
        assert statistics.median(latencies) < PATIENCE / 2
        assert len(worse.got) < 200


def _time_of(got: Got) -> float:
    return datetime.fromisoformat(got.event["time"]).timestamp()


@pytest.mark.slow
def test_many_dead_receivers_at_once_delay_no_other(office: PostOffice, receiver: Receiver) -> None:
    """More than there are turns for in the lane of those that were quick."""
    with receiving(lambda _: does.hanging) as dead:
        for number in range(12):
            office.subscribe(dead.url, name=f"dead-{number}")
        dead.decide = lambda _: answering(200)
        office.live()
        dead.wait_until(lambda got: len(got) == 12 * 4)
        office.subscribe(receiver.url)
        dead.decide = lambda _: does.hanging

        for _ in range(5):
            office.live()

        receiver.wait_until(lambda got: len(got) == 20, seconds=PATIENCE - 1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [20, 99])
def test_many_receivers_that_hang_at_their_first_event_delay_no_other(
    office: PostOffice, receiver: Receiver, number: int
) -> None:
    """Nobody knows yet that they are slow."""
    with receiving(lambda _: does.hanging) as dead:
        for each in range(number):
            office.subscribe(dead.url, name=f"dead-{each}")
        office.subscribe(receiver.url, name="quick")

        for _ in range(5):
            office.live()

        got = receiver.wait_until(lambda got: len(got) == 20)
        assert statistics.median(each.at - _time_of(each) for each in got) < PATIENCE / 2
        hanging = [office.deliveries(f"dead-{each}") for each in range(number)]
        assert {each.state for made in hanging for each in made} == {State.WAITING}


def test_one_that_answers_slowly_is_sent_to_beside_those_that_are_dead(
    office: PostOffice, receiver: Receiver
) -> None:
    receiver.decide = lambda _: answering_after(1.2)
    with receiving(lambda _: does.hanging) as dead:
        for number in range(4):
            office.subscribe(dead.url, name=f"dead-{number}")
        office.subscribe(receiver.url)

        for _ in range(4):
            office.create()

        receiver.wait_until(lambda got: len(got) == 4, seconds=PATIENCE - 1)


def test_a_resent_event_comes_again(office: PostOffice, receiver: Receiver) -> None:
    subscription = office.subscribe(receiver.url)
    task = office.create()
    office.wait_until_all_is_over()
    event = office.services.feed.find("shop", f"{task.id}-1")

    again = delivery_of(subscription, event, office.services.clock.now())
    office.services.deliveries.record(again)
    office.services.courier.enqueue(again, event)

    first, second = receiver.wait_until(lambda got: len(got) == 2)
    assert first.id == second.id == event.id
    (delivery,) = office.wait_until_all_is_over()
    assert delivery.state is State.DELIVERED


def test_an_event_can_be_resent_while_it_is_being_sent(office: PostOffice, receiver: Receiver) -> None:
    def decide(got: Got) -> Behaviour:
        if got.times == 1:
            event = office.services.feed.find("shop", got.id)
            again = delivery_of(subscription, event, office.services.clock.now())
            office.services.deliveries.record(again)
            office.services.courier.enqueue(again, event)
        return answering(200)

    receiver.decide = decide
    subscription = office.subscribe(receiver.url)
    office.create()

    first, second = receiver.wait_until(lambda got: len(got) == 2)
    assert first.id == second.id
    (delivery,) = office.wait_until_all_is_over()
    assert delivery.state is State.DELIVERED


def test_without_leave_nothing_is_sent_to_this_machine(tmp_path: Path, receiver: Receiver) -> None:
    with post_office(tmp_path / "state", allow_local=False) as office:
        office.subscribe(receiver.url)
        office.create()

        (delivery,) = until(lambda: [each for each in office.deliveries() if each.answer])

    assert delivery.answer is not None
    assert "Webhooks cannot go to this URL" in (delivery.answer.problem or "")
    assert receiver.got == []


def test_what_was_due_when_the_courier_ended_is_sent_by_the_next(tmp_path: Path, receiver: Receiver) -> None:
    with post_office(tmp_path / "state") as office:
        office.subscribe(receiver.url)
        courier = office.services.courier
        courier.close()  # type: ignore[attr-defined]
        task = office.create()
        assert receiver.got == []
    with post_office(tmp_path / "state") as office:
        (got,) = receiver.wait_until(lambda got: len(got) == 1)

    assert got.event["task_id"] == task.id
