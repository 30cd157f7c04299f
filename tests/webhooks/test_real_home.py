"""Webhooks of the real `tapit-local`, from its API to receivers of the test's, also when it is killed."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from standardwebhooks import Webhook

from tests.conftest import NewHome
from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until
from tests.receiver import Behaviour, Got, Receiver, answering, answering_after, receiving


@pytest.fixture
def home(new_home: NewHome) -> HomeProcess:
    return new_home("--allow-local-webhooks").start()


@pytest.fixture
def app(home: HomeProcess) -> str:
    return home.new_app()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as served:
        yield served


def subscribe(home: HomeProcess, app: str, receiver: Receiver, name: str = "hooks", **fields: Any) -> Any:
    """Subscribe, and let the receiver verify what comes."""
    made = home.api.post(f"/apps/{app}/subscriptions", {"url": receiver.url, "name": name, **fields})
    receiver.secret = made["secret"]
    return made


def deliveries(home: HomeProcess, app: str, name: str = "hooks") -> list[Any]:
    found: list[Any] = home.api.get(f"/apps/{app}/subscriptions/{name}")["deliveries"]
    return found


def told(home: HomeProcess, app: str) -> list[Any]:
    """Return the app's feed: a quick task may be over before it was seen to run."""
    events: list[Any] = home.api.get(f"/apps/{app}/events", limit=100)["items"]
    return events


def by_task(events: Iterable[Any]) -> dict[str, list[int]]:
    """Return the revisions of each task, in the order in which they came."""
    revisions: dict[str, list[int]] = {}
    for each in events:
        revisions.setdefault(each["task_id"], []).append(each["revision"])
    return revisions


def without_repeats(got: list[Got]) -> list[Any]:
    return [each.event for each in got if each.times == 1]


def test_a_task_s_life_comes_as_signed_events_just_as_the_feed_tells_it(
    home: HomeProcess, app: str, receiver: Receiver
) -> None:
    subscribe(home, app, receiver)

    task = home.api.run(app, "echo hi", environment={"KEY": "hush"})

    got = receiver.wait_until(lambda got: got[-1:] and got[-1].event["status"] == "SUCCEEDED")
    assert [each.event for each in got] == told(home, app)
    assert got[0].event["previous_status"] is None
    assert got[-1].event["task"]["exit_code"] == 0
    assert got[-1].id == f"{task['id']}-{task['revision']}"
    assert "hush" not in "".join(each.body for each in got)
    assert receiver.refused == []


def test_after_a_rotation_both_secrets_verify(home: HomeProcess, app: str, receiver: Receiver) -> None:
    older = subscribe(home, app, receiver, events=["pending"])["secret"]
    receiver.secret = None

    newer = home.api.post(f"/apps/{app}/subscriptions/hooks/rotate")["secret"]
    home.api.create(app, "true")

    (got,) = receiver.wait_until(lambda got: len(got) == 1)
    assert older != newer
    for secret in (older, newer):
        Webhook(secret).verify(got.body, dict(got.headers))


def test_the_last_deliveries_are_shown_with_what_was_answered(
    home: HomeProcess, app: str, receiver: Receiver
) -> None:
    def decide(got: Got) -> Behaviour:
        return answering(500, "no \x1b[31mway") if got.event["status"] == "FAILED" else answering(200)

    receiver.decide = decide
    subscribe(home, app, receiver, events=["pending", "failed"])

    home.api.run(app, "exit 3")

    failed, delivered = until(lambda: _if_all_were_tried(deliveries(home, app)))
    assert (delivered["state"], delivered["tries"], delivered["due_at"]) == ("delivered", 1, None)
    assert (failed["state"], failed["answer"]["status"], failed["answer"]["text"]) == (
        "waiting",
        500,
        "no [31mway",
    )
    assert failed["due_at"] > failed["last_at"]


def _if_all_were_tried(found: list[Any]) -> list[Any]:
    return found if len(found) == 2 and all(each["answer"] for each in found) else []


def test_a_server_without_leave_refuses_a_receiver_on_its_machine(
    new_home: NewHome, receiver: Receiver
) -> None:
    home = new_home().start()
    app = home.new_app()

    refused = home.api.ask("POST", f"/apps/{app}/subscriptions", {"url": receiver.url})

    assert refused.status == 400
    assert "--allow-local-webhooks" in refused.json["Hint"]


