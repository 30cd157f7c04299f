"""The audit over HTTP: whatever somebody does is in it, with the name of their token, and no secret is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.session import Session
from chalicelib.domain.status import Status
from chalicelib.domain.token import Rights, Role, new_token
from chalicelib.usecases.turn import lock_to_wait_for
from tests.builders import a_delivery
from tests.home_in_process import HomeInProcess
from tests.http_client import Answer

SECRET = "sesame-open-up"
_numbers = count()


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def entries(home: HomeInProcess, **query: Any) -> list[Any]:
    answer = home.ask("GET", "/audit", query=query)
    assert answer.status == 200, answer.text
    return list(answer.json["items"])


def told(home: HomeInProcess, app: str) -> list[tuple[Any, ...]]:
    """What the audit says of an app, oldest first, beside that it was created."""
    everything = entries(home, app=app)[::-1]
    return [tuple(entry[name] for name in ("what", "target", "by", "details")) for entry in everything][1:]


def a_token(home: HomeInProcess, rights: Rights) -> str:
    token, text = new_token(f"auditor-{next(_numbers)}", rights)
    home.services.tokens.add(token, home.services.clock.now())
    return text


def as_(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def an_ended_task(home: HomeInProcess, app: str) -> str:
    task_id = str(home.new_task(app)["id"])
    home.ask("POST", f"/tasks/{task_id}/stop")
    return task_id


def a_task_with_a_session(home: HomeInProcess, app: str) -> str:
    task_id = str(home.new_task(app, interactive=True)["id"])
    session = Session(id="s1", command=f"login {SECRET}", opened_by="alice", opened_at=datetime.now(UTC))
    task = home.record(task_id)
    home.services.tasks.save(task.but(status=Status.RUNNING, sessions=(session,)))
    return task_id


def ok(answer: Answer) -> Any:
    assert answer.status < 300, answer.text
    return answer.json


def test_a_task_that_was_replaced_was_stopped_by_whoever_created_the_one_in_its_place(
    inside: HomeInProcess, app: str
) -> None:
    first = inside.new_task(app, lock="deploy")["id"]
    second = inside.new_task(app, lock="deploy", if_locked="replace")["id"]
    lock_to_wait_for(inside.services, inside.record(second))
    lock_to_wait_for(inside.services, inside.record(second))

    details = {"was": "PENDING", "replaced_by": second}
    assert told(inside, app) == [("task.stopped", first, "alice", details)]


def test_what_a_schedule_replaces_is_no_deed_of_anybodys(inside: HomeInProcess, app: str) -> None:
    first = inside.new_task(app, lock="deploy")["id"]
    second = inside.new_task(app, lock="deploy", if_locked="replace")["id"]
    by_schedule = inside.services.tasks.save(inside.record(second).but(created_by="schedule:nightly"))
    lock_to_wait_for(inside.services, by_schedule)

    assert inside.record(first).ended_by == "replaced"
    assert told(inside, app) == []


def test_what_happens_to_a_task_is_kept_after_its_record_is_gone(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app, f"echo {SECRET}", max_hours=2)["id"]

    ok(inside.ask("PATCH", f"/tasks/{task_id}", {"max_hours": 8}))
    ok(inside.ask("POST", f"/tasks/{task_id}/stop"))
    ok(inside.ask("DELETE", f"/tasks/{task_id}"))

    assert told(inside, app) == [
        ("task.extended", task_id, "alice", {"max_hours": 8, "was": 2}),
        ("task.stopped", task_id, "alice", {"was": "PENDING"}),
        ("task.deleted", task_id, "alice", {"status": "STOPPED", "created_by": "alice"}),
    ]


def test_what_changes_nothing_is_not_in_it(inside: HomeInProcess, app: str) -> None:
    task_id = an_ended_task(inside, app)
    before = told(inside, app)

    ok(inside.ask("POST", f"/tasks/{task_id}/stop"))
    ok(inside.ask("PATCH", f"/apps/{app}", {"memory": inside.ask("GET", f"/apps/{app}").json["memory"]}))
    assert inside.ask("PATCH", f"/tasks/{task_id}", {"max_hours": 1}).status == 409
    assert inside.ask("DELETE", "/tokens/nope").status == 404

    assert told(inside, app) == before


def test_changes_of_an_app_name_what_changed(inside: HomeInProcess, app: str) -> None:
    ok(inside.ask("PATCH", f"/apps/{app}", {"environment": {"PASSWORD": SECRET}, "limits": {"max_cpu": 4}}))
    ok(inside.ask("DELETE", f"/apps/{app}"))

    assert told(inside, app) == [
        ("app.changed", app, "alice", {"changed": ["environment.PASSWORD", "limits.max_cpu"]}),
        ("app.deleted", app, "alice", {}),
    ]
    assert entries(inside, app=app)[-1]["what"] == "app.created"


def test_a_secret_that_is_given_taken_away_or_taken_back_is_named(inside: HomeInProcess, app: str) -> None:
    for body in (
        {"secret_values": {"PASSWORD": SECRET, "KEY": SECRET}},
        {"secret_values": {"PASSWORD": f"{SECRET}2"}, "memory": 2},
        {"secrets": {"KEY": None}},
        {"secrets_version": 1},
    ):
        ok(inside.ask("PATCH", f"/apps/{app}", body))

    assert [details for *_, details in told(inside, app)] == [
        {"changed": ["secrets.KEY", "secrets.PASSWORD"], "secrets_version": 1},
        {"changed": ["memory", "secrets.PASSWORD"], "secrets_version": 2},
        {"changed": ["secrets.KEY"], "secrets_version": 3},
        {"changed": ["secrets.KEY"], "secrets_version": 1},
    ]
    assert SECRET not in inside.ask("GET", "/audit", query={"app": app}).text


def test_the_life_of_a_subscription_is_in_it(inside: HomeInProcess, app: str) -> None:
    hooks = f"/apps/{app}/subscriptions"
    task_id = inside.new_task(app)["id"]
    event = inside.ask("GET", f"/apps/{app}/events").json["items"][0]["id"]

    ok(inside.ask("POST", hooks, {"name": "mine", "url": f"https://hooks.invalid/{SECRET}"}))
    ok(inside.ask("PATCH", f"{hooks}/mine", {"paused": True}))
    ok(inside.ask("PATCH", f"{hooks}/mine", {"paused": False, "url": f"https://other.invalid/{SECRET}"}))
    ok(inside.ask("POST", f"{hooks}/mine/rotate"))
    ok(inside.ask("POST", f"{hooks}/mine/resend", {"event": event}))
    ok(inside.ask("DELETE", f"{hooks}/mine"))

    assert event.startswith(task_id)
    assert told(inside, app) == [
        ("subscription.created", "mine", "alice", {}),
        ("subscription.changed", "mine", "alice", {"changed": ["paused"], "paused": True}),
        ("subscription.changed", "mine", "alice", {"changed": ["url", "paused"], "paused": False}),
        ("subscription.rotated", "mine", "alice", {}),
        ("subscription.resent", "mine", "alice", {"event": event}),
        ("subscription.deleted", "mine", "alice", {}),
    ]


def test_the_life_of_a_saved_command_is_in_it_without_its_values(inside: HomeInProcess, app: str) -> None:
    commands = f"/apps/{app}/commands"
    variables = {"PASSWORD": SECRET}

    ok(inside.ask("POST", commands, {"name": "mine", "command": f"login {SECRET}", "environment": variables}))
    ok(inside.ask("PATCH", f"{commands}/mine", {"memory": 2, "environment": {"PASSWORD": f"{SECRET}2"}}))
    ok(inside.ask("PATCH", f"{commands}/mine", {"memory": 2}))
    ok(inside.ask("PATCH", f"{commands}/mine", {"command": f"echo {SECRET}", "description": "better"}))
    ok(inside.ask("DELETE", f"{commands}/mine"))

    assert told(inside, app) == [
        ("command.created", "mine", "alice", {}),
        ("command.changed", "mine", "alice", {"changed": ["memory", "environment.PASSWORD"]}),
        ("command.changed", "mine", "alice", {"changed": ["description", "command"]}),
        ("command.deleted", "mine", "alice", {}),
    ]
    assert SECRET not in inside.ask("GET", "/audit", query={"app": app}).text


def test_the_life_of_a_schedule_is_in_it(inside: HomeInProcess, app: str) -> None:
    schedules = f"/apps/{app}/schedules"
    body = {"name": "nightly", "command": f"echo {SECRET}", "cron": "0 2 * * *", "environment": {"A": SECRET}}

    ok(inside.ask("POST", schedules, body))
    ok(inside.ask("PATCH", f"{schedules}/nightly", {"environment": {"A": f"{SECRET}2"}, "every": 900}))
    ok(inside.ask("PATCH", f"{schedules}/nightly", {"every": 900}))
    ok(inside.ask("DELETE", f"{schedules}/nightly"))

    assert told(inside, app) == [
        ("schedule.created", "nightly", "alice", {}),
        ("schedule.changed", "nightly", "alice", {"changed": ["cron", "every", "environment.A"]}),
        ("schedule.deleted", "nightly", "alice", {}),
    ]
    assert SECRET not in inside.ask("GET", "/audit", query={"app": app}).text


def test_what_goes_with_its_app_is_in_it(inside: HomeInProcess, app: str) -> None:
    ok(inside.ask("POST", f"/apps/{app}/subscriptions", {"name": "mine", "url": "https://hooks.invalid/"}))
    ok(inside.ask("POST", f"/apps/{app}/commands", {"name": "mine", "command": "true"}))
    ok(inside.ask("DELETE", f"/apps/{app}"))

    assert [what for what, *_ in told(inside, app)] == [
        "subscription.created",
        "command.created",
        "subscription.deleted",
        "command.deleted",
        "app.deleted",
    ]


def test_who_came_back_to_a_session_and_who_ended_it_is_in_it(inside: HomeInProcess, app: str) -> None:
    """Nothing runs here, so nobody can be let in; `tests/local/test_sessions_of_a_home.py` opens real ones."""
    task_id = a_task_with_a_session(inside, app)

    ok(inside.ask("POST", f"/tasks/{task_id}/sessions/s1/attend"))
    ok(inside.ask("POST", f"/tasks/{task_id}/sessions/s1/end", {}))
    ok(inside.ask("POST", f"/tasks/{task_id}/sessions/s1/end", {}))

    assert told(inside, app) == [("session.ended", task_id, "alice", {"session": "s1"})]


def test_tokens_made_and_deleted_are_in_it(inside: HomeInProcess, app: str) -> None:
    made = ok(inside.ask("POST", "/tokens", {"name": "ci-of-it", "role": "operator", "apps": [app]}))
    ok(inside.ask("DELETE", "/tokens/ci-of-it"))

    about = {"id": made["id"], "role": "operator", "apps": [app], "expires_at": None}
    assert told(inside, app) == [
        ("token.created", "ci-of-it", "alice", about),
        ("token.deleted", "ci-of-it", "alice", about),
    ]


def test_a_token_for_several_apps_is_about_each_of_them_and_one_for_all_about_none(
    inside: HomeInProcess, app: str
) -> None:
    other, third = inside.new_app(), inside.new_app()
    ok(inside.ask("POST", "/tokens", {"name": "of-two", "role": "viewer", "apps": [app, other]}))
    ok(inside.ask("POST", "/tokens", {"name": "of-all", "role": "viewer"}))

    newest = entries(inside, what="token.created", limit=2)
    assert [(entry["target"], entry["app"]) for entry in newest] == [("of-all", None), ("of-two", None)]
    for about in (app, other):
        assert [entry["target"] for entry in entries(inside, app=about, what="token.created")] == ["of-two"]
    assert entries(inside, app=third, what="token.created") == []


def test_what_is_about_several_apps_is_told_to_an_admin_of_all_of_them_alone(
    inside: HomeInProcess, app: str
) -> None:
    other, name = inside.new_app(), f"of-{app}"
    ok(inside.ask("POST", "/tokens", {"name": name, "role": "viewer", "apps": [app, other]}))
    of_one = a_token(inside, Rights(role=Role.ADMIN, apps=(app,)))
    of_both = a_token(inside, Rights(role=Role.ADMIN, apps=(app, other, "third")))

    def seen(text: str, **query: Any) -> list[str]:
        answer = inside.ask("GET", "/audit", query={"what": "token.created", **query}, headers=as_(text))
        return [entry["target"] for entry in ok(answer)["items"]]

    assert seen(of_one) == seen(of_one, app=app) == seen(of_one, by="alice") == []
    assert seen(of_both) == seen(of_both, app=app) == seen(of_both, by="alice", app=other) == [name]


def test_times_in_details_are_written_as_all_times_are(inside: HomeInProcess, app: str) -> None:
    body = {"name": f"until-{app}", "role": "viewer", "apps": [app], "expires_in": 3600}
    made = ok(inside.ask("POST", "/tokens", body))

    ((_, _, _, details),) = told(inside, app)

    assert details["expires_at"] == made["expires_at"]


def test_it_says_who_a_token_s_name_says_and_nothing_that_is_claimed(inside: HomeInProcess, app: str) -> None:
    text = a_token(inside, Rights(role=Role.OPERATOR, apps=(app,)))
    name = inside.ask("GET", "/whoami", headers=as_(text)).json["name"]
    task_id = inside.new_task(app, initiated_by="somebody else")["id"]

    ok(inside.ask("POST", f"/tasks/{task_id}/stop", headers=as_(text)))

    assert [entry["target"] for entry in entries(inside, by=name)] == [task_id]
    assert inside.ask("GET", f"/tasks/{task_id}").json["created_by"] == "alice"


def test_an_admin_of_some_apps_sees_what_was_done_to_those_alone(inside: HomeInProcess) -> None:
    mine, theirs = inside.new_app(), inside.new_app()
    text = a_token(inside, Rights(role=Role.ADMIN, apps=(mine, f"{mine}-b")))

    def seen(**query: Any) -> set[str]:
        answer = inside.ask("GET", "/audit", query=query, headers=as_(text))
        return {entry["app"] for entry in ok(answer)["items"]}

    assert seen() == seen(by="alice") == seen(what="app.created") == seen(app=mine) == {mine}
    foreign = inside.ask("GET", "/audit", query={"app": theirs}, headers=as_(text))
    assert (foreign.status, foreign.json["Code"]) == (404, "AppOutOfReach")


def test_it_comes_newest_first_page_by_page(inside: HomeInProcess, app: str) -> None:
    for memory in range(2, 7):
        ok(inside.ask("PATCH", f"/apps/{app}", {"memory": memory}))
    whole = entries(inside, app=app)

    pages, cursor = list[Any](), None
    while cursor is not None or not pages:
        page = ok(inside.ask("GET", "/audit", query={"app": app, "limit": 2} | _with(cursor)))
        pages.append(page["items"])
        cursor = page["next"]

    assert [len(page) for page in pages] == [2, 2, 2]
    assert [entry for page in pages for entry in page] == whole
    assert [entry["time"] for entry in whole] == sorted((entry["time"] for entry in whole), reverse=True)


def _with(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"cursor": cursor}


def test_a_cursor_is_good_for_the_query_it_was_made_for_alone(inside: HomeInProcess, app: str) -> None:
    ok(inside.ask("PATCH", f"/apps/{app}", {"memory": 2}))
    cursor = ok(inside.ask("GET", "/audit", query={"app": app, "limit": 1}))["next"]

    assert inside.ask("GET", "/audit", query={"cursor": cursor}).status == 400


@pytest.mark.parametrize(
    "query", [{"what": "task.exploded"}, {"limit": 0}, {"since": "yesterday"}, {"app": "A"}, {"who": "alice"}]
)
def test_what_it_cannot_be_narrowed_down_by_is_refused(inside: HomeInProcess, query: dict[str, Any]) -> None:
    answer = inside.ask("GET", "/audit", query=query)

    assert (answer.status, list(answer.json["Fields"])) == (400, list(query))


def test_it_goes_back_four_hundred_days(inside: HomeInProcess, app: str) -> None:
    now = inside.services.clock.now()
    for days in (399, 401):
        at = now - timedelta(days=days)
        old = Entry.of(What.TASK_STOPPED, f"{days} days ago", app=app, by="alice", at=at)
        inside.services.deliveries.record(a_delivery(), old)

    assert [entry["target"] for entry in entries(inside, app=app)] == [app, "399 days ago"]
    assert [
        entry["target"] for entry in entries(inside, app=app, since=(now - timedelta(days=500)).isoformat())
    ] == [
        app,
        "399 days ago",
    ]


def test_no_secret_is_in_it(inside: HomeInProcess) -> None:
    app = inside.new_app(environment={"PASSWORD": SECRET}, image=f"registry.invalid/{SECRET}")
    hooks = f"/apps/{app}/subscriptions"
    acts: list[Callable[[], Answer]] = [
        lambda: inside.ask("PATCH", f"/apps/{app}", {"environment": {"PASSWORD": f"{SECRET}2"}}),
        lambda: inside.ask("POST", hooks, {"name": "mine", "url": f"https://{SECRET}.invalid/{SECRET}"}),
        lambda: inside.ask("PATCH", f"{hooks}/mine", {"url": f"https://{SECRET}.invalid/2{SECRET}"}),
        lambda: inside.ask("POST", f"{hooks}/mine/rotate"),
        lambda: inside.ask("POST", "/tokens", {"name": "of-the-secret", "role": "viewer", "apps": [app]}),
    ]
    answers = [ok(act()) for act in acts]
    secrets = [
        SECRET,
        answers[1]["secret"],
        answers[3]["secret"],
        answers[4]["token"],
        answers[4]["token"][13:],
    ]
    task_id = inside.new_task(app, f"echo {SECRET}", environment={"OWN": SECRET})["id"]
    ok(inside.ask("POST", f"/tasks/{task_id}/stop"))
    ended = a_task_with_a_session(inside, app)
    ok(inside.ask("POST", f"/tasks/{ended}/sessions/s1/end", {}))

    text = inside.ask("GET", "/audit", query={"app": app}).text
    assert len(entries(inside, app=app)) == len(acts) + 3
    assert [secret for secret in secrets if secret in text] == []
