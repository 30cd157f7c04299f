"""ECS Task State Change events, as Amazon sends them.

The shape: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.ecs_events import parse, started_by
from tests.builders import TASK_ID

ARN = "arn:aws:ecs:us-west-2:111122223333:task/prod/0123456789abcdef0123456789abcdef"


def a_container(**changes: Any) -> dict[str, Any]:
    container = {
        "containerArn": f"{ARN}/c2c3b1a0".replace(":task/", ":container/"),
        "exitCode": 3,
        "lastStatus": "STOPPED",
        "name": "main",
        "image": "111122223333.dkr.ecr.us-west-2.amazonaws.com/shop:v1",
        "imageDigest": "sha256:74b2c688c700ec95a93e478cdb959737c148df3fbf5ea706abe0318726e885e6",
        "runtimeId": "1cad77d1e1ab4eef9ee0f21d8a0b4e1b-3935363592",
        "taskArn": ARN,
        "networkInterfaces": [{"attachmentId": "f2c4", "privateIpv4Address": "10.0.0.139"}],
        "cpu": "0",
        "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "STOPPED"}],
    }
    return {name: value for name, value in (container | changes).items() if value is not None}


def a_detail(**changes: Any) -> dict[str, Any]:
    """A Fargate task that has stopped; None leaves a property out."""
    detail = {
        "attachments": [
            {
                "id": "f2c4",
                "type": "eni",
                "status": "DELETED",
                "details": [{"name": "subnetId", "value": "subnet-abcd1234"}],
            }
        ],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": "us-west-2b",
        "capacityProviderName": "FARGATE",
        "clusterArn": "arn:aws:ecs:us-west-2:111122223333:cluster/prod",
        "connectivity": "CONNECTED",
        "connectivityAt": "2026-11-24T12:00:05.5Z",
        "containers": [a_container()],
        "cpu": "256",
        "createdAt": "2026-11-24T12:00:00.123Z",
        "desiredStatus": "STOPPED",
        "enableExecuteCommand": True,
        "ephemeralStorage": {"sizeInGiB": 20},
        "executionStoppedAt": "2026-11-24T12:10:03.5Z",
        "group": "family:tapit-prod-shop",
        "lastStatus": "STOPPED",
        "launchType": "FARGATE",
        "memory": "512",
        "overrides": {"containerOverrides": [{"name": "main", "command": ["true"]}]},
        "platformVersion": "1.4.0",
        "pullStartedAt": "2026-11-24T12:00:10.1Z",
        "pullStoppedAt": "2026-11-24T12:00:20.1Z",
        "startedAt": "2026-11-24T12:00:21.25Z",
        "startedBy": started_by("prod", TASK_ID),
        "stopCode": "EssentialContainerExited",
        "stoppedAt": "2026-11-24T12:10:30.75Z",
        "stoppedReason": "Essential container in task exited",
        "stoppingAt": "2026-11-24T12:10:13.5Z",
        "taskArn": ARN,
        "taskDefinitionArn": "arn:aws:ecs:us-west-2:111122223333:task-definition/tapit-prod-shop:7",
        "updatedAt": "2026-11-24T12:10:30.75Z",
        "version": 6,
    }
    return {name: value for name, value in (detail | changes).items() if value is not None}


def at(minute: int, second: float) -> datetime:
    return datetime(2026, 11, 24, 12, minute, int(second), round(second % 1 * 1_000_000), UTC)


def test_a_stopped_task_is_read_whole() -> None:
    task_id, seen = parse(a_detail())

    assert task_id == TASK_ID
    assert (seen.arn, seen.version, seen.is_stopped) == (ARN, 6, True)
    assert (seen.started_at, seen.stopping_at) == (at(0, 21.25), at(10, 13.5))
    assert (seen.stop_code, seen.exit_code) == ("EssentialContainerExited", 3)
    assert (seen.reason, seen.out_of_memory) == ("Essential container in task exited", False)


def test_a_task_ends_when_its_containers_do_not_when_its_network_is_gone() -> None:
    _, seen = parse(a_detail())
    _, without = parse(a_detail(executionStoppedAt=None))

    assert (seen.stopped_at, without.stopped_at) == (at(10, 3.5), at(10, 30.75))


@pytest.mark.parametrize(
    "startedBy",
    [
        None,
        "",
        "ecs-svc/1234567890123456789",
        "tapit-prod/short",
        f"tapit-prod/{TASK_ID}x",
        f"x-tapit-prod/{TASK_ID}",
        f"tapit-prod/{TASK_ID}\n",
    ],
)
def test_other_peoples_tasks_are_nobody_of_ours(startedBy: str | None) -> None:  # noqa: N803 - ECS's own name
    task_id, _ = parse(a_detail(startedBy=startedBy))

    assert task_id is None


@pytest.mark.parametrize(
    ("status", "waiting_for"),
    [
        ("PROVISIONING", "provisioning"),
        ("PENDING", "pulling the image"),
        ("ACTIVATING", "starting"),
        ("RUNNING", None),
        ("DEPROVISIONING", None),
        ("SOMETHING_NEW", None),
    ],
)
def test_what_a_task_waits_for_is_said_until_it_runs(status: str, waiting_for: str | None) -> None:
    _, seen = parse(a_detail(lastStatus=status))

    assert seen.waiting_for == waiting_for


def test_an_exit_is_known_while_the_network_is_still_there() -> None:
    _, seen = parse(a_detail(lastStatus="DEPROVISIONING", stoppedAt=None))

    assert (seen.is_stopped, seen.is_over) == (False, True)


def test_a_container_out_of_memory_is_seen_and_both_reasons_are_kept() -> None:
    reason = "OutOfMemoryError: Container killed due to memory usage"
    _, seen = parse(a_detail(containers=[a_container(exitCode=137, reason=reason)]))

    assert seen.out_of_memory
    assert seen.reason == f"Essential container in task exited: {reason}"


@pytest.mark.parametrize(
    ("reason", "was_up"),
    [
        ("tapit: max_hours=6 exceeded", True),
        ("tapit: stopped by alice", False),
        ("max_hours=6", False),
        (None, False),
    ],
)
def test_a_stop_for_the_time_limit_is_known_by_our_own_words(reason: str | None, was_up: bool) -> None:  # noqa: FBT001
    _, seen = parse(a_detail(stopCode="UserInitiated", stoppedReason=reason))

    assert seen.time_was_up is was_up


def test_a_container_beside_ours_has_no_say() -> None:
    agent = a_container(name="aws-guardduty-agent-x", exitCode=0)

    _, seen = parse(a_detail(containers=[agent, a_container(exitCode=3)]))

    assert seen.exit_code == 3


def test_a_task_that_never_started_has_no_exit_code_and_no_start() -> None:
    never = a_detail(
        stopCode="TaskFailedToStart",
        startedAt=None,
        executionStoppedAt=None,
        containers=[a_container(exitCode=None, reason="CannotPullContainerError: no such tag")],
        stoppedReason="CannotPullContainerError: no such tag",
    )

    _, seen = parse(never)

    assert (seen.exit_code, seen.started_at, seen.is_over) == (None, None, True)
    assert seen.reason == "CannotPullContainerError: no such tag"


def test_an_event_with_the_bare_minimum_is_read() -> None:
    _, seen = parse({"taskArn": ARN, "version": 1, "lastStatus": "PROVISIONING"})

    assert (seen.version, seen.is_over, seen.exit_code) == (1, False, None)


@pytest.mark.parametrize("missing", ["taskArn", "version", "lastStatus"])
def test_an_event_that_says_nothing_is_an_error(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        parse(a_detail(**{missing: None}))


def test_a_task_of_ours_fits_in_the_field_that_names_it() -> None:
    assert len(started_by("a" * 40, TASK_ID)) <= 128