def test_over_tls_the_certificate_is_checked_against_what_the_system_trusts(
    new_home: NewHome, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    home = new_home("--allow-local-webhooks").start(SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    app = home.new_app()
    with receiving(certificate=authority.issue_cert("localhost")) as good:
        subscribe(home, app, good, events=["pending"])
        with receiving(certificate=authority.issue_cert("localhost.example.com")) as bad:
            subscribe(home, app, bad, name="bad", events=["pending"])

            home.api.create(app, "true")

            good.wait_until(lambda got: len(got) == 1)
            (failed,) = until(lambda: [each for each in deliveries(home, app, "bad") if each["answer"]])
            assert "certificate is not good for localhost" in failed["answer"]["problem"]
            assert bad.got == []


def test_what_is_being_sent_when_the_server_is_killed_comes_once_more_and_no_more(
    home: HomeProcess, app: str, receiver: Receiver
) -> None:
    receiver.decide = lambda got: answering_after(600) if got.times == 1 else answering(200)
    subscribe(home, app, receiver, events=["pending"])
    home.api.create(app, "true")
    receiver.wait_until(lambda got: len(got) == 1)

    home.kill()
    home.start()

    first, second = receiver.wait_until(lambda got: len(got) == 2)
    assert first.id == second.id
    until(lambda: [each["state"] for each in deliveries(home, app)] == ["delivered"])
    home.restart()
    home.api.create(app, "true")
    got = receiver.wait_until(lambda got: len(without_repeats(got)) == 2)
    assert max(each.times for each in got) == 2


@pytest.mark.slow
def test_each_try_that_a_kill_cuts_off_counts_and_is_waited_after(
    home: HomeProcess, app: str, receiver: Receiver
) -> None:
    receiver.decide = lambda _: answering_after(600)
    subscribe(home, app, receiver, events=["pending"])
    home.api.create(app, "true")
    for times in (1, 2):
        receiver.wait_until(lambda got, times=times: len(got) == times)  # type: ignore[misc]
        (delivery,) = deliveries(home, app)
        assert (delivery["tries"], delivery["answer"], delivery["state"]) == (times, None, "waiting")

        home.kill()
        home.start()

    first, second = receiver.got
    (delivery,) = deliveries(home, app)
    assert second.at - first.at >= 4
    assert (delivery["tries"], delivery["state"]) == (2, "waiting")
    assert delivery["due_at"] > delivery["last_at"]


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 3, 7, 12, 18])
def test_killed_in_the_middle_it_sends_what_was_due_afterwards_and_nothing_more_than_twice(
    home: HomeProcess, app: str, receiver: Receiver, after: int
) -> None:
    receiver.decide = lambda _: answering_after(0.02)
    subscribe(home, app, receiver)
    made = [home.api.create(app, "true")["id"] for _ in range(8)]
    receiver.wait_until(lambda got: len(got) >= after)

    home.kill()
    home.start()

    for task_id in made:
        home.api.finished(task_id)
    events = told(home, app)
    got = receiver.wait_until(lambda got: len(without_repeats(got)) == len(events))
    assert by_task(without_repeats(got)) == by_task(events)
    assert max(each.times for each in got) <= 2
    assert len(got) <= len(events) + 2  # two at a time are on their way


def test_a_server_that_is_asked_to_end_ends_soon_and_repeats_nothing(
    home: HomeProcess, app: str, receiver: Receiver
) -> None:
    receiver.decide = lambda _: answering_after(0.5)
    subscribe(home, app, receiver, events=["pending"])
    for _ in range(6):
        home.api.create(app, "true")
    receiver.wait_until(lambda got: len(got) >= 2)

    assert home.end() == 0
    receiver.decide = lambda _: answering(200)
    home.start()

    got = receiver.wait_until(lambda got: len(without_repeats(got)) == 6)
    assert len(got) == 6


def test_a_receiver_that_hangs_does_not_keep_a_server_from_ending(
    home: HomeProcess, app: str, receiver: Receiver
) -> None:
    receiver.decide = lambda _: answering_after(600)
    subscribe(home, app, receiver)
    home.api.create(app, "true")
    receiver.wait_until(lambda got: len(got) >= 1)

    began = time.monotonic()
    assert home.end() == 0
    assert time.monotonic() - began < 8
    assert "Traceback" not in home.log
