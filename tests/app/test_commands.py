"""Saved commands over HTTP, the tasks that come of them, and tasks that are asked for again."""

from itertools import count
from typing import Any

import pytest

from chalicelib.domain.token import Rights, Role, new_token
from tests.home_in_process import HomeInProcess
from tests.http_client import Answer

LINE = "python manage.py migrate"
SECRET = "a-word-of-commands"
_numbers = count()


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def ok(answer: Answer) -> Any:
    assert answer.status < 300, answer.text
    return answer.json


def save(inside: HomeInProcess, app: str, **fields: Any) -> Any:
    return ok(inside.ask("POST", f"/apps/{app}/commands", {"name": "migrate", "command": LINE, **fields}))


def change(inside: HomeInProcess, app: str, **fields: Any) -> Any:
    return ok(inside.ask("PATCH", f"/apps/{app}/commands/migrate", fields))


def use(inside: HomeInProcess, app: str, **fields: Any) -> Any:
    return ok(inside.ask("POST", f"/apps/{app}/tasks", {"command_name": "migrate", **fields}))


def ended(inside: HomeInProcess, app: str, **fields: Any) -> Any:
    task = inside.new_task(app, **fields)
    return ok(inside.ask("POST", f"/tasks/{task['id']}/stop"))


def rerun(inside: HomeInProcess, task: Any, **fields: Any) -> Any:
    return ok(inside.ask("POST", f"/tasks/{task['id']}/rerun", fields))


class Person:
    """Somebody with a token of their own for every app."""

    def __init__(self, inside: HomeInProcess, role: Role) -> None:
        self._inside = inside
        token, text = new_token(f"person-{next(_numbers)}", Rights(role=role))
        inside.services.tokens.add(token, inside.services.clock.now())
        self.name = token.name
        self._headers = {"Authorization": f"Bearer {text}"}

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self._inside.ask(method, path, body, headers=self._headers)


@pytest.fixture
def people(inside: HomeInProcess) -> dict[str, Person]:
    return {
        "owner": Person(inside, Role.OPERATOR),
        "other": Person(inside, Role.OPERATOR),
        "admin": Person(inside, Role.ADMIN),
    }


def test_what_was_saved_is_shown_and_of_variables_only_the_names(inside: HomeInProcess, app: str) -> None:
    saved = save(inside, app, memory=4, max_hours="none", environment={"KEY": SECRET}, description="Daily.")

    shown = ok(inside.ask("GET", f"/apps/{app}/commands/migrate"))
    assert shown == saved
    assert (shown["name"], shown["command"], shown["description"]) == ("migrate", LINE, "Daily.")
    assert (shown["memory"], shown["cpu"], shown["max_hours"]) == (4, None, "none")
    assert (shown["environment"], shown["revision"], shown["created_by"]) == (["KEY"], 1, "alice")
    assert SECRET not in inside.ask("GET", f"/apps/{app}/commands").text


def test_they_are_listed_by_name_page_by_page(inside: HomeInProcess, app: str) -> None:
    for name in "cabed":
        save(inside, app, name=name)
    path = f"/apps/{app}/commands"

    pages, cursor = list[Any](), ""
    while cursor is not None:
        page = ok(inside.ask("GET", path, query={"limit": 2} | ({"cursor": cursor} if cursor else {})))
        pages.append([each["name"] for each in page["items"]])
        cursor = page["next"]

    assert pages == [["a", "b"], ["c", "d"], ["e"]]


def test_a_task_takes_everything_from_its_command_and_says_from_which(
    inside: HomeInProcess, app: str
) -> None:
    options = {"memory": 4, "cpu": 1, "workdir": "/srv", "user": "app", "pull": "always", "interactive": True}
    save(inside, app, environment={"LEVEL": "info"}, **options)

    task = use(inside, app)

    assert {name: task[name] for name in options} == options
    assert (task["command"], task["command_name"], task["command_revision"]) == (LINE, "migrate", 1)
    assert inside.record(task["id"]).environment == {"LEVEL": "info"}


def test_what_is_given_with_the_task_goes_before_and_variables_one_by_one(
    inside: HomeInProcess, app: str
) -> None:
    save(inside, app, memory=4, environment={"LEVEL": "info", "REGION": "eu"}, initiated_by="ci")

    task = use(inside, app, memory=8, environment={"LEVEL": "debug"}, max_hours=1)

    assert (task["memory"], task["max_hours"], task["initiated_by"]) == (8, 1, "ci")
    assert inside.record(task["id"]).environment == {"LEVEL": "debug", "REGION": "eu"}


