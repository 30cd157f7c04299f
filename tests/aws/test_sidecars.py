"""A service with a proxy and an init container, from its definition to how a task of it ends, on the endpoint."""

from typing import Any

import pytest

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_sessions import EcsSessions
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.session_manager import SessionManager
from chalicelib.domain.app import App
from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task, accept_launch, begin_attempt, observe
from chalicelib.ecs_events import sighting_in
from tests.aws.conftest import Ecs, definition
from tests.builders import NOON, a_task, an_app

LOG = definition()["containerDefinitions"][0]["logConfiguration"]
UNTIL_STOPPED = "touch $FLAG; trap 'exit 0' TERM; while :; do sleep 0.02; done"


@pytest.fixture
def flag(tmp_path: Any) -> str:
    return str(tmp_path / "is-up")


def serve(ecs: Ecs, flag: str, init: str) -> None:
    """The proxy is essential to the service, as to all of its containers; the router of logs is not for tasks."""
    shell = {"entryPoint": ["/bin/sh", "-c"], "logConfiguration": LOG}
    web = {
        "name": "web",
        "image": "shop:1",
        "pseudoTerminal": True,
        "logConfiguration": LOG,
        "dependsOn": [
            {"containerName": "proxy", "condition": "HEALTHY"},
            {"containerName": "init", "condition": "SUCCESS"},
            {"containerName": "router", "condition": "START"},
        ],
    }
    proxy = {
        "name": "proxy",
        "image": "proxy:1",
        "memory": 400,
        "command": [UNTIL_STOPPED],
        "environment": [{"name": "FLAG", "value": flag}],
        "healthCheck": {"command": ["CMD-SHELL", "test -e $FLAG"]},
        **shell,
    }
    starts_after = [{"containerName": "proxy", "condition": "HEALTHY"}]
    first = {
        "name": "init",
        "image": "init:1",
        "essential": False,
        "command": [init],
        "dependsOn": starts_after,
    }
    router = {"name": "router", "image": "fluent-bit", "firelensConfiguration": {"type": "fluentbit"}}
    shipped = {"logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "elsewhere"}}}
    ecs.client.register_task_definition(
        **definition(
            family="web",
            cpu="1024",
            memory="2048",
            containerDefinitions=[{**web, **shipped}, proxy, {**first, **shell}, router],
        )
    )
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
    ecs.client.create_service(
        cluster="prod",
        serviceName="web",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration=network,
    )


def a_cluster(ecs: Ecs) -> EcsCluster:
    sessions = EcsSessions(ecs.client, SessionManager(None, lambda _: {}))
    return EcsCluster(ecs.client, LogGroups(None), sessions, stage="test", region="us-east-1")


def ended(ecs: Ecs, app: App, command: str) -> Task:
    """Launch a task of the smallest size, and return it as it is once its container has stopped."""
    cluster = a_cluster(ecs)
    task = a_task(command=command)
    task = begin_attempt(task, cluster.plan(task, app), NOON)
    arn = cluster.start(task, app)
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")
    seen = sighting_in(ecs.describe(arn))
    return observe(accept_launch(task, arn, NOON), seen, NOON)


def an_app_with_sidecars(**changes: Any) -> App:
    defaults = {"cluster": "prod", "service": "web", "sidecars": ("proxy", "init"), "log_group": "/ecs/shop"}
    return an_app(**{**defaults, **changes})


def test_the_command_runs_once_its_sidecars_are_up_and_its_end_is_the_tasks(ecs: Ecs, flag: str) -> None:
    serve(ecs, flag, init=f"test -e {flag} && touch {flag}-too")
    assert a_cluster(ecs).check_app(an_app_with_sidecars()) == []

    task = ended(ecs, an_app_with_sidecars(), f"test -e {flag}-too && exit 7")

    assert (task.status, task.ended_by, task.exit_code) == (Status.FAILED, EndedBy.EXIT, 7)


def test_a_command_whose_init_container_failed_never_started_and_says_so(ecs: Ecs, flag: str) -> None:
    serve(ecs, flag, init="exit 1")

    task = ended(ecs, an_app_with_sidecars(), "echo never")

    assert (task.status, task.ended_by, task.exit_code) == (Status.FAILED, EndedBy.START_FAILURE, None)
    assert task.diagnosis is not None
    assert "init(init:1)" in task.diagnosis.what
    assert "sidecars=" in task.diagnosis.next


def test_without_sidecars_the_command_runs_alone(ecs: Ecs, flag: str) -> None:
    serve(ecs, flag, init="exit 1")

    task = ended(ecs, an_app_with_sidecars(sidecars=(), container="web"), f"test ! -e {flag}")

    assert (task.status, task.exit_code) == (Status.SUCCEEDED, 0)
    (note,) = a_cluster(ecs).check_app(an_app_with_sidecars(sidecars=(), container="web"))
    assert "(proxy, init)" in note
