"""The program as Lambda runs it: one function at a time, wired to AWS by its environment."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(ROOT),
    "AWS_LAMBDA_FUNCTION_NAME": "tapit-test-launch",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "STAGE": "test",
    "TABLE": "tapit-test",
    "STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:tapit-test-lifecycle",
}
STORY = """
import json
from tests.aws_adapters.ecs_account import a_web_app, client, ecs_on_moto
from tests.aws_adapters.test_stepfunctions import a_machine
from tests.builders import NOON
from tests.dynamodb_table import NAME, PROPERTIES, _CREATED_WITH

with ecs_on_moto() as ecs:
    client("dynamodb").create_table(TableName=NAME, **{name: PROPERTIES[name] for name in _CREATED_WITH})
    machine = a_machine(client("stepfunctions"))
    import app
    from chalice.test import Client
    from chalicelib.domain.new_task import NewTask
    from chalicelib.usecases.create import create_task
    from chalicelib.wiring import services
    home = services()
    home.apps.create(a_web_app())
    task, _ = create_task(home, "shop", NewTask(command="true"), created_by="alice", key=None)
    begun = client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert [each["name"] for each in begun] == [task.id]
    with Client(app.app) as lambdas:
        event = {"source": "aws.ecs", "detail-type": "ECS Task State Change", "resources": [], "region": "x",
            "version": "0", "id": "x", "time": "x", "account": "1", "detail": {
            "taskArn": "arn:aws:ecs:x:1:task/prod/0", "version": 3, "lastStatus": "STOPPED",
            "startedBy": f"tapit-test/{task.id}/1", "startedAt": NOON.isoformat(), "stoppedAt": NOON.isoformat(),
            "stopCode": "EssentialContainerExited", "containers": [{"name": "main", "exitCode": 3}]}}
        lambdas.lambda_.invoke("ecs_event", event)
        over = lambdas.lambda_.invoke("launch", {"task_id": task.id}).payload
        strange, _ = create_task(home, "shop", NewTask(command="true"), created_by="alice", key=None)
        client("dynamodb").update_item(TableName=NAME, Key={"pk": {"S": f"task#{strange.id}"}},
            UpdateExpression="SET #record = :other", ExpressionAttributeNames={"#record": "record"},
            ExpressionAttributeValues={":other": {"S": '{"status": "QUEUED"}'}})
        lambdas.lambda_.invoke("sweep", event)
        assert lambdas.lambda_.invoke("check_deadline", {"task_id": "000000000000"}).payload["done"]
    assert over == {"task_id": task.id, "done": True, "next_wake": None}, over
    assert home.tasks.get(task.id).exit_code == 3
"""


def run(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    told = {**ENVIRONMENT, **environment}
    return subprocess.run([sys.executable, "-c", script], env=told, capture_output=True, text=True)


def metrics(output: str) -> dict[str, Any]:
    """Every metric that was written, by name."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {
        metric["Name"]: line[metric["Name"]]
        for line in lines
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }


def logged(output: str, words: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [line for line in lines if words in line.get("message", "")]


def test_a_task_is_created_seen_and_counted_through_every_function() -> None:
    told = run(STORY, _HANDLER="app.on_launch")

    assert told.returncode == 0, told.stderr
    counted = metrics(told.stdout)
    assert {"tasks_created", "tasks_ended_by_exit"} <= counted.keys(), told.stdout
    assert counted["unreadable_records"] == [1.0]
    assert [line["level"] for line in logged(told.stdout, "cannot be read")] == ["ERROR"]


@pytest.mark.parametrize(
    ("handler", "clients"), [("app.on_ecs_event", ["dynamodb"]), ("app.app", ["dynamodb", "stepfunctions"])]
)
def test_a_function_makes_its_clients_while_it_starts(handler: str, clients: list[str]) -> None:
    """Only those that it is bound to use: the API makes those for sessions when somebody opens one."""
    look = """
import botocore.session
made, create = [], botocore.session.Session.create_client
def noted(session, service, **settings):
    made.append(service)
    return create(session, service, **settings)
botocore.session.Session.create_client = noted
import app
print(made)
"""

    told = run(look, _HANDLER=handler)

    assert (told.returncode, told.stdout.strip()) == (0, str(clients)), told.stderr


def test_a_function_that_lacks_a_setting_starts_and_names_it_when_called() -> None:
    call = "import app; app.on_launch({'task_id': '1jd3m8k7x2qf'}, None)"

    told = run(call, _HANDLER="app.on_launch", TABLE="")

    assert "TABLE is missing" in told.stderr
    assert "app.py" in told.stderr


def test_a_function_bounds_how_often_a_token_asks() -> None:
    told = run(
        """
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.token import Token
from chalicelib.wiring import RATE, services
token = Token(id="00000000", name="ci", secret_sha256="0" * 64)
try:
    for _ in range(3 * RATE.at_once):
        services().admit(token)
except TooManyRequests as error:
    print(error)
"""
    )

    assert told.stdout == "Token ci asks too often: more than 15 times a second.\n", told.stderr
