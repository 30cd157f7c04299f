"""An account that is moto's, and a package that is small."""

import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from moto import mock_aws

from deploy.account import Account, open_account
from deploy.package import Package, package
from deploy.stack import Stack

REGION = "eu-west-1"
THIS_ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
URL = "https://abc.execute-api.eu-west-1.amazonaws.com/api"
QUEUES = "https://sqs.eu-west-1.amazonaws.com/123456789012"


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The real package, for this machine's architecture."""
    return package(THIS_ARCHITECTURE, tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def template(packaged: Package) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(packaged.template.read_text())
    return made


@pytest.fixture(scope="session")
def code(packaged: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked zip."""
    folder = tmp_path_factory.mktemp("task")
    with ZipFile(packaged.zip) as packed:
        packed.extractall(folder)
    return folder


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        opened = open_account()
        opened.session.events.register("after-call.cloudformation.DescribeStacks", _compute_outputs)
        yield opened


def _compute_outputs(parsed: dict[str, Any], **_: Any) -> None:
    """Moto forgets the outputs of a stack that a change set made."""
    for stack in parsed.get("Stacks", []):
        values = {
            "ApiUrl": URL,
            "TableName": _table_of(stack),
            "EventFunction": f"{stack['StackName']}-ecs-event",
            "PublishFunction": f"{stack['StackName']}-publish",
        }
        values |= {"FailedQueue": f"{QUEUES}/{stack['StackName']}-failed", "EventBus": stack["StackName"]}
        values |= {"DeliveriesQueue": f"{QUEUES}/{stack['StackName']}-deliveries"}
        stack["Outputs"] = [{"OutputKey": name, "OutputValue": value} for name, value in values.items()]


def _table_of(stack: dict[str, Any]) -> str:
    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
    return given.get("ExistingTable") or str(stack["StackName"])


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stack(account: Account, said: list[str]) -> Stack:
    return Stack(account, "dev", said.append, pause=lambda _: None)


@pytest.fixture
def small_package(tmp_path: Path) -> Package:
    """Moto knows no SAM, so the template is one that needs none; its parameters and outputs are the real ones."""
    return a_package(tmp_path, SMALL_TEMPLATE)


def a_package(folder: Path, template: dict[str, Any]) -> Package:
    made = Package(folder / "tapit.zip", folder / "template.json")
    made.zip.write_bytes(b"the zip")
    made.template.write_text(json.dumps(template))
    return made


_REAL: dict[str, Any] = json.loads((Path(__file__).parents[2] / ".chalice/resources.json").read_text())
_TABLE: dict[str, Any] = {
    "TableName": {"Fn::Sub": "tapit-${Stage}"},
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "DeletionProtectionEnabled": True,
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
}
SMALL_TEMPLATE: dict[str, Any] = {
    # Strings all: moto describes a list as Python writes it.
    "Parameters": {name: values | {"Type": "String"} for name, values in _REAL["Parameters"].items()},
    "Conditions": {"MakesTable": _REAL["Conditions"]["MakesTable"]},
    "Resources": {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Condition": "MakesTable",
            "DeletionPolicy": "Retain",
            "Properties": _TABLE,
        },
        "EventBus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": "tapit-${Stage}"}}},
        "Failed": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Fn::Sub": "tapit-${Stage}-failed"}},
        },
    },
}