def test_tags_are_set_and_taken_away_one_by_one(inside: HomeInProcess, app: str) -> None:
    saved = save(inside, app, tags={"team": "shop", "release": "41", "old": ""})
    changed = change(inside, app, tags={"old": None, "stage": "test"})

    task = use(inside, app, tags={"release": "42"})

    assert saved["tags"] == {"team": "shop", "release": "41", "old": ""}
    assert changed["tags"] == {"team": "shop", "release": "41", "stage": "test"}
    assert task["tags"] == {"team": "shop", "release": "42", "stage": "test"}
    again = rerun(inside, ok(inside.ask("POST", f"/tasks/{task['id']}/stop")), tags={"release": None})
    assert again["tags"] == {"team": "shop", "stage": "test"}


def test_no_command_comes_to_more_than_ten_tags(inside: HomeInProcess, app: str) -> None:
    save(inside, app, tags={f"t{number}": "" for number in range(9)})

    refused = inside.ask("PATCH", f"/apps/{app}/commands/migrate", {"tags": {"a": "", "b": ""}})

    assert (refused.status, refused.json["Fields"]) == (400, {"tags": "would be 11 in all; 10 is the most"})


def test_a_task_stays_as_it_was_when_its_command_changes_or_goes(inside: HomeInProcess, app: str) -> None:
    save(inside, app)
    before = use(inside, app)

    changed = change(inside, app, command="python manage.py check", memory=2)
    after = use(inside, app)
    ok(inside.ask("DELETE", f"/apps/{app}/commands/migrate"))

    assert (changed["revision"], changed["changed"]) == (2, ["command", "memory"])
    assert [(task["command"], task["command_revision"]) for task in (before, after)] == [
        (LINE, 1),
        ("python manage.py check", 2),
    ]
    shown = ok(inside.ask("GET", f"/tasks/{before['id']}"))
    assert (shown["command"], shown["command_name"], shown["command_revision"]) == (LINE, "migrate", 1)


def test_a_change_of_nothing_changes_nothing(inside: HomeInProcess, app: str) -> None:
    saved = save(inside, app, memory=4)

    assert change(inside, app) == {**saved, "changed": []}


def test_what_is_given_changes_and_null_gives_it_back_to_the_app(inside: HomeInProcess, app: str) -> None:
    save(inside, app, memory=4, environment={"A": "1", "B": "2"}, description="Daily.")

    changed = change(inside, app, memory=None, environment={"A": None, "C": "3"}, description=None)

    assert (changed["memory"], changed["environment"], changed["description"]) == (None, ["B", "C"], None)
    assert changed["command"] == LINE


def test_tags_and_a_lock_are_given_back_too(inside: HomeInProcess, app: str) -> None:
    save(inside, app, tags={"a": "1", "b": "2"}, lock="db", if_locked="refuse", retries=2)

    changed = change(inside, app, tags={"a": None, "c": "3"}, lock=None, retries=None)

    assert (changed["tags"], changed["lock"], changed["if_locked"]) == ({"b": "2", "c": "3"}, None, "wait")
    assert changed["retries"] is None
    assert change(inside, app, tags=None)["tags"] == {}


def test_what_is_so_already_is_no_change(inside: HomeInProcess, app: str) -> None:
    save(inside, app, memory=4, environment={"A": "1"})

    changed = change(inside, app, memory=4, environment={"A": "1", "B": None})

    assert (changed["changed"], changed["revision"]) == ([], 1)


def test_a_task_needs_a_line_or_a_name_and_not_both(inside: HomeInProcess, app: str) -> None:
    save(inside, app)

    for body in ({}, {"command": "true", "command_name": "migrate"}):
        refused = inside.ask("POST", f"/apps/{app}/tasks", body)
        assert (refused.status, list(refused.json["Fields"])) == (400, ["command", "command_name"])


def test_a_name_that_nobody_saved_is_told_so(inside: HomeInProcess, app: str) -> None:
    refused = inside.ask("POST", f"/apps/{app}/tasks", {"command_name": "migrate"})

    assert (refused.status, refused.json["Code"]) == (404, "CommandNotFound")
    assert refused.json["Message"] == f"App {app} has no command migrate."


