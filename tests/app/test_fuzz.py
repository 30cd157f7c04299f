"""Anything at all may be sent: there is never a failure of ours, and always the documented shape."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.app.error_shape import is_documented
from tests.home_in_process import HomeInProcess

MANY = settings(max_examples=150)
BODY_FIELDS = [
    "name",
    "command",
    "image",
    "docker_tag",
    "pull",
    "user",
    "mounts",
    "networks",
    "cpu",
    "memory",
    "ephemeral_storage_gb",
    "max_hours",
    "initiated_by",
    "environment",
    "tags",
    "limits",
    "workdir",
    "stop_timeout",
    "max_cpu",
    "max_running",
    "max_subscriptions",
    "max_commands",
    "max_schedules",
    "url",
    "events",
    "format",
    "paused",
    "event",
    "command_name",
    "description",
    "cron",
    "timezone",
    "every",
    "at",
    "overlap",
    "missed_within",
    "jitter",
    "pause_after_failures",
    "enabled",
]
QUERY_FIELDS = [
    "status",
    "id",
    "initiated_by",
    "created_by",
    "tag",
    "since",
    "limit",
    "cursor",
    "tail",
    "revision",
    "x",
]

texts = st.text(max_size=30)  # hypothesis leaves out half characters; they are tried as bytes below
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(["none", "true", "/srv", "RUNNING", "2026-11-24T12:00:00Z", "9" * 400, "\0", "١٢"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(BODY_FIELDS) | texts, values, max_size=6)
likely = st.fixed_dictionaries({"command": st.just("true")}, optional=dict.fromkeys(BODY_FIELDS[2:9], values))
queries = st.lists(st.tuples(st.sampled_from(QUERY_FIELDS) | texts, scalars.map(str)), max_size=4)


@pytest.fixture(scope="module")
def app(inside: HomeInProcess) -> str:
    made = inside.new_app()
    inside.ask("POST", f"/apps/{made}/subscriptions", {"url": "https://a.example/", "name": "mine"})
    inside.ask("POST", f"/apps/{made}/commands", {"command": "true", "name": "mine"})
    inside.ask("POST", f"/apps/{made}/schedules", {"name": "mine", "command": "true", "cron": "0 2 * * *"})
    return made


@pytest.fixture(scope="module")
def task_id(inside: HomeInProcess, app: str) -> str:
    return str(inside.new_task(app)["id"])


@MANY
@given(
    st.sampled_from(
        [
            "POST /apps",
            "POST /apps/{app}/tasks",
            "PATCH /apps/{app}",
            "PATCH /tasks/{task}",
            "POST /apps/{app}/schedules",
            "PATCH /apps/{app}/schedules/mine",
            "POST /apps/{app}/subscriptions",
            "PATCH /apps/{app}/subscriptions/mine",
            "POST /apps/{app}/commands",
            "PATCH /apps/{app}/commands/mine",
            "POST /tasks/{task}/rerun",
        ]
    ),
    values | objects | likely,
)
def test_any_json_as_a_body(inside: HomeInProcess, app: str, task_id: str, route: str, body: Any) -> None:
    method, path = route.split()

    answer = inside.ask(method, path.format(app=app, task=task_id), json.dumps(body).encode())

    assert is_documented(answer), answer.text


@MANY
@given(st.sampled_from(["/apps", "/apps/{app}/tasks", "/apps/{app}/subscriptions"]), st.binary(max_size=60))
@example("/apps/{app}/subscriptions", b'{"url": "https://\\ud800"}')
@example("/apps/{app}/subscriptions", b'{"url": "https://[::1"}')
@example("/apps/{app}/subscriptions", b'{"url": "https://a.example:99999999999/"}')
@example("/apps/{app}/subscriptions", b'{"url": "https://a.example/", "events": ["\\ud800"]}')
@example("/apps", b'{"name": "\\ud800"}')
@example("/apps", b'{"\\ud800": "x"}')
@example("/apps", b'{"name": "x", "environment": {"\\udc00": null}}')
@example("/apps", b'{"name": "x", "name": "\\u0000"}')
@example("/apps/{app}/tasks", b'{"command": "true", "max_hours": 1' + b"0" * 5000 + b"}")
@example("/apps/{app}/tasks", b'{"command": "true", "ephemeral_storage_gb": 1' + b"0" * 5000 + b"}")
@example("/apps/{app}/tasks", b'{"command": "true", "memory": 5e-324}')
def test_any_bytes_as_a_body(inside: HomeInProcess, app: str, path: str, body: bytes) -> None:
    answer = inside.ask("POST", path.format(app=app), body)

    assert is_documented(answer), answer.text


@MANY
@given(
    st.sampled_from(
        [
            "/apps",
            "/apps/{app}",
            "/apps/{app}/tasks",
            "/apps/{app}/commands",
            "/tasks/{task}",
            "/tasks/{task}/logs",
        ]
    ),
    queries,
)
@example("/apps/{app}/tasks", [("since", "0001-01-01T00:00:00+14:00")])
@example("/apps/{app}/tasks", [("since", "9999-12-31T23:59:59-14:00")])
@example("/apps/{app}/tasks", [("since", "99999999999999")])
@example("/apps/{app}/tasks", [("limit", "9" * 5000)])
@example("/tasks/{task}", [("revision", "9" * 30)])
@example("/tasks/{task}", [("revision", "9" * 5000)])
@example("/tasks/{task}/logs", [("cursor", "")])
def test_any_query(
    inside: HomeInProcess, app: str, task_id: str, path: str, query: list[tuple[str, str]]
) -> None:
    answer = inside.ask("GET", f"{path.format(app=app, task=task_id)}?{urlencode(query, errors='replace')}")

    assert is_documented(answer), answer.text


@MANY
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
@example("%")
@example("%%%")
@example("=&=&")
@example("a=%ff&a=%c3")
@example("limit=%ed%a0%80")
@example("initiated_by=%ed%a0%80")
def test_any_raw_query(inside: HomeInProcess, app: str, query: str) -> None:
    answer = inside.ask("GET", f"/apps/{app}/tasks?{query}")

    assert is_documented(answer), answer.text


@MANY
@given(
    st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    st.lists(st.text(max_size=12).map(lambda part: quote(part, safe="")), max_size=4),
)
def test_any_path(inside: HomeInProcess, method: str, parts: list[str]) -> None:
    answer = inside.ask(method, "/" + "/".join(parts), {})

    assert is_documented(answer), answer.text


@MANY
@given(
    st.sampled_from(["Authorization", "Idempotency-Key", "Content-Type", "Accept"]),
    st.text(st.characters(max_codepoint=255)),
)
def test_any_header(inside: HomeInProcess, app: str, name: str, value: str) -> None:
    """http.server decodes headers as Latin-1."""
    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true"}, headers={name: value})

    assert is_documented(answer), answer.text
