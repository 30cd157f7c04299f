"""Whatever a caller sends, a refusal says what is wrong in the documented shape."""

import json
from typing import Any

import pytest

from chalicelib.domain.token import new_token
from tests.app.error_shape import is_documented
from tests.home_in_process import HomeInProcess
from tests.http_client import Answer

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"

DEEP = b"[" * 200_000


@pytest.fixture(scope="module")
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def refused(answer: Answer, status: int, code: str) -> Any:
    assert is_documented(answer), answer.text
    assert (answer.status, answer.json["Code"]) == (status, code), answer.text
    return answer.json


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"command": "\xff"}',
        b"{'command': 'x'}",
        DEEP,
        b'{"command": 1e}',
    ],
    ids=["empty", "cut off", "text", "bytes", "not UTF-8", "single quotes", "too deep", "bad number"],
)
@pytest.mark.parametrize("path", ["/apps", "/apps/{app}/tasks"])
def test_what_is_not_json_is_refused(inside: HomeInProcess, app: str, path: str, body: bytes) -> None:
    said = refused(inside.ask("POST", path.format(app=app), body), 400, "InvalidRequest")

    assert ("nested too deeply" if body == DEEP else "not JSON") in said["Message"]


@pytest.mark.parametrize("body", [b"null", b"[]", b"3", b'"x"', b"true", b"[{}]"])
def test_json_that_is_no_object_is_refused(inside: HomeInProcess, app: str, body: bytes) -> None:
    said = refused(inside.ask("POST", f"/apps/{app}/tasks", body), 400, "InvalidRequest")

    assert "must be an object" in said["Message"]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"command": "true", "memory": 1, "memory": 4}', "memory"),
        (b'{"command": "true", "command": "true"}', "command"),
        (b'{"command": "true", "memory": {"a": 1, "a": 1}}', "a"),
    ],
)
def test_a_key_that_is_given_twice_is_refused(inside: HomeInProcess, app: str, body: bytes, key: str) -> None:
    said = refused(inside.ask("POST", f"/apps/{app}/tasks", body), 400, "InvalidRequest")

    assert said["Fields"] == {key: "is given twice"}
    assert f"the key {key} twice" in said["Message"]


def test_of_very_many_problems_the_first_are_told(inside: HomeInProcess, app: str) -> None:
    unknown = {f"memry{number}": 1 for number in range(5000)}

    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", **unknown})

    said = refused(answer, 400, "InvalidRequest")
    assert list(said["Fields"]) == [f"memry{number}" for number in range(10)]
    assert said["Message"].endswith("; and 4990 more.")


@pytest.mark.parametrize(
    ("field", "hint"),
    [("memry", "did you mean memory?"), ("max_hour", "did you mean max_hours?"), ("xyzzy", "is unknown")],
)
def test_an_unknown_field_is_named_with_the_one_that_was_meant(
    inside: HomeInProcess, app: str, field: str, hint: str
) -> None:
    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", field: 4})

    said = refused(answer, 400, "InvalidRequest")
    assert hint in said["Fields"][field]
    assert said["Message"] == f"The request is not valid: {field} {said['Fields'][field]}."
    assert "?." not in said["Message"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"memory": "lots"}, "must be a number"),
        ({"memory": "4"}, "must be a number"),
        ({"memory": True}, "must be a number"),
        ({"memory": 0}, "greater than 0"),
        ({"memory": -1}, "greater than 0"),
        ({"memory": 120.5}, "above 120 GB"),
        ({"memory": 1e308}, "above 120 GB"),
        ({"cpu": []}, "must be a number"),
        ({"cpu": 17}, "above 16 vCPU"),
        ({"ephemeral_storage_gb": 19}, "greater than or equal to 20"),
        ({"ephemeral_storage_gb": 20.5}, "must be a whole number"),
        ({"ephemeral_storage_gb": 201}, "less than or equal to 200"),
        ({"max_hours": 0}, "greater than 0"),
        ({"max_hours": 8761}, "less than or equal to 8760"),
        ({"max_hours": {}}, "must be a number, or 'none'"),
        ({"max_hours": "forever"}, "must be a number, or 'none'"),
        ({"float": 1}, "is unknown"),
        ({"initiated_by": 3}, "must be a string"),
        ({"initiated_by": ""}, "at least 1 character"),
        ({"initiated_by": "x" * 256}, "at most 255 characters"),
        ({"docker_tag": "v\0"}, "is no tag"),
        ({"docker_tag": "shop:v1"}, "a whole image goes into image="),
        ({"image": "https://registry.example/shop"}, "leave out https://"),
        ({"user": "root wheel"}, "write a name or a number"),
        ({"pull": "sometimes"}, "'missing', 'always' or 'never'"),
        ({"image": ["a"]}, "must be a string"),
        ({"retry_on": []}, "must have at least 1, and has 0"),
        ({"retry_on": ["spot"] * 21}, "must have at most 20, and has 21"),
        (
            {"command_name": "No Name"},
            "must be the name of a saved command, instead of a line: 1 to 40 lower-case",
        ),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_by_name(
    inside: HomeInProcess, app: str, fields: dict[str, Any], problem: str
) -> None:
    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", **fields})

    assert problem in refused(answer, 400, "InvalidRequest")["Fields"][next(iter(fields))]


