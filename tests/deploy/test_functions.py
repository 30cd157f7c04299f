"""Each function of the packaged zip, started as Lambda starts it, with its environment and without."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib.adapters.queue_courier import message_of
from deploy.lambda_runtime import LAMBDAS_OWN, Outcome, invoke
from deploy.package import ROOT
from tests.builders import a_delivery, a_task, an_event

pytestmark = pytest.mark.slow

TASK_ID = "01234567890a"
VALUES = {
    "STAGE": "dev",
    "TABLE": "tapit-dev",
    "FAILED_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/tapit-dev-failed",
    "DELIVERIES_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/tapit-dev-deliveries",
    "SLOW_DELIVERIES_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/tapit-dev-slow-deliveries",
    "SESSION_ROLE_ARN": "arn:aws:iam::123456789012:role/tapit-dev-SessionRole-1",
    "STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:tapit-dev-lifecycle",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "PYTHONWARNINGS": "ignore:No application metrics",
}
ECS_EVENT = {
    "version": "0",
    "id": "1",
    "detail-type": "ECS Task State Change",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2030-01-01T12:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:ecs:eu-west-1:123456789012:task/prod/1"],
    "detail": {
        "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/prod/1",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
        "startedBy": f"tapit-dev/{TASK_ID}/1",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "version": 3,
        "containers": [],
    },
}
STEP = {"task_id": TASK_ID}
OVER = {"task_id": TASK_ID, "done": True, "next_wake": None}
NO_NEWS = {
    "eventName": "MODIFY",
    "dynamodb": {
        "SequenceNumber": "1",
        "NewImage": {"pk": {"S": f"task#{TASK_ID}"}, "record": {"S": a_task(revision=2).model_dump_json()}},
    },
}
DELIVERY = {
    "messageId": "1",
    "receiptHandle": "1",
    "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:tapit-dev-deliveries",
    "body": message_of(a_delivery(), an_event(a_task())),
}
EVENTS: dict[str, dict[str, Any]] = {
    "EcsEvent": ECS_EVENT,
    "Launch": STEP,
    "CheckDeadline": STEP,
    "Publish": {"Records": [NO_NEWS]},
    "Deliver": {"Records": [DELIVERY]},
    "KeepSecrets": {"app": "shop", "remove": True},
    "Sweep": ECS_EVENT | {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
}


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """Where a process of its own finds DynamoDB with the table in it, as environment variables."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    table = json.loads((ROOT / ".chalice/table.json").read_text())
    wanted = {name: table[name] for name in table if name in _TABLE_PARAMETERS}
    keys = {name.lower(): LAMBDAS_OWN[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    dynamodb = boto3.client("dynamodb", region_name="eu-west-1", endpoint_url=url, **keys)
    dynamodb.create_table(TableName="tapit-dev", **wanted)
    yield {"AWS_ENDPOINT_URL": url}
    server.stop()


_TABLE_PARAMETERS = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


def test_the_api_answers(code: Path, template: dict[str, Any], aws: dict[str, str]) -> None:
    answered = invoke(code, *_api("/health"), _environment(template, "APIHandler") | aws)

    assert answered.said["statusCode"] == 200
    assert json.loads(answered.said["body"])["home"] == "aws"


def test_the_api_reads_the_table(code: Path, template: dict[str, Any], aws: dict[str, str]) -> None:
    refused = invoke(code, *_api("/apps"), _environment(template, "APIHandler") | aws)

    assert refused.said["statusCode"] == 401


def test_the_api_without_its_environment_names_what_is_missing(code: Path) -> None:
    refused = invoke(code, *_api("/health"), {})

    assert refused.said["statusCode"] == 503
    assert "STAGE is missing" in json.loads(refused.said["body"])["Message"]


@pytest.mark.parametrize("function", EVENTS)
def test_a_function_handles_what_it_is_called_with(
    code: Path, template: dict[str, Any], aws: dict[str, str], function: str
) -> None:
    """No record is there under the task's id: an event for nobody, and a life that is over."""
    handler = template["Resources"][function]["Properties"]["Handler"]

    answered = invoke(code, handler, EVENTS[function], _environment(template, function) | aws)

    assert answered.kind == "response", answered.written
    assert answered.said in (None, OVER, {"batchItemFailures": []}, {})


@pytest.mark.parametrize("function", EVENTS)
def test_a_function_without_its_environment_names_what_is_missing(
    code: Path, template: dict[str, Any], function: str
) -> None:
    handler = template["Resources"][function]["Properties"]["Handler"]

    failed = invoke(code, handler, EVENTS[function], {})

    _assert_named(failed, "STAGE", "TABLE")


@pytest.mark.parametrize("function", ["APIHandler", "Launch"])
def test_logs_and_metrics_are_json(
    code: Path, template: dict[str, Any], aws: dict[str, str], function: str
) -> None:
    event: tuple[str, dict[str, Any]] = ("app.on_launch", STEP) if function == "Launch" else _api("/nowhere")

    outcome = invoke(code, *event, _environment(template, function) | aws)

    assert all(json.loads(line) for line in outcome.written.splitlines())


def _environment(template: dict[str, Any], function: str) -> dict[str, str]:
    """The very variables that the template sets; a new one needs a value here."""
    names = template["Resources"][function]["Properties"]["Environment"]["Variables"]
    return {name: VALUES[name] for name in names}


def _assert_named(outcome: Outcome, *settings: str) -> None:
    assert outcome.kind == "error", outcome  # not init/error: the function does start
    assert outcome.said["errorType"] == "Misconfigured"
    for setting in settings:
        assert re.search(rf"\b{setting} is missing", outcome.said["errorMessage"])


def _api(path: str) -> tuple[str, dict[str, Any]]:
    event = {
        "httpMethod": "GET",
        "path": path,
        "resource": path,
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": path,
            "path": f"/api{path}",
            "requestId": "1",
        },
    }
    return "app.app", event
