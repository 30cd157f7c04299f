"""Tasks over HTTP: what each route answers when all is well."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_sessions import EcsSessions
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.session_manager import SessionManager
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.status import Status
from chalicelib.usecases.create import NewTask, create_task
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

    with pytest.raises(InvalidRequest, match="the command is too long"):
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
