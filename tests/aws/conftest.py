"""Fixtures of the ECS endpoint alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.aws.ecs_endpoint.endpoint import Endpoint
from tests.aws.ecs_endpoint.server import serving
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.in_memory import KeptEvents, KeptLogs, KeptSecrets

_SESSION = boto3.Session()  # it reads the model of ECS once
SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db"


@dataclass(frozen=True)
class Ecs:
    """The endpoint, a client of it, and what it wrote and sent."""

    endpoint: Endpoint
    client: Any
    logs: KeptLogs
    events: KeptEvents

    def run(self, script: str, **more: Any) -> str:
        answer = self.client.run_task(**run_request(script, **more))
        assert not answer["failures"]
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    def describe(self, arn: str) -> dict[str, Any]:
        (task,) = self.client.describe_tasks(cluster="prod", tasks=[arn])["tasks"]
        found: dict[str, Any] = task
        return found


@pytest.fixture
def ecs() -> Iterator[Ecs]:
    settings = Settings(
        pace=0.001,
        registering=0.2,
        unknown_subnets=frozenset({"subnet-gone"}),
        images_missing=frozenset({"shop:gone"}),
        images_slow=frozenset({"shop:slow"}),
    )
    logs, events = KeptLogs("/ecs/shop"), KeptEvents()
    endpoint = Endpoint(settings, logs, events, KeptSecrets({SECRET: "hunter2"}))
    with serving(endpoint) as url:
        client = ecs_client(url)
        client.create_cluster(clusterName="prod")
        yield Ecs(endpoint, client, logs, events)


def ecs_client(url: str) -> Any:
    return _SESSION.client(
        "ecs",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def definition(**changes: Any) -> dict[str, Any]:
    """A definition as an app's service has it; `container` changes its container."""
    container = {
        "name": "main",
        "image": "shop:1",
        "entryPoint": ["/bin/sh", "-c"],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": "/ecs/shop",
                "awslogs-region": "us-east-1",
                "awslogs-stream-prefix": "tapit",
                "mode": "blocking",
            },
        },
    }
    return {
        "family": "shop",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::000000000000:role/ecsTaskExecutionRole",
        "containerDefinitions": [container | changes.pop("container", {})],
    } | changes


def run_request(script: str, **changes: Any) -> dict[str, Any]:
    override = {"name": "main", "command": [script], "environment": [{"name": "COLOUR", "value": "red"}]}
    return {
        "cluster": "prod",
        "taskDefinition": "shop",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "overrides": {"containerOverrides": [override]},
    } | changes
