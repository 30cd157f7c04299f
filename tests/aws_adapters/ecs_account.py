"""An account with a cluster and a service that listens to the web, on moto."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto import mock_aws

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_sessions import EcsSessions
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.session_manager import SessionManager
from chalicelib.domain.app import App
from chalicelib.domain.task import Task, begin_attempt
from tests.aws_clients import REGION, client_of
from tests.builders import NOON, a_task, an_app

EXECUTION_ROLE = "arn:aws:iam::123456789012:role/shop-execution"
TASK_ROLE = "arn:aws:iam::123456789012:role/shop"
SESSION_ROLE = "arn:aws:iam::123456789012:role/tapit-test-SessionRole-1"
NO_SESSIONS = EcsSessions(None, SessionManager(None, lambda _: {}))  # nobody opens any
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"
WEB: dict[str, Any] = {
    "name": "web",
    "image": "registry.example:5000/shop/web:v1@sha256:" + "0" * 64,
    "cpu": 128,
    "memory": 256,
    "memoryReservation": 128,
    "essential": True,
    "entryPoint": ["/docker-entrypoint.sh"],
    "command": ["serve"],
    "environment": [{"name": "APP_NAME", "value": "shop"}, {"name": "MODE", "value": "web"}],
    "secrets": [{"name": "DATABASE_URL", "valueFrom": SECRET}],
    "portMappings": [{"containerPort": 8080}],
    "healthCheck": {"command": ["CMD", "true"]},
    "dependsOn": [{"containerName": "proxy", "condition": "START"}],
    "links": ["proxy"],
    "volumesFrom": [{"sourceContainer": "proxy"}],
    "mountPoints": [{"sourceVolume": "media", "containerPath": "/media"}],
    "linuxParameters": {"sharedMemorySize": 64},
    "user": "app",
}
PROXY: dict[str, Any] = {"name": "proxy", "image": "envoy", "memory": 64, "essential": False}


def client(service: str) -> Any:
    return client_of(service, retries={"mode": "standard", "total_max_attempts": 1})


@contextmanager
def ecs_on_moto(*containers: Mapping[str, Any]) -> Iterator[Any]:
    """A client of an account whose service `web` in the cluster `prod` runs these containers."""
    with mock_aws():
        ecs = client("ecs")
        ecs.create_cluster(clusterName="prod")
        serve(ecs, *(containers or (WEB, PROXY)))
        yield ecs


def serve(ecs: Any, *containers: Mapping[str, Any]) -> None:
    registered = ecs.register_task_definition(
        family="shop-web",
        executionRoleArn=EXECUTION_ROLE,
        taskRoleArn=TASK_ROLE,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        volumes=[{"name": "media", "host": {}}, {"name": "unused", "host": {}}],
        containerDefinitions=list(containers),
    )
    ecs.create_service(
        cluster="prod",
        serviceName="web",
        taskDefinition=registered["taskDefinition"]["taskDefinitionArn"],
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": subnets(),
                "securityGroups": security_groups(),
                "assignPublicIp": "DISABLED",
            }
        },
    )


def subnets() -> list[str]:
    """Those of the account's default VPC."""
    return sorted(subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"])


def security_groups() -> list[str]:
    return [group["GroupId"] for group in client("ec2").describe_security_groups()["SecurityGroups"]]


def a_cluster(ecs: Any) -> EcsCluster:
    return EcsCluster(
        ecs, LogGroups(client("logs")), NO_SESSIONS, stage="test", region=REGION, session_role=SESSION_ROLE
    )


def a_web_app(**changes: Any) -> App:
    return an_app(**{"cluster": "prod", "service": "web", **changes})


def a_planned_task(cluster: EcsCluster, app: App, **changes: Any) -> Task:
    """A task that moto can run: it wants containers to have a memory of their own, which ECS does not."""
    task = a_task(**changes)
    plan = cluster.plan(task, app)
    container = {"name": "main", "image": "busybox", "memory": 64}
    made = client("ecs").register_task_definition(family="runs-on-moto", containerDefinitions=[container])
    call = plan["run_task"] | {"taskDefinition": made["taskDefinition"]["taskDefinitionArn"]}
    return begin_attempt(task, plan | {"run_task": call}, NOON)