def test_a_request_that_is_sent_again_finds_its_task_though_the_command_is_gone(
    inside: HomeInProcess, app: str
) -> None:
    save(inside, app)
    key = {"Idempotency-Key": f"again-{app}"}
    sent = ("POST", f"/apps/{app}/tasks", {"command_name": "migrate"})
    task = ok(inside.ask(*sent, headers=key))

    ok(inside.ask("DELETE", f"/apps/{app}/commands/migrate"))

    assert ok(inside.ask(*sent, headers=key))["id"] == task["id"]


@pytest.mark.parametrize("name", ["Migrate", "-x", "a b", "a" * 41, "", "ü", "1st"])
def test_a_name_that_cannot_be_is_refused(inside: HomeInProcess, app: str, name: str) -> None:
    refused = inside.ask("POST", f"/apps/{app}/commands", {"name": name, "command": LINE})

    assert (refused.status, list(refused.json["Fields"])) == (400, ["name"])


def test_what_could_be_no_task_is_not_saved(inside: HomeInProcess, app: str) -> None:
    body = {"name": "migrate", "command": LINE, "image": "busybox:1", "docker_tag": "v1"}

    assert inside.ask("POST", f"/apps/{app}/commands", body).status == 400
    save(inside, app, image="busybox:1")
    assert inside.ask("PATCH", f"/apps/{app}/commands/migrate", {"docker_tag": "v1"}).status == 400
    assert ok(inside.ask("GET", f"/apps/{app}/commands/migrate"))["revision"] == 1


