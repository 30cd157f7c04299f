"""Tasks of several containers at the endpoint: who waits for whom, and whose end is the task's."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.conftest import Ecs, definition
from tests.aws.waiting import until

LOG = definition()["containerDefinitions"][0]["logConfiguration"]
UNTIL_STOPPED = "trap 'echo told; exit 0' TERM; echo up; while :; do sleep 0.02; done"


def a_sidecar(name: str, script: str, **more: Any) -> dict[str, Any]:
    command = {"entryPoint": ["/bin/sh", "-c"], "command": [script], "logConfiguration": LOG}
    return {"name": name, "image": f"{name}:1", "essential": False, **command, **more}


def register(ecs: Ecs, *sidecars: dict[str, Any], **conditions: str) -> None:
    waits = [{"containerName": name, "condition": condition} for name, condition in conditions.items()]
    (main,) = definition(container={"dependsOn": waits})["containerDefinitions"]
    ecs.client.register_task_definition(**definition(containerDefinitions=[main, *sidecars]))


def containers(task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in task["containers"]}


def lines_of(ecs: Ecs, arn: str, name: str) -> list[str]:
    return ecs.logs.streams[f"tapit/{name}/{arn[-32:]}"]


def test_a_sidecar_runs_beside_the_command_and_is_told_to_stop_after_it(ecs: Ecs) -> None:
    register(ecs, a_sidecar("pg", UNTIL_STOPPED), pg="START")

    arn = ecs.run("echo mine; exit 4")
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")

    task = ecs.describe(arn)
    assert (task["stopCode"], containers(task)["main"]["exitCode"]) == ("EssentialContainerExited", 4)
    assert containers(task)["pg"]["lastStatus"] == "STOPPED"
    assert lines_of(ecs, arn, "main") == ["mine"]


@pytest.mark.parametrize(
    ("script", "condition", "health"),
    [
        ("sleep 0.1; touch $FLAG", "SUCCESS", None),
        ("sleep 0.1; touch $FLAG; exit 3", "COMPLETE", None),
        ("sleep 0.1; touch $FLAG; exec sleep 60", "HEALTHY", "test -e $FLAG"),
    ],
)
def test_the_command_waits_for_what_it_is_told_to(
    ecs: Ecs, tmp_path: Any, script: str, condition: str, health: str | None
) -> None:
    flag = [{"name": "FLAG", "value": str(tmp_path / "flag")}]
    check = {"healthCheck": {"command": ["CMD-SHELL", health]}} if health else {}
    register(ecs, a_sidecar("init", script, environment=flag, **check), init=condition)

    arn = ecs.run(f"test -e {tmp_path / 'flag'}")
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")

    assert containers(ecs.describe(arn))["main"]["exitCode"] == 0


def test_a_command_whose_init_failed_never_runs_and_is_told_of_as_the_agent_does(ecs: Ecs) -> None:
    register(ecs, a_sidecar("init", "exit 1"), init="SUCCESS")

    arn = ecs.run("echo never")
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")

    task = ecs.describe(arn)
    main = containers(task)["main"]
    assert (main["exitCode"], containers(task)["init"]["exitCode"]) == (143, 1)
    assert main["reason"].startswith("CannotStartContainerError: dependency graph: failed to resolve")
    assert "init(init:1)" in main["reason"]
    assert "startedAt" not in task
    assert not ecs.logs.streams.get(f"tapit/main/{arn[-32:]}")


def test_the_end_of_a_sidecar_is_not_the_tasks(ecs: Ecs, tmp_path: Any) -> None:
    register(ecs, a_sidecar("pg", "exit 1"), pg="START")

    arn = ecs.run(f"until [ -e {tmp_path}/go ]; do sleep 0.02; done")
    until(lambda: containers(ecs.describe(arn))["pg"]["lastStatus"] == "STOPPED")
    (tmp_path / "go").touch()
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")

    task = ecs.describe(arn)
    assert {name: one["exitCode"] for name, one in containers(task).items()} == {"main": 0, "pg": 1}


def test_a_stop_ends_the_command_before_its_sidecars(ecs: Ecs) -> None:
    register(ecs, a_sidecar("pg", UNTIL_STOPPED), pg="START")
    arn = ecs.run("trap 'sleep 0.1; echo main ended; exit 0' TERM; echo ready; while :; do sleep 0.02; done")
    ecs.logs.wait_for("ready")
    ecs.logs.wait_for("up")

    ecs.client.stop_task(cluster="prod", task=arn)
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")

    assert lines_of(ecs, arn, "main")[-1] == "main ended"
    assert lines_of(ecs, arn, "pg") == ["up", "told"]


@pytest.mark.parametrize(
    ("sidecar", "condition", "reason"),
    [
        ({"essential": True}, "SUCCESS", "cannot be an essential container"),
        ({}, "HEALTHY", "must have a health check"),
        ({"memory": 1024}, "START", "greater than for the task"),
        ({"firelensConfiguration": {"type": "fluentbit"}}, "START", "awsfirelens log driver"),
        ({"logConfiguration": {"logDriver": "awsfirelens"}}, "START", "firelens configuration object"),
        ({"dependsOn": [{"containerName": "main", "condition": "START"}]}, "START", "Circular"),
        ({"dependsOn": [{"containerName": "gone", "condition": "START"}]}, "START", "does not exist"),
    ],
)
def test_refuses_to_register_what_ecs_would(
    ecs: Ecs, sidecar: dict[str, Any], condition: str, reason: str
) -> None:
    with pytest.raises(ClientError, match=reason):
        register(ecs, a_sidecar("pg", "exit 0", **sidecar), pg=condition)
