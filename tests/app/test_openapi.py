"""The description is valid, complete, and true of what is really answered."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import validate

import app as triggers
from chalicelib.domain.status import Status
from tests.home_in_process import HomeInProcess
from tests.http_client import Answer

SECRET = "never-to-be-told"

Operations = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def description(inside: HomeInProcess) -> Any:
    return inside.ask("GET", "/openapi.json", headers={"Authorization": ""}).json


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app(environment={"PASSWORD": SECRET})


def operations(description: Any) -> Operations:
    return {
        (method.upper(), path): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def test_the_description_is_valid_openapi(description: Any) -> None:
    validate(description)


def test_every_route_is_described_and_nothing_else(description: Any) -> None:
    served = {(method, path) for path, methods in triggers.app.routes.items() for method in methods}

    assert set(operations(description)) == served


def test_every_operation_has_a_name_of_its_own_and_a_summary(description: Any) -> None:
    described = operations(description).values()

    assert len({operation["operationId"] for operation in described}) == len(described)
    assert [operation["operationId"] for operation in described if not operation["summary"]] == []


def test_output_that_the_program_may_not_read_is_described(description: Any) -> None:
    answers = operations(description)["GET", "/tasks/{task_id}/logs"]["responses"]

    assert answers["403"]["description"] == "OutputForbidden"


def test_every_operation_says_which_role_it_takes_and_that_others_are_refused(description: Any) -> None:
    stop = operations(description)["POST", "/tasks/{task_id}/stop"]
    show = operations(description)["GET", "/tasks/{task_id}"]

    assert stop["description"] == "Takes a token with the role operator."
    assert stop["responses"]["403"]["description"] == "Forbidden or LimitExceeded"
    assert show["description"] == "Takes a token with the role viewer."
    assert "403" not in show["responses"]


def test_every_operation_with_a_token_says_what_may_go_wrong(description: Any) -> None:
    lacking = [
        name
        for name, operation in operations(description).items()
        if operation.get("security") != []
        and not {"400", "401", "429", "503"} <= operation["responses"].keys()
    ]

    assert lacking == []


def test_a_list_of_tasks_says_that_it_takes_several_statuses(description: Any) -> None:
    parameters = {
        each["name"]: each for each in operations(description)["GET", "/apps/{app_name}/tasks"]["parameters"]
    }

    assert parameters["status"]["schema"]["items"] == {"type": "string", "enum": list(Status)}
    assert (parameters["status"]["style"], parameters["status"]["explode"]) == ("form", True)
    assert parameters["status"]["description"] == "repeated, or with commas between"
    assert "style" not in parameters["limit"]


def test_what_is_sent_as_anything_but_json_is_described_where_there_is_a_body(
    description: Any, inside: HomeInProcess
) -> None:
    described = {name for name, each in operations(description).items() if "415" in each["responses"]}
    with_body = {name for name, each in operations(description).items() if "requestBody" in each}

    assert described == with_body
    answer = inside.ask("POST", "/apps", {}, headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.json["Code"]) == (415, "UnsupportedMediaType")


def test_every_body_has_an_example_that_it_accepts(description: Any) -> None:
    for schema in bodies(description):
        (example, *_) = schema["examples"]
        schema_validator(description, schema).validate(example)


def bodies(description: Any) -> Iterator[Any]:
    for operation in operations(description).values():
        if "requestBody" in operation:
            name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[
                -1
            ]
            yield description["components"]["schemas"][name]


def schema_validator(description: Any, schema: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": description["components"]})


def check(description: Any, method: str, route: str, answer: Answer) -> None:
    """Fail unless the answer is as described, with no property that is not."""
    response = operations(description)[method, route]["responses"][str(answer.status)]
    schema = response["content"]["application/json"]["schema"]
    strict = json.loads(json.dumps(description["components"]))
    for part in strict["schemas"].values():
        if "properties" in part:
            part.setdefault("additionalProperties", False)
    Draft202012Validator({**schema, "components": strict}).validate(answer.json)


@pytest.mark.parametrize(
    ("method", "route", "body", "status"),
    [
        ("GET", "/health", None, 200),
        ("POST", "/apps", {"name": "described"}, 201),
        ("POST", "/apps", {"name": "described"}, 409),
        ("POST", "/apps", {"nam": "described"}, 400),
        ("GET", "/apps", None, 200),
        ("GET", "/audit", None, 200),
        ("GET", "/apps/{app_name}", None, 200),
        ("PATCH", "/apps/{app_name}", {"memory": 4, "limits": {"max_cpu": 4}}, 200),
        ("PATCH", "/apps/{app_name}", {"limits": {"max_cpu": 0.1}}, 403),
        ("DELETE", "/apps/{app_name}", None, 409),
        ("POST", "/apps/{app_name}/tasks", {"command": "true", "memory": 3}, 201),
        ("POST", "/apps/{app_name}/tasks", {"command": "x" * 300_000}, 413),
        ("GET", "/apps/{app_name}/tasks", None, 200),
        ("GET", "/tasks/{task_id}", None, 200),
        ("PATCH", "/tasks/{task_id}", {"max_hours": "none"}, 200),
        ("GET", "/tasks/{task_id}/logs", None, 200),
        ("DELETE", "/tasks/{task_id}", None, 409),
        ("POST", "/tasks/{task_id}/stop", None, 200),
    ],
)
def test_what_is_answered_is_what_is_described(
    inside: HomeInProcess, app: str, description: Any, method: str, route: str, body: Any, status: int
) -> None:
    task_id = inside.new_task(app)["id"]

    answer = inside.ask(method, route.format(app_name=app, task_id=task_id), body)

    assert answer.status == status, answer.text
    check(description, method, route, answer)


@pytest.mark.parametrize(
    ("method", "more", "body", "status"),
    [
        ("POST", "", {"url": "https://example.org/", "format": "slack"}, 201),
        ("POST", "", {"url": "https://example.org/", "name": "mine"}, 409),
        ("POST", "", {"url": "http://localhost/"}, 400),
        ("POST", "", {"url": "https://example.org/", "events": ["nope"]}, 400),
        ("GET", "", None, 200),
        ("GET", "/{name}", None, 200),
        ("PATCH", "/{name}", {"paused": True, "events": ["failed"]}, 200),
        ("POST", "/{name}/rotate", None, 200),
        ("POST", "/{name}/resend", {"event": "1jd3m8k7x2qf-9"}, 404),
        ("DELETE", "/{name}", None, 200),
    ],
)
def test_what_is_answered_about_subscriptions_is_what_is_described(
    inside: HomeInProcess, app: str, description: Any, method: str, more: str, body: Any, status: int
) -> None:
    path = f"/apps/{app}/subscriptions"
    inside.ask("POST", path, {"url": "https://example.org/", "name": "mine"})
    inside.new_task(app)

    answer = inside.ask(method, path + more.format(name="mine"), body)

    assert answer.status == status, answer.text
    check(description, method, f"/apps/{{app_name}}/subscriptions{more}", answer)


@pytest.mark.parametrize(
    ("method", "more", "body", "status"),
    [
        ("POST", "", {"name": "new", "command": "true", "memory": 2, "environment": {"A": "1"}}, 201),
        ("POST", "", {"name": "mine", "command": "true"}, 409),
        ("POST", "", {"name": "new"}, 400),
        ("GET", "", None, 200),
        ("GET", "/{name}", None, 200),
        ("PATCH", "/{name}", {"description": None, "environment": {"A": None}}, 200),
        ("PATCH", "/{name}", {"command": ""}, 400),
        ("DELETE", "/{name}", None, 200),
    ],
)
def test_what_is_answered_about_saved_commands_is_what_is_described(
    inside: HomeInProcess, app: str, description: Any, method: str, more: str, body: Any, status: int
) -> None:
    path = f"/apps/{app}/commands"
    inside.ask("POST", path, {"command": "true", "name": "mine"})

    answer = inside.ask(method, path + more.format(name="mine"), body)

    assert answer.status == status, answer.text
    check(description, method, f"/apps/{{app_name}}/commands{more}", answer)


@pytest.mark.parametrize("route", ["/tasks/{task_id}", "/apps/{app_name}"])
def test_what_was_removed_is_answered_as_described(
    inside: HomeInProcess, app: str, description: Any, route: str
) -> None:
    task_id = inside.new_task(app)["id"]
    inside.ask("POST", f"/tasks/{task_id}/stop")

    path = route.format(app_name=app, task_id=task_id)

    check(description, "DELETE", route, inside.ask("DELETE", path))
    check(description, "GET", route, inside.ask("GET", path))


def test_the_values_of_an_environment_are_in_no_answer(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app, "echo $PASSWORD")["id"]
    answers = [
        inside.ask("GET", "/apps"),
        inside.ask("GET", f"/apps/{app}"),
        inside.ask("PATCH", f"/apps/{app}", {"environment": {"OTHER": f"{SECRET}2"}}),
        inside.ask("PATCH", f"/apps/{app}", {"environment": {"1": SECRET}}),
        inside.ask("PATCH", f"/apps/{app}", {"environment": {"BAD": f"{SECRET}\0"}}),
        inside.ask("PATCH", f"/apps/{app}", {"environment": SECRET}),
        inside.ask("PATCH", f"/apps/{app}", f'{{"environment": {{"A": "{SECRET}'.encode()),
        inside.ask("POST", "/apps", {"name": app, "environment": {"PASSWORD": SECRET}}),
        inside.ask("GET", f"/apps/{app}/tasks"),
        inside.ask("GET", f"/tasks/{task_id}"),
        inside.ask("GET", f"/tasks/{task_id}/logs"),
        inside.ask("POST", f"/tasks/{task_id}/stop"),
    ]

    assert [answer.text for answer in answers if SECRET in answer.text] == []


def test_the_values_of_an_environment_are_in_no_task_record(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app)["id"]

    assert SECRET not in inside.record(task_id).model_dump_json()


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("CreateTask", {"command": "echo hi"}),
        ("CreateTask", {"command": "two\nlines\t"}),
        ("CreateTask", {"command": ""}),
        ("CreateTask", {"command": " \n\t "}),
        ("CreateTask", {"command": "a\0b"}),
        ("CreateTask", {"command": "a", "initiated_by": "b\0"}),
        ("CreateTask", {"command": "x" * 7001}),
        ("CreateTask", {"command": "true", "command_name": None}),
        ("CreateTask", {"command_name": "mine"}),
        ("CreateTask", {"command_name": "No Name"}),
        ("CreateTask", {"command": "true", "command_name": "mine"}),
        ("CreateTask", {}),
        ("CreateApp", {"workdir": "/srv/app"}),
        ("CreateApp", {"workdir": "srv/app"}),
        ("CreateApp", {"workdir": "/srv\0app"}),
        ("CreateApp", {"image": "registry.example:5000/team/shop:1.2"}),
        ("CreateApp", {"image": "team/Shop"}),
        ("CreateApp", {"user": "1000:1000"}),
        ("CreateApp", {"user": "1000:1000:1000"}),
        ("CreateApp", {"networks": ["shop_default"]}),
        ("CreateApp", {"networks": ["shop default"]}),
        ("CreateTask", {"command": "true", "docker_tag": "v1.2"}),
        ("CreateTask", {"command": "true", "docker_tag": ".v1.2"}),
        ("CreateTask", {"command": "true", "pull": "always"}),
        ("CreateTask", {"command": "true", "pull": "sometimes"}),
        ("CreateApp", {"environment": {"A_1": "x\ny"}}),
        ("CreateApp", {"environment": {"1A": "x"}}),
        ("CreateApp", {"environment": {"A-B": "x"}}),
        ("CreateApp", {"environment": {"": "x"}}),
        ("CreateApp", {"environment": {"TAPIT_TASK_ID": "x"}}),
        ("CreateApp", {"environment": {"A": "x\0"}}),
        ("CreateApp", {"secrets": {"no name": "arn:aws:ssm:eu-west-1:123456789012:parameter/x"}}),
    ],
)
def test_the_description_says_what_the_checks_say(
    description: Any, inside: HomeInProcess, app: str, model: str, body: dict[str, Any]
) -> None:
    schema = {"$ref": f"#/components/schemas/{model}", "components": description["components"]}
    if model == "CreateApp":
        body = {"name": f"{app[:-1]}z", **body}
        answer = inside.ask("POST", "/apps", body)
        inside.ask("DELETE", f"/apps/{body['name']}")
    else:
        inside.ask("POST", f"/apps/{app}/commands", {"name": "mine", "command": "true"})
        answer = inside.ask("POST", f"/apps/{app}/tasks", body)

    assert Draft202012Validator(schema).is_valid(body) == (answer.status == 201), answer.text
