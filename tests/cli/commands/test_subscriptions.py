"""The command line of subscriptions, at a home that answers what the test tells it to."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.at_a_terminal import Terminal, run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Answers, Asked, Says, a_refusal

SECRET = "whsec_bm90IGEgcmVhbCBzZWNyZXQsIG9ubHkgYSB0ZXN0"
URL = "https://ops.example.com/hooks/B0C1/t0ps3cr3t-and-long-enough-to-be-cut"
A_DAY_AGO = "2026-11-27T17:00:00.000Z"


def a_subscription(**changes: Any) -> dict[str, Any]:
    subscription = {
        "id": "1jd3m8k7x2qf",
        "app": "demo",
        "name": "ops-example-com",
        "url": URL,
        "events": ["failed", "lost"],
        "format": "json",
        "created_at": A_DAY_AGO,
        "created_by": "alice",
        "paused": None,
        "failing_since": None,
        "revision": 1,
    }
    return subscription | changes


def with_secret(**changes: Any) -> dict[str, Any]:
    return a_subscription(secret=SECRET, previous_until=None, **changes)


def an_answer(status: int | None = 200, **changes: Any) -> dict[str, Any]:
    return {"status": status, "problem": None, "text": "", "seconds": 0.045} | changes


def a_delivery(**changes: Any) -> dict[str, Any]:
    delivery = {
        "event_id": "1jd3m8k7x2qf-5",
        "about": "task 1jd3m8k7x2qf FAILED",
        "created_at": A_DAY_AGO,
        "tries": 1,
        "last_at": A_DAY_AGO,
        "due_at": None,
        "state": "delivered",
        "answer": an_answer(),
    }
    return delivery | changes


def details(*deliveries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return a_subscription(deliveries=list(deliveries), **{"previous_until": None} | changes)


def always(body: Any, status: int = 200) -> Answers:
    return lambda _asked: Says(body, status)


def test_what_is_typed_is_what_is_asked_for(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(with_secret(), 201))

    made = place.run(
        "create", "subscription", f"url={URL}", "events=FAILED,timed-out,lost,failed", "format=json"
    )

    assert made.returncode == 0, made.stderr
    (asked,) = home.asked
    assert (asked.method, asked.path) == ("POST", "/apps/demo/subscriptions")
    assert asked.body == {"url": URL, "events": ["failed", "timed_out", "lost"], "format": "json"}


@pytest.mark.parametrize("words", [["events=all"], ["events=failed,all"]])
def test_all_events_are_named_by_naming_none(words: list[str], place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_subscription(events=[])))

    place.run("set", "subscription", "ops", *words)

    assert home.asked[0].body == {"events": []}


def test_a_new_subscriptions_secret_is_shown_once_and_explained(place: Place, home_that: HomeThat) -> None:
    home_that(always(with_secret(), 201))

    shown = run_at_a_terminal(place, "create", "subscription", URL).text

    assert f"Secret:      {SECRET}\n" in shown
    assert "Created subscription ops-example-com: failed, lost of app demo goes to ops.example.com." in shown
    assert "It is shown this once." in shown
    assert "tapit test subscription name=ops-example-com" in shown


def test_a_script_finds_the_secret_in_the_json(place: Place, home_that: HomeThat) -> None:
    home_that(always(with_secret(), 201))

    made = place.run("create", "subscription", URL)

    assert json.loads(made.stdout)["secret"] == SECRET
    assert SECRET not in made.stderr


def test_who_asks_for_the_name_alone_leaves_no_secret_in_a_log(place: Place, home_that: HomeThat) -> None:
    home_that(always(with_secret()))

    made = place.run("create", "subscription", URL, "-o", "id")

    assert made.stdout == "ops-example-com\n"
    assert SECRET not in made.stderr
    assert "another one: tapit rotate subscription name=ops-example-com" in made.stderr


def test_no_secret_is_made_that_would_not_be_shown(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(with_secret()))

    refused = place.run("rotate", "subscription", "ops", "-o", "id")

    assert (refused.returncode, home.asked) == (2, [])
    assert refused.stderr.startswith("error: -o id would not show the secret")


@pytest.mark.parametrize("words", [["create", "subscription", URL], ["rotate", "subscription", "ops"]])
def test_debugging_shows_neither_secret_nor_address(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    home_that(always(with_secret()))

    told = place.run(*words, "--debug").stderr

    assert "debug: POST" in told
    assert SECRET not in told
    assert "t0ps3cr3t" not in told


def test_slack_which_checks_no_signature_is_given_no_secret(place: Place, home_that: HomeThat) -> None:
    home_that(always(with_secret(format="slack"), 201))

    assert SECRET not in run_at_a_terminal(place, "create", "subscription", URL, "format=slack").text


def test_an_address_that_is_a_secret_can_be_piped_in(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(with_secret(), 201))

    place.run("create", "subscription", "url=-", "format=slack", typed=f"{URL}\n")

    assert home.asked[0].body == {"url": URL, "format": "slack"}


def test_an_address_may_have_another_one_in_it(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(with_secret(), 201))
    urls = [
        "https://ops.example.com/relay?to=https://tickets.example.com/new&by=ops@example.com",
        "https://ops.example.com?by=ops@example.com",
    ]

    for url in urls:
        place.run("create", "subscription", url)

    assert [asked.body for asked in home.asked] == [{"url": url} for url in urls]


@pytest.mark.parametrize("typed", ["", "-", "ops.example.com"])
def test_what_is_piped_in_must_be_an_address(typed: str, place: Place, home_that: HomeThat) -> None:
    home = home_that(always(with_secret(), 201))

    refused = place.run("set", "subscription", "ops", "url=-", typed=typed)

    assert refused.returncode == 2
    assert refused.stderr.startswith("error: url= is ")
    assert home.asked == []


def test_a_password_in_an_address_is_refused_and_not_repeated(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(with_secret(), 201))

    for url in ("https://ann:hunter2@ops.example.com/", "ann:hunter2@ops.example.com"):
        refused = place.run("create", "subscription", url)

        assert refused.stderr.startswith("error: url= holds a user name or a password")
        assert (refused.returncode, "hunter2" in refused.stderr) == (2, False)
    assert home.asked == []


def test_an_event_with_a_typo_is_answered_with_the_nearest_and_the_others_stay(place: Place) -> None:
    refused = place.run("create", "subscription", URL, "events=failed,timedout,lost")

    assert refused.returncode == 2
    assert "error: events=timedout is not an event" in refused.stderr
    assert "did you mean events=failed,timed_out,lost?" in refused.stderr
    assert "subscription_paused" in refused.stderr


LIST = [
    a_subscription(name="well"),
    a_subscription(name="failing", failing_since=A_DAY_AGO, events=[]),
    a_subscription(name="by-hand", paused={"since": A_DAY_AGO, "why": "It was paused.", "by": "alice"}),
    a_subscription(
        name="by-itself", paused={"since": A_DAY_AGO, "why": "no try worked for a day", "by": None}
    ),
]


def test_a_list_says_of_each_how_it_is(place: Place, home_that: HomeThat) -> None:
    home_that(always({"items": LIST, "next": None}))

    rows = place.run("list", "subscriptions", "-o", "table").stdout.splitlines()

    assert rows[0].split() == ["NAME", "STATE", "EVENTS", "FORMAT", "URL"]
    assert rows[1].split() == [
        "well",
        "ok",
        "failed,lost",
        "json",
        URL,
    ]
    assert "failing for " in rows[2]
    assert "paused by alice" in rows[3]
    assert "PAUSED: no try worked for a day" in rows[4]


def test_in_a_pipe_nothing_is_cut(place: Place, home_that: HomeThat) -> None:
    why = "Every try has failed since 2026-11-27 17:00 UTC."
    events = ["failed", "timed_out", "lost", "subscription_paused"]
    one = a_subscription(events=events, paused={"since": A_DAY_AGO, "why": why, "by": None})
    home_that(always({"items": [one], "next": None}))

    _, row = place.run("list", "subscriptions", "-o", "table").stdout.splitlines()

    assert re.split("  +", row)[1:] == [f"PAUSED: {why}", ",".join(events), "json", URL]


def test_many_events_leave_room_for_where_they_go(place: Place, home_that: HomeThat) -> None:
    events = ["failed", "timed_out", "lost", "subscription_paused"]
    home_that(always({"items": [a_subscription(events=events)], "next": None}))

    shown = run_at_a_terminal(place, "list", "subscriptions", columns=80).text.splitlines()

    assert "failed,timed_out,+2  " in shown[1]
    assert "https://ops.example.com" in shown[1]


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (LIST, "  why:      tapit -a demo show subscription name=failing\n"),
        ([LIST[0], LIST[3]], "  why:      tapit -a demo show subscription name=by-itself\n"),
        ([LIST[0], LIST[2]], ""),
    ],
)
def test_where_to_read_why_is_pointed_at(
    listed: list[dict[str, Any]], told: str, place: Place, home_that: HomeThat
) -> None:
    home_that(always({"items": listed, "next": None}))

    assert place.run("-a", "demo", "list", "subscriptions", "-o", "table").stderr == told


def test_what_fails_is_red_and_what_somebody_paused_is_not(place: Place, home_that: HomeThat) -> None:
    home_that(always({"items": LIST, "next": None}))

    rows = run_at_a_terminal(place, "list", "subscriptions", columns=120).raw.splitlines()

    assert ["\x1b[31m" in row for row in rows[1:5]] == [False, True, False, True]


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_how_it_is_stays_however_narrow_the_terminal_is(
    columns: int, place: Place, home_that: HomeThat
) -> None:
    home_that(always({"items": LIST, "next": None}))

    shown = run_at_a_terminal(place, "list", "subscriptions", columns=columns).text.splitlines()

    assert max(map(len, shown)) <= columns
    assert "PAUSED: no try worked for a day" in shown[4]


def test_a_list_of_none_says_how_to_make_one(place: Place, home_that: HomeThat) -> None:
    home_that(always({"items": [], "next": None}))

    listed = place.run("list", "subscriptions")

    assert (listed.returncode, listed.stdout) == (0, "[]\n")
    assert "tapit create subscription url=https://..." in listed.stderr
    named = place.run("-a", "other", "list", "subscriptions").stderr
    assert "tapit -a other create subscription url=https://..." in named


def test_a_script_is_listed_names_or_everything(place: Place, home_that: HomeThat) -> None:
    home_that(always({"items": LIST, "next": None}))

    assert place.run("list", "subscriptions", "-o", "id").stdout == "well\nfailing\nby-hand\nby-itself\n"
    assert json.loads(place.run("list", "subscriptions").stdout) == LIST


FAILED = a_delivery(
    event_id="1jd3m8k7x2qg-5",
    about="task 1jd3m8k7x2qg FAILED",
    state="failed",
    tries=9,
    answer=an_answer(500, text="no\ndatabase", seconds=2.04),
)
TIMED_OUT = a_delivery(state="dropped", answer=an_answer(None, problem="No answer within 10 s.", seconds=10))


def test_a_subscription_is_shown_with_its_deliveries(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(details(a_delivery(), FAILED, TIMED_OUT)))

    shown = place.run("show", "subscription", "ops-example-com", "-o", "table").stdout

    assert home.asked[0].path == "/apps/demo/subscriptions/ops-example-com"
    assert f"Url:         {URL}\n" in shown
    rows = [line.split() for line in shown.splitlines() if line.startswith("1jd3")]
    assert rows[0] == ["1jd3m8k7x2qf-5", "delivered", A_DAY_AGO, "1", "45ms", "FAILED", "200"]
    assert rows[1] == ["1jd3m8k7x2qg-5", "failed", A_DAY_AGO, "9", "2.0s", "FAILED", "500", "no", "database"]
    assert rows[2][-5:] == ["No", "answer", "within", "10", "s."]
    assert "tapit resend subscription name=ops-example-com event=1jd3m8k7x2qg-5" in shown


def test_what_waits_is_shown_and_how_each_of_it_stands(place: Place, home_that: HomeThat) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    waits = {"state": "waiting", "due_at": soon}
    tried = a_delivery(event_id="1jd3m8k7x2qa-5", tries=1, answer=an_answer(500), **waits)
    sending = a_delivery(event_id="1jd3m8k7x2qb-5", tries=1, answer=None, **waits)
    due = a_delivery(event_id="1jd3m8k7x2qc-5", tries=0, answer=None, state="waiting", due_at=A_DAY_AGO)
    home_that(always(details(tried, sending, due, backlog={"waiting": 1180, "oldest_at": A_DAY_AGO})))

    shown = place.run("show", "subscription", "ops-example-com", "-o", "table").stdout

    assert "Waiting:     1,180, the oldest for 1d" in shown
    assert re.search(r"1jd3m8k7x2qa-5 +next try in (2m|1m5.s)", shown)
    assert re.search("1jd3m8k7x2qb-5 +sending ", shown)
    assert re.search("1jd3m8k7x2qc-5 +waiting ", shown)


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_deliveries_fit_a_terminal(columns: int, place: Place, home_that: HomeThat) -> None:
    home_that(always(details(a_delivery(), FAILED, url="https://a.example")))

    shown = run_at_a_terminal(place, "show", "subscription", "ops", columns=columns).text.splitlines()

    assert max(map(len, shown)) <= columns
    assert any("1jd3m8k7x2qg-5" in line and "failed" in line for line in shown)


def test_a_subscription_that_paused_itself_says_why_and_how_to_go_on(
    place: Place, home_that: HomeThat
) -> None:
    home_that(always(details(FAILED, **LIST[3] | {"name": "ops"})))

    shown = place.run("-a", "demo", "show", "subscription", "ops", "-o", "table").stdout

    assert "State:       PAUSED: no try worked for a day" in shown
    assert f"({A_DAY_AGO})" in shown
    assert "tapit -a demo set subscription name=ops paused=false" in shown
    assert "resend" not in shown


def test_a_test_that_was_taken_is_told_with_the_answer(place: Place, home_that: HomeThat) -> None:
    home = home_that(always({"event_id": "test-1", "delivered": True, "answer": an_answer(text="thanks")}))

    tested = place.run("test", "subscription", "ops")

    assert home.asked[0].path == "/apps/demo/subscriptions/ops/test"
    assert (tested.returncode, json.loads(tested.stdout)["delivered"]) == (0, True)
    assert tested.stderr == "ops took the test.\n  It answered after 45ms: 200 thanks\n"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            an_answer(500, text="no database"),
            ["It answered after 45ms: 500 no database", "test subscription"],
        ),
        (an_answer(401), ["another secret", "tapit rotate subscription name=ops"]),
        (an_answer(301), ["redirects are not followed", "set subscription name=ops url="]),
        (an_answer(304), ["to try again: tapit test subscription name=ops"]),
        (an_answer(404), ["if it has moved", "set subscription name=ops url="]),
        (an_answer(None, problem="No answer within 10 s.", seconds=10.0), ["No answer within 10 s."]),
    ],
    ids=["500", "401", "301", "304", "404", "none"],
)
def test_a_test_that_was_not_taken_fails_and_says_what_to_do(
    answer: dict[str, Any], told: list[str], place: Place, home_that: HomeThat
) -> None:
    home_that(always({"event_id": "test-1", "delivered": False, "answer": answer}))

    tested = place.run("test", "subscription", "ops")

    assert tested.returncode == 1
    assert json.loads(tested.stdout)["answer"] == answer
    assert tested.stderr.startswith("error: ops did not take the test\n")
    for words in told:
        assert words in tested.stderr


def test_a_test_is_sent_once_whatever_the_home_answers(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: a_refusal(503, "Unavailable", "Not now."))

    assert place.run("test", "subscription", "ops").returncode == 5
    assert len(home.asked) == 1


def test_an_event_is_sent_once_more(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(a_delivery(state="waiting", tries=0, answer=None), 202))

    sent = place.run("resend", "subscription", "ops", "event=1jd3m8k7x2qf-5", "-o", "id")

    assert (home.asked[0].path, home.asked[0].body) == (
        "/apps/demo/subscriptions/ops/resend",
        {"event": "1jd3m8k7x2qf-5"},
    )
    assert sent.stdout == "1jd3m8k7x2qf-5\n"
    assert "tapit show subscription name=ops" in sent.stderr


def test_a_new_secret_is_told_with_the_time_that_the_old_one_has_left(
    place: Place, home_that: HomeThat
) -> None:
    until = (datetime.now(UTC) + timedelta(hours=24)).isoformat()
    home_that(always(with_secret() | {"previous_until": until}))

    shown = run_at_a_terminal(place, "rotate", "subscription", "ops").text

    assert f"Secret:      {SECRET}\n" in shown
    assert "For another 24h, until " in shown
    assert f"{until}, deliveries are signed with the one before" in " ".join(shown.split())


def test_until_when_an_earlier_secret_signs_is_shown(place: Place, home_that: HomeThat) -> None:
    home_that(always(details(previous_until="2126-11-29T17:00:00.000Z")))

    shown = place.run("show", "subscription", "ops", "-o", "table").stdout

    assert "Secret:      a new one; the one before signs too until 2126-11-29T17:00:00.000Z\n" in shown


def test_who_resumes_is_told_where_what_was_missed_is(place: Place, home_that: HomeThat) -> None:
    home_that(always(LIST[0]))

    resumed = place.run("-a", "demo", "set", "subscription", "well", "paused=false").stderr

    assert "What was missed is not sent by itself" in resumed
    assert "tapit -a demo list events" in resumed
    assert "tapit -a demo resend subscription name=well event=ID" in resumed
    assert "missed" not in place.run("set", "subscription", "well", "events=all").stderr


def test_whoever_thinks_better_of_typing_an_address_is_left_on_a_new_line(
    place: Place, home_that: HomeThat
) -> None:
    home = home_that(always(with_secret(), 201))
    terminal = Terminal(place, ("create", "subscription", "url=-"), 80)
    terminal.read_until(lambda text: "Address (unseen): " in text)

    terminal.interrupt()

    assert terminal.finish() == 130
    assert terminal.text.startswith("Address (unseen): \n")
    assert home.asked == []


def test_what_a_pause_costs_is_said(place: Place, home_that: HomeThat) -> None:
    home = home_that(always(LIST[2]))

    paused = place.run("set", "subscription", "by-hand", "paused=true")

    assert (home.asked[0].method, home.asked[0].body) == ("PATCH", {"paused": True})
    assert "is not sent later" in paused.stderr
    assert "tapit set subscription name=by-hand paused=false" in paused.stderr


def test_that_a_subscription_is_paused_still_is_said_when_something_else_changes(
    place: Place, home_that: HomeThat
) -> None:
    home_that(always(LIST[3]))

    moved = place.run("set", "subscription", "by-itself", f"url={URL}")

    assert "tapit set subscription name=by-itself paused=false" in moved.stderr


def test_one_that_is_gone_already_is_no_error(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(404, "SubscriptionNotFound", "App demo has no subscription ops."))

    gone = place.run("delete", "subscription", "ops")

    assert (gone.returncode, json.loads(gone.stdout)) == (0, {"name": "ops", "removed": False})
    assert "nothing to delete" in gone.stderr
    assert place.run("show", "subscription", "ops").returncode == 3


def test_an_app_that_is_not_there_is_no_subscription_that_is_gone(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(404, "AppNotFound", "There is no app demo."))

    assert place.run("delete", "subscription", "ops").returncode == 3


def home_with_subscriptions(asked: Asked) -> Says:
    if asked.path.endswith("/subscriptions"):
        return Says({"items": LIST, "next": None})
    return Says(details(a_delivery(), FAILED))


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tapit show subscription ", ["well", "failing", "by-hand", "by-itself", "name="]),
        ("tapit set subscription name=by-", ["name=by-hand", "name=by-itself"]),
        ("tapit create subscription name=", []),
        ("tapit create subscription events=failed,ti", ["events=failed,timed_out"]),
        ("tapit create subscription format=", ["format=json", "format=slack"]),
        ("tapit set subscription paused=", ["paused=true", "paused=false"]),
        ("tapit resend subscription well event=", ["event=1jd3m8k7x2qf-5", "event=1jd3m8k7x2qg-5"]),
        ("tapit resend subscription --name well --event 1jd3m8k7x2qg", ["1jd3m8k7x2qg-5"]),
        ("tapit resend subscription event=", []),
    ],
)
def test_names_and_events_are_completed(
    line: str, offered: list[str], place: Place, home_that: HomeThat
) -> None:
    home_that(home_with_subscriptions)

    answer = place.run("__complete_line", line).stdout

    assert [said.partition("\t")[0] for said in answer.splitlines()] == offered