@pytest.mark.parametrize(
    ("kind", "more"), [("commands", {}), ("schedules", {"every": 900})], ids=["command", "schedule"]
)
def test_what_it_is_for_is_text_without_a_nul(
    inside: HomeInProcess, app: str, kind: str, more: dict[str, Any]
) -> None:
    path, body = f"/apps/{app}/{kind}", {"name": "mine", "command": "true", **more}
    wrong = {"description": "a\0b"}

    made = inside.ask("POST", path, body | wrong)
    assert refused(made, 400, "InvalidRequest")["Fields"] == {
        "description": "must not contain a NUL character"
    }
    assert inside.ask("POST", path, body | {"description": "tells all\nof them"}).status == 201
    refused(inside.ask("PATCH", f"{path}/mine", wrong), 400, "InvalidRequest")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
@pytest.mark.parametrize("field", [b"cpu", b"memory", b"max_hours"])
def test_a_number_must_be_finite(inside: HomeInProcess, app: str, field: bytes, number: bytes) -> None:
    body = b'{"command": "true", "%s": %s}' % (field, number)

    refused(inside.ask("POST", f"/apps/{app}/tasks", body), 400, "InvalidRequest")


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("", "must not be empty"),
        (" \n\t", "must not be empty"),
        ("a\0b", "must not contain a NUL character"),
        ("x" * 7001, "at most 7000 characters"),
        (["true"], "must be a string"),
    ],
    ids=["empty", "blank", "NUL", "too long", "list"],
)
def test_a_wrong_command_is_refused(inside: HomeInProcess, app: str, command: Any, problem: str) -> None:
    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": command})

    assert problem in refused(answer, 400, "InvalidRequest")["Fields"]["command"]


@pytest.mark.parametrize("body", [{}, {"command": None}, {"command": None, "command_name": None}])
def test_a_missing_command_is_said(inside: HomeInProcess, app: str, body: dict[str, None]) -> None:
    said = refused(inside.ask("POST", f"/apps/{app}/tasks", body), 400, "InvalidRequest")

    assert said["Message"] == "A task needs a command: give command or command_name, and not both."


@pytest.mark.parametrize(
    "body",
    [
        b'{"command": "\\ud800"}',
        b'{"command": "true", "initiated_by": "\\udfff"}',
        b'{"command": "true", "\\ud800": 1}',
    ],
    ids=["command", "text", "name"],
)
def test_half_a_character_is_refused(inside: HomeInProcess, app: str, body: bytes) -> None:
    refused(inside.ask("POST", f"/apps/{app}/tasks", body), 400, "InvalidRequest")


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "x", "environment": {"A": "\\ud800"}}',
        b'{"name": "x", "environment": {"\\ud800": "x"}}',
        b'{"name": "x", "workdir": "/\\ud800"}',
        b'{"name": "x", "image": "\\ud800"}',
        b'{"name": "\\ud800"}',
    ],
)
def test_half_a_character_is_refused_in_apps_too(inside: HomeInProcess, body: bytes) -> None:
    refused(inside.ask("POST", "/apps", body), 400, "InvalidRequest")


def test_an_image_with_a_docker_tag_is_refused(inside: HomeInProcess, app: str) -> None:
    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", "image": "a:b", "docker_tag": "c"})

    assert "not both" in refused(answer, 400, "InvalidRequest")["Message"]


