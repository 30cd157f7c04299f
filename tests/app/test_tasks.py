"""Tasks over HTTP: what each route answers when all is well."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_sessions import EcsSessions
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.session_manager import SessionManager
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.status import Status
from chalicelib.domain.task import begin_attempt
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.domain.view import rfc3339
from chalicelib.ports import TaskQuery
from chalicelib.usecases.create import create_task
from chalicelib.usecases.find_tasks import find_tasks
from chalicelib.usecases.launch import launch_task
from tests.builders import NOON
from tests.home_in_process import HomeInProcess


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def get(inside: HomeInProcess, path: str, **query: Any) -> Any:
    answer = inside.ask("GET", path, query=query)
    assert answer.status == 200, answer.text
    return answer.json


def ids_in(page: Any) -> list[str]:
    return [item["id"] for item in page["items"]]


def test_a_created_task_is_answered_whole(inside: HomeInProcess, app: str) -> None:
    answer = inside.ask(
        "POST",
        f"/apps/{app}/tasks",
        {"command": "npm run build", "docker_tag": "v1.2.3", "initiated_by": "john.doe", "max_hours": 6},
    )

    task = answer.json
    assert answer.status == 201
    assert (task["command"], task["docker_tag"], task["initiated_by"]) == (
        "npm run build",
        "v1.2.3",
        "john.doe",
    )
    assert (task["app"], task["status"], task["max_hours"]) == (app, "PENDING", 6)
    assert (task["cpu"], task["memory"], task["ephemeral_storage_gb"]) == (0.25, 0.5, 20)
    assert [line["status"] for line in task["history"]] == ["PENDING"]
    assert task["cost"]["estimate"] is None
    assert task["cost"]["at_most"] > 0


def test_who_created_a_task_comes_from_the_token(inside: HomeInProcess, app: str) -> None:
    assert inside.new_task(app)["created_by"] == "alice"


def test_a_size_that_is_snapped_is_said(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app, memory=3)

    assert (task["cpu"], task["memory"]) == (0.5, 3)
    assert any("using cpu=0.5 memory=3" in note for note in task["notes"])


def test_a_valid_size_is_kept_without_a_note(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app, memory=4.0, cpu=2.0)

    assert (task["cpu"], task["memory"], task["notes"]) == (2, 4, [])


def test_an_image_that_this_home_cannot_use_is_said(inside: HomeInProcess, app: str) -> None:
    assert any("image=" in note for note in inside.new_task(app, image="python:3.13")["notes"])


def test_no_limit_is_null(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app, max_hours="none")

    shown = get(inside, f"/tasks/{task['id']}")
    assert (shown["max_hours"], shown["cost"]["at_most"]) == (None, None)


def test_a_task_is_shown_by_its_id_alone(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)

    assert get(inside, f"/tasks/{task['id']}") == task


def test_showing_with_wait_answers_at_once_when_the_revision_is_older(
    inside: HomeInProcess, app: str
) -> None:
    task = inside.new_task(app)

    shown = get(inside, f"/tasks/{task['id']}", wait=20, revision=task["revision"] - 1)

    assert shown["id"] == task["id"]


def test_showing_with_wait_answers_in_the_end_though_nothing_changed(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)

    shown = get(inside, f"/tasks/{task['id']}", wait=0.01, revision=task["revision"])

    assert shown["revision"] == task["revision"]


def test_commands_arrive_unchanged(inside: HomeInProcess, app: str) -> None:
    command = "echo 'grüße 🎉' \"$X\" | cat && \\\n\ttrue\r\n"

    assert inside.new_task(app, command)["command"] == command


def test_a_command_of_seven_thousand_characters_is_taken(inside: HomeInProcess, app: str) -> None:
    assert len(inside.new_task(app, "é" * 7000)["command"]) == 7000


def test_a_list_cuts_commands_to_two_hundred_characters(inside: HomeInProcess, app: str) -> None:
    inside.new_task(app, "x" * 300)

    (item,) = get(inside, f"/apps/{app}/tasks")["items"]
    assert item["command"] == "x" * 200


def test_a_list_has_the_newest_first(inside: HomeInProcess, app: str) -> None:
    made = [inside.new_task(app)["id"] for _ in range(3)]

    assert ids_in(get(inside, f"/apps/{app}/tasks")) == sorted(made, reverse=True)


def test_pages_lead_on_until_the_last(inside: HomeInProcess, app: str) -> None:
    made = [inside.new_task(app)["id"] for _ in range(5)]

    first = get(inside, f"/apps/{app}/tasks", limit=2)
    second = get(inside, f"/apps/{app}/tasks", limit=2, cursor=first["next"])
    third = get(inside, f"/apps/{app}/tasks", limit=2, cursor=second["next"])

    assert ids_in(first) + ids_in(second) + ids_in(third) == sorted(made, reverse=True)
    assert third["next"] is None


@pytest.mark.parametrize(
    "query",
    [{"initiated_by": "john"}, {"created_by": "alice"}, {"status": "STOPPED"}],
    ids=lambda query: next(iter(query)),
)
def test_a_list_is_filtered(inside: HomeInProcess, app: str, query: dict[str, str]) -> None:
    wanted = inside.new_task(app, initiated_by="john")
    inside.ask("POST", f"/tasks/{wanted['id']}/stop")
    other = inside.new_task(app)
    inside.services.tasks.save(inside.record(other["id"]).but(created_by="bob"))

    assert ids_in(get(inside, f"/apps/{app}/tasks", **query)) == [wanted["id"]]


@pytest.mark.parametrize(
    "query", [{"initiated_by": "john"}, {"created_by": "alice"}, {"tag": "release:42"}], ids=str
)
def test_a_list_by_something_else_may_be_one_of_some_statuses_too(
    inside: HomeInProcess, app: str, query: dict[str, str]
) -> None:
    made = [inside.new_task(app, initiated_by="john", tags={"release": "42"})["id"] for _ in range(6)]
    for task_id in made[:4:2]:
        inside.ask("POST", f"/tasks/{task_id}/stop")
    others = inside.new_task(app, initiated_by="bob")["id"]
    inside.ask("POST", f"/tasks/{others}/stop")
    inside.services.tasks.save(inside.record(others).but(created_by="bob"))
    wanted = {**query, "status": "STOPPED,LOST"}

    whole = get(inside, f"/apps/{app}/tasks", **wanted)
    first = get(inside, f"/apps/{app}/tasks", **wanted, limit=1)
    rest = get(inside, f"/apps/{app}/tasks", **wanted, limit=1, cursor=first["next"])

    assert ids_in(whole) == ids_in(first) + ids_in(rest) == [made[2], made[0]]
    assert whole["next"] is None


def test_a_page_by_status_beside_something_else_has_its_price(inside: HomeInProcess, app: str) -> None:
    made = [inside.new_task(app, initiated_by="john")["id"] for _ in range(5)]
    inside.ask("POST", f"/tasks/{made[0]}/stop")
    query = TaskQuery(app, 10, TaskFilter(FilterBy.INITIATED_BY, ("john",)))

    nothing, last = find_tasks(inside.services, query, [Status.STOPPED], most_read=3)
    found, end = find_tasks(inside.services, replace(query, after_id=last), [Status.STOPPED], most_read=3)

    assert (nothing, last) == ([], made[2])
    assert ([task.id for task in found], end) == ([made[0]], None)


def with_statuses(inside: HomeInProcess, app: str, *statuses: Status) -> list[str]:
    """Return the ids of new tasks that have those."""
    made = [inside.new_task(app)["id"] for _ in statuses]
    for task_id, status in zip(made, statuses, strict=True):
        inside.services.tasks.save(inside.record(task_id).but(status=status))
    return made


@pytest.mark.parametrize(
    "query", ["status=FAILED&status=LOST", "status=LOST,FAILED", "status=FAILED&status=LOST,LOST"]
)
def test_a_list_may_have_several_statuses_page_by_page(inside: HomeInProcess, query: str) -> None:
    app = inside.new_app()
    failed, stopped, lost, later = with_statuses(
        inside, app, Status.FAILED, Status.STOPPED, Status.LOST, Status.FAILED
    )

    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = inside.ask("GET", f"/apps/{app}/tasks?limit=1&{query}{cursor and f'&cursor={cursor}'}").json
        found += ids_in(page)
        cursor = page["next"]

    assert found == sorted([later, lost, failed], reverse=True)
    assert stopped not in found


def test_a_cursor_is_good_for_the_same_statuses_however_they_are_written(inside: HomeInProcess) -> None:
    app = inside.new_app()
    made = with_statuses(inside, app, Status.FAILED, Status.LOST)
    page = inside.ask("GET", f"/apps/{app}/tasks?limit=1&status=LOST,FAILED").json

    rest = inside.ask("GET", f"/apps/{app}/tasks?status=FAILED&status=LOST&cursor={page['next']}").json

    assert ids_in(page) + ids_in(rest) == sorted(made, reverse=True)


def test_a_task_is_found_by_the_beginning_of_its_id_among_those_of_its_app(inside: HomeInProcess) -> None:
    app, other = inside.new_app(), inside.new_app()
    task_id = inside.new_task(app)["id"]

    for length in (1, 4, 11, 12):
        found = ids_in(get(inside, f"/apps/{app}/tasks", id=task_id[:length]))
        assert found == [task_id]
    assert ids_in(get(inside, f"/apps/{other}/tasks", id=task_id)) == []
    assert ids_in(get(inside, f"/apps/{app}/tasks", id="zzzz")) == []


def test_since_leaves_out_what_is_older(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)

    assert ids_in(get(inside, f"/apps/{app}/tasks", since=task["created_at"])) == [task["id"]]
    assert ids_in(get(inside, f"/apps/{app}/tasks", since="2100-01-01T00:00:00Z")) == []


def test_a_stop_is_answered_with_the_task_and_repeats_harmlessly(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)

    first = inside.ask("POST", f"/tasks/{task['id']}/stop")
    second = inside.ask("POST", f"/tasks/{task['id']}/stop")

    assert (first.status, first.json["status"]) == (200, "STOPPED")
    assert first.json["stop_cause"] == {"kind": "user", "by": "alice", "exit_code": None}
    assert second.json == first.json


def test_an_extension_is_on_record(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)

    assert inside.ask("PATCH", f"/tasks/{task['id']}", {"max_hours": 48}).json["max_hours"] == 48
    assert inside.ask("PATCH", f"/tasks/{task['id']}", {"max_hours": "none"}).json["max_hours"] is None


def test_a_finished_task_is_removed_once(inside: HomeInProcess, app: str) -> None:
    path = f"/tasks/{inside.new_task(app)['id']}"
    inside.ask("POST", f"{path}/stop")

    removed = inside.ask("DELETE", path)

    assert (removed.status, removed.json) == (200, {"id": path[7:], "removed": True})
    assert inside.ask("DELETE", path).json["Code"] == "TaskNotFound"
    assert ids_in(get(inside, f"/apps/{app}/tasks")) == []


def test_a_command_that_the_cluster_can_never_start_makes_no_task(inside: HomeInProcess, app: str) -> None:
    sessions = EcsSessions(None, SessionManager(None, lambda _: {}))
    ecs = EcsCluster(None, LogGroups(None), sessions, stage="test", region="eu-west-1")
    on_ecs = replace(inside.services, cluster=ecs)

    with pytest.raises(InvalidRequest, match="too long"):
        create_task(on_ecs, app, NewTask(command='"' * 5000), created_by="ann", key=None)

    assert get(inside, f"/apps/{app}/tasks")["items"] == []


def test_a_task_that_was_never_launched_has_empty_logs(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)

    page = get(inside, f"/tasks/{task['id']}/logs")

    assert (page["items"], page["complete"], page["status"]) == ([], False, "PENDING")
    assert get(inside, f"/tasks/{task['id']}/logs", cursor=page["next"])["next"] == page["next"]


# Idempotency-Key


def with_key(inside: HomeInProcess, app: str, key: str, **body: Any) -> Any:
    return inside.ask(
        "POST", f"/apps/{app}/tasks", {"command": "true", **body}, headers={"Idempotency-Key": key}
    )


def test_a_request_that_is_sent_again_makes_one_task(inside: HomeInProcess, app: str) -> None:
    first, second = with_key(inside, app, f"{app}-k"), with_key(inside, app, f"{app}-k")

    assert (first.status, second.status, second.json["id"]) == (201, 201, first.json["id"])


def test_a_key_for_another_request_is_refused(inside: HomeInProcess, app: str) -> None:
    with_key(inside, app, f"{app}-k")

    refused = with_key(inside, app, f"{app}-k", command="false")

    assert (refused.status, refused.json["Code"]) == (409, "IdempotencyConflict")


def test_a_key_of_a_removed_task_says_so(inside: HomeInProcess, app: str) -> None:
    task_id = with_key(inside, app, f"{app}-k").json["id"]
    inside.ask("POST", f"/tasks/{task_id}/stop")
    inside.ask("DELETE", f"/tasks/{task_id}")

    refused = with_key(inside, app, f"{app}-k")

    assert (refused.status, refused.json["Code"]) == (410, "TaskRemoved")


def test_a_request_is_answered_with_its_task_though_the_app_allows_less_by_now(
    inside: HomeInProcess, app: str
) -> None:
    first = with_key(inside, app, f"{app}-k", memory=2)
    lowered = inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_memory": 1}})

    again = with_key(inside, app, f"{app}-k", memory=2)

    assert lowered.status == 200
    assert (again.status, again.json["id"]) == (201, first.json["id"])


def test_a_request_is_answered_with_its_task_though_the_app_is_gone(inside: HomeInProcess, app: str) -> None:
    first = with_key(inside, app, f"{app}-k")
    inside.ask("POST", f"/tasks/{first.json['id']}/stop")
    removed = inside.ask("DELETE", f"/apps/{app}")

    again = with_key(inside, app, f"{app}-k")

    assert removed.status == 200
    assert (again.status, again.json["id"]) == (201, first.json["id"])


def test_a_limit_holds_for_a_key_that_is_new(inside: HomeInProcess, app: str) -> None:
    inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_memory": 1}})

    refused = with_key(inside, app, f"{app}-k", memory=2)

    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(inside: HomeInProcess, app: str, key: str) -> None:
    assert with_key(inside, app, key).status == 400


# What is over, and what is not


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda inside, path: inside.ask("PATCH", path, {"max_hours": 8}), "TaskFinished"),
        (lambda inside, path: inside.ask("DELETE", path), "TaskNotFinished"),
    ],
    ids=["extend a finished one", "remove a running one"],
)
def test_what_makes_no_sense_now_is_a_conflict(
    inside: HomeInProcess, app: str, ask: Callable[[HomeInProcess, str], Any], code: str
) -> None:
    task_id = inside.new_task(app)["id"]
    status = Status.SUCCEEDED if code == "TaskFinished" else Status.RUNNING
    inside.services.tasks.save(inside.record(task_id).but(status=status))

    refused = ask(inside, f"/tasks/{task_id}")

    assert (refused.status, refused.json["Code"]) == (409, code)
    assert status in refused.json["Message"]


# Limits


@pytest.mark.parametrize(
    ("limits", "asked", "named"),
    [
        ({"max_cpu": 1}, {"cpu": 2}, "max_cpu=1"),
        ({"max_memory": 4}, {"memory": 5}, "max_memory=4"),
        ({"max_hours": 8}, {"max_hours": 9}, "max_hours=8"),
        ({"max_hours": 8}, {"max_hours": "none"}, "max_hours=8"),
    ],
)
def test_a_limit_refuses_and_is_named_with_its_value(
    inside: HomeInProcess, limits: Any, asked: Any, named: str
) -> None:
    app = inside.new_app(limits=limits)

    refused = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", **asked})

    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")
    assert named in refused.json["Message"]


def test_max_running_refuses_and_is_named_with_its_value(inside: HomeInProcess) -> None:
    app = inside.new_app(limits={"max_running": 2})
    for _ in range(2):
        inside.new_task(app)

    refused = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true"})

    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")
    assert "max_running=2" in refused.json["Message"]


def test_a_limit_holds_for_extensions_too(inside: HomeInProcess) -> None:
    task = inside.new_task(inside.new_app(limits={"max_hours": 8}), max_hours=1)

    refused = inside.ask("PATCH", f"/tasks/{task['id']}", {"max_hours": 9})

    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")


def test_a_task_may_have_variables_and_a_folder_of_its_own(inside: HomeInProcess) -> None:
    app = inside.new_app(environment={"LEVEL": "info"}, workdir="/srv")

    task = inside.new_task(app, environment={"LEVEL": "debug", "TOKEN": "sesame"}, workdir="/tmp")

    assert (task["environment"], task["workdir"]) == (["LEVEL", "TOKEN"], "/tmp")
    for path in (f"/tasks/{task['id']}", f"/apps/{app}/tasks", f"/tasks/{task['id']}/logs"):
        assert "sesame" not in inside.ask("GET", path).text
    assert inside.record(task["id"]).environment == {"LEVEL": "debug", "TOKEN": "sesame"}
    assert "sesame" not in repr(inside.record(task["id"]))


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"TAPIT_TASK_ID": "x"}, "not valid: environment.TAPIT_TASK_ID must not begin with TAPIT_"),
        ({"A": "x" * 20_000}, "16384 is the most"),
        ({"PASSWORD": "x"}, "is a secret of the app's"),
    ],
)
def test_variables_that_a_task_cannot_have_are_refused(
    inside: HomeInProcess, environment: dict[str, str], why: str
) -> None:
    app = inside.new_app(secrets={"PASSWORD": "arn:aws:ssm:eu-west-1:123456789012:parameter/password"})

    refused = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", "environment": environment})

    assert (refused.status, why in refused.text) == (400, True), refused.text


# Tags


def test_a_task_has_the_tags_it_was_given_and_those_of_its_app(inside: HomeInProcess) -> None:
    app = inside.new_app(tags={"team": "shop", "release": "41"})
    task = inside.new_task(app, tags={"release": "42", "ticket": "OPS-7"})
    inside.ask("PATCH", f"/apps/{app}", {"tags": {"team": "other", "release": None}})

    expected = {"team": "shop", "release": "42", "ticket": "OPS-7"}
    assert task["tags"] == expected
    assert get(inside, f"/tasks/{task['id']}")["tags"] == expected
    assert [item["tags"] for item in get(inside, f"/apps/{app}/tasks")["items"]] == [expected]
    assert inside.new_task(app)["tags"] == {"team": "other"}


def test_tasks_are_found_by_a_tag_page_by_page(inside: HomeInProcess, app: str) -> None:
    tagged = [inside.new_task(app, tags={"ticket": f"OPS-{7 + number % 2}"})["id"] for number in range(6)]

    first = get(inside, f"/apps/{app}/tasks", tag="ticket:OPS-7", limit=2)
    second = get(inside, f"/apps/{app}/tasks", tag="ticket:OPS-7", limit=2, cursor=first["next"])

    found = [*ids_in(first), *ids_in(second)]
    assert (sorted(found), second["next"]) == (sorted(tagged[::2]), None)


def test_a_task_whose_tags_and_its_app_s_are_too_many_is_refused(inside: HomeInProcess) -> None:
    app = inside.new_app(tags={f"app{number}": "" for number in range(6)})

    answer = inside.ask(
        "POST", f"/apps/{app}/tasks", {"command": "true", "tags": {f"own{n}": "" for n in range(5)}}
    )

    assert answer.status == 400
    assert answer.json["Fields"] == {"tags": "would be 11 in all; 10 is the most"}


def test_a_task_that_may_not_wait_for_its_lock_is_refused_with_the_name_of_the_holder(
    inside: HomeInProcess, app: str
) -> None:
    holder = inside.new_task(app, lock="migrate")
    body = {"command": "true", "lock": "migrate", "if_locked": "refuse"}

    refused = inside.ask("POST", f"/apps/{app}/tasks", body)

    assert (refused.status, refused.json["Code"]) == (409, "Locked")
    assert refused.json["Message"] == f"Task {holder['id']} of app {app} holds the lock migrate."
    assert f"tapit wait task={holder['id']}" in refused.json["Hint"]
    assert len(get(inside, f"/apps/{app}/tasks")["items"]) == 1


@pytest.mark.parametrize("name", ["", "Migrate", "-m", "schedule:nightly", "m" * 41, "a#b", "1st"])
def test_a_lock_that_cannot_be_called_so_is_refused(inside: HomeInProcess, app: str, name: str) -> None:
    refused = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", "lock": name})

    assert refused.status == 400
    assert refused.json["Fields"].keys() == {"lock"}


def test_a_task_that_waits_names_whoever_holds_its_lock_by_now(inside: HomeInProcess, app: str) -> None:
    first, second, third = (inside.new_task(app, lock="migrate")["id"] for _ in range(3))
    tasks = inside.services.tasks
    tasks.save(inside.record(third).but(waiting_for=f"lock migrate, held by {first}"))

    tasks.save(inside.record(first).but(status=Status.SUCCEEDED))

    for path in (f"/tasks/{third}", f"/tasks/{third}/logs"):
        assert inside.ask("GET", path).json["waiting_for"] == f"lock migrate, held by {second}"
    assert inside.ask("GET", f"/tasks/{second}").json["waiting_for"] is None


def test_a_task_that_waits_for_its_lock_says_until_when_and_no_longer_than_it_waits(
    inside: HomeInProcess, app: str
) -> None:
    holder, waiting = (inside.new_task(app, lock="migrate")["id"] for _ in range(2))
    launch_task(inside.services, waiting)

    told = inside.ask("GET", f"/tasks/{waiting}").json
    assert told["waits_until"] == rfc3339(inside.record(waiting).created_at + timedelta(hours=1))
    assert inside.ask("GET", f"/tasks/{holder}").json["waits_until"] is None

    stopped = inside.ask("POST", f"/tasks/{waiting}/stop").json
    assert (stopped["status"], stopped["waits_until"]) == ("STOPPED", None)


def test_another_try_that_leaves_some_time_says_that_it_does_whoever_holds_its_lock(
    inside: HomeInProcess, app: str
) -> None:
    inside.new_task(app, lock="migrate")
    early = inside.new_task(app, lock="migrate")["id"]
    due = inside.services.clock.now() + timedelta(hours=1)
    inside.services.tasks.save(inside.record(early).but(not_before=due, waiting_for="the time between tries"))

    assert inside.ask("GET", f"/tasks/{early}").json["waiting_for"] == "the time between tries"


@pytest.mark.parametrize(
    ("given", "if_locked"),
    [({}, "wait"), ({"if_locked": "replace"}, "replace"), ({"lock": "deploy"}, "wait")],
)
def test_a_rerun_of_a_task_that_replaced_stops_nobody_unless_that_is_asked_for(
    inside: HomeInProcess, app: str, given: dict[str, str], if_locked: str
) -> None:
    before = inside.new_task(app, lock="migrate", if_locked="replace")

    again = inside.ask("POST", f"/tasks/{before['id']}/rerun", given)

    assert (again.status, again.json["if_locked"]) == (201, if_locked)


def test_what_to_do_about_a_held_lock_is_of_no_use_without_a_lock(inside: HomeInProcess, app: str) -> None:
    refused = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", "if_locked": "replace"})

    assert refused.status == 400
    assert "there is no lock=" in refused.json["Message"]


@pytest.mark.parametrize(
    ("if_locked", "said"), [("wait", "It waits for lock migrate"), ("replace", "It replaces task")]
)
def test_whoever_creates_a_task_that_cannot_start_yet_is_told_whose_lock_it_is(
    inside: HomeInProcess, app: str, if_locked: str, said: str
) -> None:
    holder = inside.new_task(app, lock="migrate")

    (note,) = inside.new_task(app, lock="migrate", if_locked=if_locked)["notes"][:1]

    assert note.startswith(said)
    assert holder["id"] in note


def test_whoever_replaces_several_is_told_of_each(inside: HomeInProcess, app: str) -> None:
    holder = inside.new_task(app, lock="migrate")
    second = inside.new_task(app, lock="migrate", if_locked="replace")

    (note,) = inside.new_task(app, lock="migrate", if_locked="replace")["notes"][:1]

    assert note == f"It replaces tasks {holder['id']}, {second['id']}, and starts when they have ended."


def test_a_list_says_what_a_task_waits_for(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app)["id"]
    inside.services.tasks.save(inside.record(task_id).but(waiting_for="lock migrate, held by 1jd3m8k7x2qf"))

    (listed,) = get(inside, f"/apps/{app}/tasks")["items"]

    assert listed["waiting_for"] == "lock migrate, held by 1jd3m8k7x2qf"


def test_what_runs_a_task_is_told_once_it_is_asked_to(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)
    plan = {"driver": "docker", "image": "shop:2"}
    inside.services.tasks.save(begin_attempt(inside.record(task["id"]), plan, NOON))

    assert (task["driver"], task["image_used"]) == (None, None)
    shown = inside.ask("GET", f"/tasks/{task['id']}").json
    assert (shown["driver"], shown["image_used"]) == ("docker", "shop:2")