def test_what_the_app_does_not_allow_is_told_when_it_is_saved(inside: HomeInProcess, app: str) -> None:
    ok(inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_memory": 4}}))
    body = {"name": "migrate", "command": LINE, "memory": 8}

    assert inside.ask("POST", f"/apps/{app}/commands", body).json["Code"] == "LimitExceeded"
    save(inside, app, memory=4)
    assert inside.ask("PATCH", f"/apps/{app}/commands/migrate", {"memory": 8}).status == 403
    ok(inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_memory": 2}}))
    assert change(inside, app, description="Still called so.")["changed"] == ["description"]
    assert inside.ask("POST", f"/apps/{app}/tasks", {"command_name": "migrate"}).status == 403


def test_a_list_of_tasks_says_from_which_commands_they_come(inside: HomeInProcess, app: str) -> None:
    save(inside, app)
    rerun(inside, use(inside, app))

    listed = ok(inside.ask("GET", f"/apps/{app}/tasks"))["items"]

    told = [(task["command_name"], task["command_revision"], task["rerun_of"]) for task in listed]
    assert told == [("migrate", 1, listed[1]["id"]), ("migrate", 1, None)]


def test_how_many_there_may_be_is_a_limit_that_an_admin_raises(inside: HomeInProcess, app: str) -> None:
    ok(inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_commands": 1}}))
    save(inside, app)

    refused = inside.ask("POST", f"/apps/{app}/commands", {"name": "two", "command": LINE})
    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")
    assert f"tapit set app name={app} max_commands=..." in refused.json["Hint"]
    ok(inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_commands": 1000}}))
    save(inside, app, name="two")


def test_everybody_who_may_run_tasks_uses_a_command_but_only_its_owner_and_admins_change_it(
    inside: HomeInProcess, app: str, people: dict[str, Person]
) -> None:
    owner, other, admin = people["owner"], people["other"], people["admin"]
    path = f"/apps/{app}/commands"
    ok(owner.ask("POST", path, {"name": "migrate", "command": LINE}))

    used = ok(other.ask("POST", f"/apps/{app}/tasks", {"command_name": "migrate"}))
    refused = [
        other.ask("PATCH", f"{path}/migrate", {"memory": 2}),
        other.ask("DELETE", f"{path}/migrate"),
    ]

    assert used["created_by"] == other.name
    assert [(each.status, each.json["Code"]) for each in refused] == [(403, "Forbidden")] * 2
    assert f"is {owner.name}'s" in refused[0].json["Message"]
    ok(owner.ask("PATCH", f"{path}/migrate", {"memory": 2}))
    ok(admin.ask("PATCH", f"{path}/migrate", {"memory": 4}))
    assert ok(other.ask("GET", f"{path}/migrate"))["memory"] == 4
    ok(admin.ask("DELETE", f"{path}/migrate"))


def test_commands_go_with_their_app(inside: HomeInProcess, app: str) -> None:
    for number in range(3):
        save(inside, app, name=f"n{number}")

    ok(inside.ask("DELETE", f"/apps/{app}"))
    ok(inside.ask("POST", "/apps", {"name": app}))

    assert ok(inside.ask("GET", f"/apps/{app}/commands"))["items"] == []


def test_a_task_is_made_again_as_it_was(inside: HomeInProcess, app: str) -> None:
    before = ended(
        inside, app, command=LINE, memory=4, max_hours="none", environment={"KEY": SECRET}, initiated_by="bob"
    )

    again = rerun(inside, before)

    assert again["id"] != before["id"]
    assert (again["rerun_of"], again["status"], again["initiated_by"]) == (before["id"], "PENDING", None)
    for field in ("command", "cpu", "memory", "max_hours", "environment", "ephemeral_storage_gb"):
        assert again[field] == before[field]
    assert inside.record(again["id"]).environment == {"KEY": SECRET}


def test_what_is_given_goes_before_what_the_task_was_told(inside: HomeInProcess, app: str) -> None:
    before = ended(inside, app, memory=4, environment={"LEVEL": "info", "REGION": "eu"})

    again = rerun(inside, before, command="true", memory=8, environment={"LEVEL": "debug"})

    assert (again["command"], again["memory"]) == ("true", 8)
    assert inside.record(again["id"]).environment == {"LEVEL": "debug", "REGION": "eu"}


def test_what_was_not_there_to_be_taken_away_is_said(inside: HomeInProcess, app: str) -> None:
    before = ended(inside, app, environment={"LEVEL": "info"}, tags={"release": "42"})

    again = rerun(
        inside,
        before,
        environment={"LEVEL": None, "NOPE": None, "NEW": "1"},
        tags={"release": None, "ticket": None, "new": "1"},
    )

    assert again["environment"] == ["NEW"]
    assert [note for note in again["notes"] if "nothing was taken away" in note] == [
        f"Task {before['id']} has no variable NOPE; nothing was taken away.",
        f"Task {before['id']} has no tag ticket; nothing was taken away.",
    ]


def test_a_rerun_without_a_body_changes_nothing(inside: HomeInProcess, app: str) -> None:
    before = ended(inside, app)

    again = ok(inside.ask("POST", f"/tasks/{before['id']}/rerun", b""))

    assert (again["rerun_of"], again["command"]) == (before["id"], before["command"])


def test_a_task_is_made_again_though_its_command_is_gone(inside: HomeInProcess, app: str) -> None:
    save(inside, app)
    before = use(inside, app)
    ok(inside.ask("DELETE", f"/apps/{app}/commands/migrate"))

    again, otherwise = rerun(inside, before), rerun(inside, before, command="true")

    assert (again["command"], again["command_name"], again["command_revision"]) == (LINE, "migrate", 1)
    assert (otherwise["command_name"], otherwise["command_revision"]) == (None, None)


def test_what_ran_at_a_terminal_is_made_again_without_one_and_that_is_said(
    inside: HomeInProcess, app: str
) -> None:
    before = inside.new_task(app, attached=True)

    again = rerun(inside, before)

    assert (again["attached"], again["interactive"]) == (False, False)
    assert any(f"Task {before['id']} ran at its creator's terminal" in note for note in again["notes"])


def test_to_ask_for_it_again_twice_with_one_key_makes_one_task(inside: HomeInProcess, app: str) -> None:
    before, other = ended(inside, app), ended(inside, app)
    key = {"Idempotency-Key": f"rerun-{app}"}

    first, second = (
        ok(inside.ask("POST", f"/tasks/{before['id']}/rerun", {}, headers=key)) for _ in range(2)
    )
    elsewhere = inside.ask("POST", f"/tasks/{other['id']}/rerun", {}, headers=key)

    assert first["id"] == second["id"]
    assert (elsewhere.status, elsewhere.json["Code"]) == (409, "IdempotencyConflict")


def test_it_finds_the_new_task_though_the_one_before_was_removed(inside: HomeInProcess, app: str) -> None:
    before = ended(inside, app)
    key = {"Idempotency-Key": f"rerun-{app}"}
    again = ok(inside.ask("POST", f"/tasks/{before['id']}/rerun", {}, headers=key))

    ok(inside.ask("DELETE", f"/tasks/{before['id']}"))

    assert ok(inside.ask("POST", f"/tasks/{before['id']}/rerun", {}, headers=key))["id"] == again["id"]


def test_what_the_app_does_not_allow_any_more_is_not_made_again(inside: HomeInProcess, app: str) -> None:
    before = ended(inside, app, memory=8)
    ok(inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_memory": 4}}))

    refused = inside.ask("POST", f"/tasks/{before['id']}/rerun", {})

    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")
    assert rerun(inside, before, memory=2)["memory"] == 2