def test_a_body_that_is_too_large_is_refused(inside: HomeInProcess, app: str) -> None:
    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": "x" * 300_000})

    refused(answer, 413, "TooLarge")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": "Shop"}, "name"),
        ({"name": "1shop"}, "name"),
        ({"name": "a" * 41}, "name"),
        ({"name": "shop\n"}, "name"),
        ({"name": "shop", "workdir": "srv"}, "workdir"),
        ({"name": "shop", "workdir": "/srv\0"}, "workdir"),
        ({"name": "shop", "stop_timeout": 1}, "stop_timeout"),
        ({"name": "shop", "stop_timeout": 121}, "stop_timeout"),
        ({"name": "shop", "environment": []}, "environment"),
        ({"name": "shop", "environment": {"A": 1}}, "environment.A"),
        ({"name": "shop", "environment": {"A": None}}, "environment.A"),
        ({"name": "shop", "environment": {"float": 1}}, "environment.float"),
        ({"name": "shop", "environment": {"1A": "x"}}, "environment.1A"),
        ({"name": "shop", "limits": {"max_hours": 0}}, "limits.max_hours"),
        ({"name": "shop", "environment": {"A": "x" * 40_000}}, "environment.A"),
        ({"name": "shop", "environment": dict.fromkeys("ABC", "x" * 30000)}, "environment"),
        ({"name": "shop", "environment": {"A": "😀" * 17_000}}, "environment"),
        ({"name": "shop", "secrets": {f"S{n}": SECRET for n in range(900)}}, "secrets"),
        ({"name": "shop", "limits": {"max_running": 0}}, "limits.max_running"),
        ({"name": "shop", "limits": {"max_runing": 1}}, "limits.max_runing"),
        ({"name": "shop", "limits": 3}, "limits"),
        ({"name": "shop", "tags": {f"t{n}": "" for n in range(11)}}, "tags"),
        ({"name": "shop", "tags": ["ticket:OPS-7"]}, "tags"),
        ({"name": "shop", "tags": {"a:b": ""}}, "tags.a:b"),
        ({"name": "shop", "tags": {"ticket": 7}}, "tags.ticket"),
        ({"name": "shop", "tags": {"ticket": None}}, "tags.ticket"),
        ({"name": "shop", "tags": {"ticket": "AWS:x"}}, "tags.ticket"),
        ({"name": "shop", "tags": {"ticket": "x" * 257}}, "tags.ticket"),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_a_wrong_app_is_refused_by_name(inside: HomeInProcess, fields: dict[str, Any], name: str) -> None:
    answer = inside.ask("POST", "/apps", fields)

    assert name in refused(answer, 400, "InvalidRequest")["Fields"]


@pytest.mark.parametrize("name", ["A B", "1A", "A=B", "", "TAPIT_TASK_ID", "A\0"])
def test_a_variable_name_must_be_one_and_not_ours(inside: HomeInProcess, name: str) -> None:
    answer = inside.ask("POST", "/apps", {"name": "shop", "environment": {name: "x"}})

    refused(answer, 400, "InvalidRequest")


# Queries


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("status=running", "status"),
        ("status=", "status"),
        ("status=FAILED,", "status"),
        ("tag=ticket", "tag"),
        ("tag=", "tag"),
        ("tag=:OPS-7", "tag"),
        ("tag=a:b,c:d", "tag"),
        ("tag=a:b&tag=c:d", "tag"),
        ("status=FAILED&status=lost", "status"),
        ("id=", "id"),
        ("id=ILOU", "id"),
        ("id=1jd3m8k7x2qf0", "id"),
        ("since=yesterday", "since"),
        ("since=2026-11-24T12:00:00", "since"),
        ("cursor=nonsense", "cursor"),
        ("cursor=", "cursor"),
        ("limt=5", "limt"),
        ("limit=5&limit=6", "limit"),
        ("initiated_by=%00", "initiated_by"),
        ("initiated_by=" + "x" * 256, "initiated_by"),
        ("initiated_by=a&created_by=b", "created_by"),
        ("initiated_by=a&created_by=b&status=LOST", "initiated_by"),
    ],
)
def test_a_wrong_query_is_refused_by_name(inside: HomeInProcess, app: str, query: str, name: str) -> None:
    answer = inside.ask("GET", f"/apps/{app}/tasks?{query}")

    assert name in refused(answer, 400, "InvalidRequest")["Fields"]


