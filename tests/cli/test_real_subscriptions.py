"""Subscriptions typed at the real local home, which sends to a real receiver."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import Place
from tests.conftest import NewHome
from tests.local.supervisor.supervised_task import until
from tests.receiver import Receiver, answering, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def machine(new_home: NewHome, place: Place) -> Place:
    """A user whose machine runs a home that may send to it, with an app."""
    home = new_home("--allow-local-webhooks").start()
    place.env |= home.env_for(home.new_app())
    return place


def subscribed(machine: Place, receiver: Receiver, *words: str) -> None:
    """Subscribe the receiver as `mine`, and let it verify what comes."""
    made = machine.run("create", "subscription", receiver.url, "name=mine", *words)
    assert made.returncode == 0, made.stderr
    receiver.secret = json.loads(made.stdout)["secret"]


def shown(machine: Place) -> dict[str, Any]:
    subscription: dict[str, Any] = json.loads(machine.run("show", "subscription", "mine").stdout)
    return subscription


def test_news_of_a_task_arrive_and_what_was_answered_is_shown(machine: Place, receiver: Receiver) -> None:
    receiver.decide = lambda _: answering(200, "thank you")
    subscribed(machine, receiver, "events=failed,lost")

    task_id = machine.run("create", "task", "exit 3", "-o", "id").stdout.strip()

    (got,) = receiver.wait_until(lambda got: len(got) == 1)
    assert (got.event["status"], got.event["task_id"]) == ("FAILED", task_id)
    until(lambda: shown(machine)["deliveries"][0]["state"] == "delivered")
    (delivery,) = shown(machine)["deliveries"]
    assert (delivery["event_id"], delivery["tries"]) == (got.id, 1)
    block = run_at_a_terminal(machine, "show", "subscription", "mine", columns=120).text
    assert "200 thank you" in block
    assert got.id in block


def test_a_receiver_that_fails_is_seen_in_the_list_and_mended_by_hand(
    machine: Place, receiver: Receiver
) -> None:
    receiver.decide = lambda _: answering(410)
    subscribed(machine, receiver, "events=succeeded")
    assert machine.run("create", "task", "-w", "true").returncode == 0
    until(lambda: bool(shown(machine)["paused"]))

    listed = machine.run("list", "subscriptions", "-o", "table").stdout
    tested = machine.run("test", "subscription", "mine")

    assert "PAUSED: " in listed
    assert tested.returncode == 1
    assert "mine did not take the test\n  It answered after" in tested.stderr

    receiver.decide = lambda _: answering(204)
    assert machine.run("test", "subscription", "mine").returncode == 0
    assert machine.run("set", "subscription", "mine", "paused=false").returncode == 0
    missed = shown(machine)["deliveries"][0]["event_id"]
    assert machine.run("__complete", "resend", "subscription", "mine", "event=").stdout.startswith(
        f"event={missed}\t"
    )
    sent = machine.run("resend", "subscription", "mine", f"event={missed}")
    assert sent.returncode == 0, sent.stderr
    receiver.wait_until(lambda got: [one.id for one in got].count(missed) == 2)
    assert machine.run("list", "subscriptions", "-o", "table").stdout.splitlines()[1].split()[:2] == [
        "mine",
        "ok",
    ]


def test_after_a_rotation_either_secret_is_good(machine: Place, receiver: Receiver) -> None:
    subscribed(machine, receiver)
    before = receiver.secret

    rotated = json.loads(machine.run("rotate", "subscription", "mine").stdout)

    assert rotated["previous_until"] is not None
    for secret in (before, rotated["secret"]):
        receiver.secret = secret
        assert machine.run("test", "subscription", "mine").returncode == 0
    assert receiver.refused == []


def test_a_subscription_is_changed_and_removed(machine: Place, receiver: Receiver) -> None:
    subscribed(machine, receiver, "events=failed", "format=slack")

    changed = machine.run("set", "subscription", "mine", "events=lost,timed-out", "paused=true")

    subscription = json.loads(changed.stdout)
    assert (subscription["events"], bool(subscription["paused"])) == (["lost", "timed_out"], True)
    assert "paused by " in machine.run("list", "subscriptions", "-o", "table").stdout
    machine.run("set", "subscription", "mine", "events=all", "format=json", "paused=no")
    assert (shown(machine)["events"], shown(machine)["format"]) == ([], "json")
    assert machine.run("delete", "subscription", "mine").returncode == 0
    assert machine.run("list", "subscriptions", "-o", "id").stdout == ""
    assert machine.run("delete", "subscription", "mine").returncode == 0
    assert machine.run("show", "subscription", "mine").returncode == 3


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["https://10.0.0.1/hook"], 2, "10.0.0.1 is a private address"),
        (["http://ops.example.com/"], 2, "it has to begin with https://"),
        (["https://ops.example.com/", "name=mine"], 1, "already has a subscription mine"),
        (["https://ops.example.com/", "name=Not A Name"], 2, "name must be 1 to 40 lower-case letters"),
        (["https://ops.example.com/", "name=more"], 4, "have an admin allow more, up to 100: tapit set app"),
        (["https://ops.example.com/", "-a", "nope"], 3, "There is no app nope."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    words: list[str], code: int, told: str, machine: Place, receiver: Receiver
) -> None:
    subscribed(machine, receiver)
    limited = machine.run("set", "app", machine.env["TAPIT_APP"], "max_subscriptions=1")
    assert limited.stderr == f"Changed app {machine.env['TAPIT_APP']}.\n"

    refused = machine.run("create", "subscription", *words)

    assert (refused.returncode, refused.stdout) == (code, "")
    assert told in refused.stderr
    assert machine.run("list", "subscriptions", "-o", "id").stdout == "mine\n"


def test_an_event_that_is_not_there_and_an_app_that_is_not_are_told(
    machine: Place, receiver: Receiver
) -> None:
    subscribed(machine, receiver)

    nothing = machine.run("resend", "subscription", "mine", "event=1jd3m8k7x2qf-5")
    nowhere = machine.run("-a", "nope", "delete", "subscription", "mine")

    assert (nothing.returncode, "There is no event 1jd3m8k7x2qf-5" in nothing.stderr) == (3, True)
    assert (nowhere.returncode, "There is no app nope." in nowhere.stderr) == (3, True)
