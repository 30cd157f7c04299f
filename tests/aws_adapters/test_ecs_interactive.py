"""Tasks that people go into, on ECS: what they are started with, and which can never be."""

import json
from typing import Any

import pytest

from chalicelib.adapters import graceful_line, watchdog
from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_overrides import LONGEST_OVERRIDES
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest, RefusedForGood
from chalicelib.domain.known_reasons import next_step
from tests.aws_adapters.ecs_account import (
    EXECUTION_ROLE,
    NO_SESSIONS,
    PROXY,
    SESSION_ROLE,
    WEB,
    a_cluster,
    a_web_app,
    client,
    ecs_on_moto,
    subnets,
)
from tests.aws_clients import REGION
from tests.builders import a_task, an_app


def an_app_without_role(**changes: Any) -> App:
    return an_app(
        cluster="prod",
        image="busybox",
        subnets=tuple(subnets()),
        execution_role=EXECUTION_ROLE,
        **changes,
    )


def run_task_of(cluster: EcsCluster, app: App, **task: Any) -> dict[str, Any]:
    call: dict[str, Any] = cluster.plan(a_task(**task), app)["run_task"]
    return call


def command_of(call: dict[str, Any]) -> list[str]:
    (override,) = call["overrides"]["containerOverrides"]
    command: list[str] = override["command"]
    return command


def test_only_an_interactive_task_can_be_gone_into(cluster: EcsCluster) -> None:
    assert run_task_of(cluster, a_web_app(), interactive=True)["enableExecuteCommand"] is True
    assert "enableExecuteCommand" not in run_task_of(cluster, a_web_app())


def test_an_interactive_task_runs_its_own_command(cluster: EcsCluster) -> None:
    assert command_of(run_task_of(cluster, a_web_app(), interactive=True, command="serve"))[1] == "serve"


def test_the_container_of_an_attached_task_waits_for_sessions_however_long_their_command_is(
    cluster: EcsCluster,
) -> None:
    call = run_task_of(cluster, a_web_app(), interactive=True, attached=True, command="x" * 20_000)

    assert command_of(call) == graceful_line.as_it_is(watchdog.command())
    assert len(json.dumps(call["overrides"])) < LONGEST_OVERRIDES / 4


def test_both_run_on_the_definition_that_other_tasks_have(cluster: EcsCluster) -> None:
    kinds: list[dict[str, bool]] = [{}, {"interactive": True}, {"interactive": True, "attached": True}]

    assert len({run_task_of(cluster, a_web_app(), **kind)["taskDefinition"] for kind in kinds}) == 1


def test_the_stages_tag_which_sessions_are_bound_to_comes_from_the_definition(
    ecs: Any, cluster: EcsCluster
) -> None:
    call = run_task_of(cluster, a_web_app(), interactive=True)
    tags = ecs.describe_task_definition(taskDefinition=call["taskDefinition"], include=["TAGS"])["tags"]

    assert call["propagateTags"] == "TASK_DEFINITION"
    assert {"key": "tapit:stage", "value": "test"} in tags
    assert "tapit:stage" not in {
        tag["key"] for tag in call["tags"]
    }  # a key that is there twice might be refused


@pytest.mark.parametrize("app", [{}, {"task_role": "arn:aws:iam::123456789012:role/own"}])
def test_a_task_role_that_there_is_stays(cluster: EcsCluster, app: dict[str, str]) -> None:
    assert "taskRoleArn" not in run_task_of(cluster, a_web_app(**app), interactive=True)["overrides"]


def test_an_interactive_task_without_a_role_gets_the_stages(cluster: EcsCluster) -> None:
    app = an_app_without_role()

    assert run_task_of(cluster, app, interactive=True)["overrides"]["taskRoleArn"] == SESSION_ROLE
    assert "taskRoleArn" not in run_task_of(cluster, app)["overrides"]


def test_where_there_is_none_it_cannot_start(ecs: Any) -> None:
    cluster = EcsCluster(ecs, LogGroups(client("logs")), NO_SESSIONS, stage="test", region=REGION)

    with pytest.raises(RefusedForGood, match="sessions need a task role") as refused:
        cluster.plan(a_task(interactive=True), an_app_without_role())

    assert "task_role=ARN" in (next_step(str(refused.value)) or "")


def test_an_attached_task_is_refused_where_no_shell_is_the_entry_point() -> None:
    cluster = EcsCluster(None, LogGroups(None), NO_SESSIONS, stage="test", region=REGION)
    app = a_web_app(keep_entrypoint=True)

    with pytest.raises(InvalidRequest, match="nothing would keep the container alive") as refused:
        cluster.refuse(a_task(interactive=True, attached=True), app)
    cluster.refuse(a_task(interactive=True), app)

    assert set(refused.value.fields) == {"attached"}


def test_an_app_that_changed_meanwhile_ends_its_attached_task(cluster: EcsCluster) -> None:
    with pytest.raises(RefusedForGood, match="nothing would keep the container alive") as refused:
        cluster.plan(a_task(interactive=True, attached=True), a_web_app(keep_entrypoint=True))

    assert "keep_entrypoint=false" in (next_step(str(refused.value)) or "")


def test_no_session_is_to_be_had_on_a_read_only_file_system() -> None:
    read_only = {**WEB, "readonlyRootFilesystem": True}
    with ecs_on_moto(read_only, PROXY) as ecs:
        cluster = a_cluster(ecs)
        cluster.plan(a_task(), a_web_app())

        with pytest.raises(RefusedForGood, match="writable root file system") as refused:
            cluster.plan(a_task(interactive=True), a_web_app())

    assert "/var/lib/amazon" in (next_step(str(refused.value)) or "")


def test_but_where_a_volume_takes_what_the_agent_writes() -> None:
    mounts = [{"sourceVolume": "media", "containerPath": "/var/lib/amazon"}]
    with ecs_on_moto({**WEB, "readonlyRootFilesystem": True, "mountPoints": mounts}, PROXY) as ecs:
        assert run_task_of(a_cluster(ecs), a_web_app(), interactive=True)["enableExecuteCommand"]


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (
            (
                "CannotStartContainerError: failed to create task for container: failed to start container process: "
                'exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown'
            ),
            "The image has no /bin/sh",
        ),
        (
            "AWS refused: ... a valid taskRoleArn is not being used. (InvalidParameterException)",
            "set the app's",
        ),
    ],
    ids=["no shell", "no role"],
)
def test_what_to_do_about_it_is_known(reason: str, step: str) -> None:
    assert step in (next_step(reason) or "")