def test_a_cursor_of_another_list_is_refused(inside: HomeInProcess) -> None:
    app = inside.new_app()
    for _ in range(2):
        inside.new_task(app)
    cursor = inside.ask("GET", f"/apps/{app}/tasks?limit=1").json["next"]

    answer = inside.ask("GET", f"/apps/{app}/tasks", query={"cursor": cursor, "status": "PENDING"})

    assert refused(answer, 400, "InvalidRequest")["Hint"] == "Start again without a cursor."


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("wait=21", "wait"),
        ("wait=-1", "wait"),
        ("wait=nan", "wait"),
        ("revision=-1", "revision"),
        ("x=1", "x"),
    ],
)
def test_a_wrong_wait_is_refused_by_name(inside: HomeInProcess, app: str, query: str, name: str) -> None:
    task_id = inside.new_task(app)["id"]

    for path in (f"/tasks/{task_id}", f"/tasks/{task_id}/logs"):
        assert name in refused(inside.ask("GET", f"{path}?{query}"), 400, "InvalidRequest")["Fields"]


@pytest.mark.parametrize(
    "query", ["tail=0", "tail=10001", "limit=0", "limit=10001", "cursor=x", "tail=5&cursor=x"]
)
def test_a_wrong_query_for_logs_is_refused(inside: HomeInProcess, app: str, query: str) -> None:
    path = f"/tasks/{inside.new_task(app)['id']}/logs"

    refused(inside.ask("GET", f"{path}?{query}"), 400, "InvalidRequest")


def test_a_route_without_parameters_refuses_them(inside: HomeInProcess, app: str) -> None:
    said = refused(inside.ask("GET", f"/apps/{app}?verbose=1"), 400, "InvalidRequest")

    assert said["Fields"] == {"verbose": "is unknown"}


# Routes, methods, tokens


@pytest.mark.parametrize("path", ["/", "/nope", "/apps/x/y", "/tasks", "/tasks/x/y", "//", "/tasks/x/logs/y"])
def test_an_unknown_route_is_not_found(inside: HomeInProcess, path: str) -> None:
    refused(inside.ask("GET", path), 404, "RouteNotFound")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/apps"),
        ("DELETE", "/apps"),
        ("PATCH", "/health"),
        ("POST", "/tasks/x"),
        ("GET", "/tasks/x/stop"),
    ],
)
def test_a_wrong_method_is_refused(inside: HomeInProcess, method: str, path: str) -> None:
    answer = inside.ask(method, path)

    refused(answer, 405, "MethodNotAllowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YTpi",
        new_token("x")[1],
        f"Bearer {new_token('x')[1]}",
        "Bearer é",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/apps"), ("POST", "/apps"), ("GET", "/tasks/x"), ("DELETE", "/apps/x")]
)
def test_without_a_valid_token_nothing_is_said(
    inside: HomeInProcess, method: str, path: str, authorization: str
) -> None:
    answer = inside.ask(method, path, {}, headers={"Authorization": authorization})

    refused(answer, 401, "Unauthenticated")


@pytest.mark.parametrize(
    "end", [lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"), lambda token: token + " x"]
)
def test_a_token_that_is_almost_right_is_wrong(inside: HomeInProcess, end: Any) -> None:
    answer = inside.ask("GET", "/apps", headers={"Authorization": f"Bearer {end(inside.token)}"})

    refused(answer, 401, "Unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/logs", None),
        ("POST", "/stop", None),
        ("PATCH", "", {"max_hours": 1}),
        ("DELETE", "", None),
    ],
)
@pytest.mark.parametrize(
    "task_id", ["nope", "1jd3m8k7x2qf", "%00", "%F0%9F%8E%89", "..", "%ff", "%ed%a0%80", "x" * 5000]
)
def test_an_unknown_task_is_not_found(
    inside: HomeInProcess, method: str, path: str, body: Any, task_id: str
) -> None:
    refused(inside.ask(method, f"/tasks/{task_id}{path}", body), 404, "TaskNotFound")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_tasks_of_an_unknown_app_are_not_found(inside: HomeInProcess, method: str) -> None:
    refused(inside.ask(method, "/apps/nope/tasks", {"command": "true"}), 404, "AppNotFound")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json; charset=utf-8", "", "application/x-www-form-urlencoded"]
)
def test_the_content_type_never_leads_to_a_crash(inside: HomeInProcess, app: str, content_type: str) -> None:
    answer = inside.ask(
        "POST", f"/apps/{app}/tasks", {"command": "true"}, headers={"Content-Type": content_type}
    )

    assert is_documented(answer), answer.text
