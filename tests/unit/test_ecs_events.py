"""ECS Task State Change events, as Amazon sends them.

The shape: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.status import Status
from chalicelib.domain.task import observe
from chalicelib.ecs_events import sighting_in, started_by, task_of
from tests.builders import TASK_ID, a_starting_task

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
        "startedBy": started_by("prod", TASK_ID, 7),
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
    detail = a_detail()
    seen = sighting_in(detail)

    assert (task_of(detail, "prod"), seen.attempt) == (TASK_ID, 7)
    assert (seen.arn, seen.version, seen.is_stopped) == (ARN, 6, True)
    assert (seen.started_at, seen.stopping_at) == (at(0, 21.25), at(10, 13.5))
    assert (seen.stop_code, seen.exit_code) == ("EssentialContainerExited", 3)
    assert (seen.reason, seen.out_of_memory) == ("Essential container in task exited", False)


def test_a_task_ends_when_its_containers_do_not_when_its_network_is_gone() -> None:
    seen = sighting_in(a_detail())
    without = sighting_in(a_detail(executionStoppedAt=None))

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
        f"tapit-prod/{TASK_ID}/",
        f"tapit-prod/{TASK_ID}/x",
    ],
)
def test_other_peoples_tasks_are_nobody_of_ours(startedBy: str | None) -> None:  # noqa: N803 - ECS's own name
    assert task_of(a_detail(startedBy=startedBy), "prod") is None


def test_another_stages_tasks_are_nobody_of_ours() -> None:
    assert task_of(a_detail(), "production") is None
    assert task_of(a_detail(startedBy=f"tapit-prod-2/{TASK_ID}/1"), "prod") is None


def test_a_container_that_an_earlier_version_started_is_ours_too() -> None:
    detail = a_detail(startedBy=f"tapit-prod/{TASK_ID}")

    assert (task_of(detail, "prod"), sighting_in(detail).attempt) == (TASK_ID, None)


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
    seen = sighting_in(a_detail(lastStatus=status))

    assert seen.waiting_for == waiting_for


def test_an_exit_is_known_while_the_network_is_still_there() -> None:
    seen = sighting_in(a_detail(lastStatus="DEPROVISIONING", stoppedAt=None))

    assert (seen.is_stopped, seen.is_over) == (False, True)


@pytest.mark.parametrize(("told", "kills"), [("0", 0), ("2", 2), ("many", None), (None, None)])
def test_what_the_kernel_killed_is_known_where_a_home_says_so(told: str | None, kills: int | None) -> None:
    attributes = [] if told is None else [{"name": "tapit.memory-kills", "value": told}]

    assert sighting_in(a_detail(attributes=attributes)).memory_kills == kills


def test_a_container_out_of_memory_is_seen_and_both_reasons_are_kept() -> None:
    reason = "OutOfMemoryError: Container killed due to memory usage"
    seen = sighting_in(a_detail(containers=[a_container(exitCode=137, reason=reason)]))

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
    seen = sighting_in(a_detail(stopCode="UserInitiated", stoppedReason=reason))

    assert seen.time_was_up is was_up


def test_a_container_beside_ours_has_no_say() -> None:
    agent = a_container(name="aws-guardduty-agent-x", exitCode=0)

    seen = sighting_in(a_detail(containers=[agent, a_container(exitCode=3)]))

    assert seen.exit_code == 3


def test_a_task_that_never_started_has_no_exit_code_and_no_start() -> None:
    never = a_detail(
        stopCode="TaskFailedToStart",
        startedAt=None,
        executionStoppedAt=None,
        containers=[a_container(exitCode=None, reason="CannotPullContainerError: no such tag")],
        stoppedReason="CannotPullContainerError: no such tag",
    )

    seen = sighting_in(never)

    assert (seen.exit_code, seen.started_at, seen.is_over) == (None, None, True)
    assert seen.reason == "CannotPullContainerError: no such tag"


def test_an_event_with_the_bare_minimum_is_read() -> None:
    seen = sighting_in({"taskArn": ARN, "version": 1, "lastStatus": "PROVISIONING"})

    assert (seen.version, seen.is_over, seen.exit_code) == (1, False, None)


@pytest.mark.parametrize("missing", ["taskArn", "version", "lastStatus"])
def test_an_event_that_says_nothing_is_an_error(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        sighting_in(a_detail(**{missing: None}))


def test_a_task_of_ours_fits_in_the_field_that_names_it() -> None:
    assert len(started_by("a" * 40, TASK_ID, 10**9)) <= 128


NEVER_STARTED: dict[str, Any] = {
    "stopCode": "TaskFailedToStart",
    "startedAt": None,
    "executionStoppedAt": None,
    "containers": [],
}
PASSING = {
    "Capacity is unavailable at this time. Please try again later or in a different availability zone": "clusters",
    "RESOURCE:ENI": "clusters",
    "AGENT": "clusters",
    "Timeout waiting for network interface provisioning to complete.": "clusters",
    "Network interface provision complete error timeout wait for network interface provision.": "clusters",
    "Timeout waiting for EphemeralStorage provisioning to complete.": "clusters",
    "Rate limit exceeded while preparing network interface to be attached to instance": "clusters",
    "InternalError: failed to normalize the network interface": "clusters",
    "Unexpected EC2 error while attempting to attach network interface to instance": "clusters",
    "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': "
    "InsufficientFreeAddressesInSubnet": "clusters",
    "ResourceInitializationError: failed to configure ENI: failed to setup regular eni: netplugin failed": "clusters",
    "ResourceInitializationError: unable to retrieve secret: ThrottlingException: Rate exceeded": "clusters",
    "CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 1.2.3.4:443: i/o timeout": "perhaps",
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): unexpected EOF": "perhaps",
    "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit": "perhaps",
    "CannotPullContainerError: failed to copy: 503 Service Unavailable": "perhaps",
    "ResourceInitializationError: unable to pull secrets or registry auth: : signal: killed": "perhaps",
    "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': AuthFailure": "perhaps",
    "ResourceInitializationError: unable to retrieve ecr registry auth: RequestError: send request failed caused by: "
    'Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 10.0.0.1:443: i/o timeout': "perhaps",
}


@pytest.mark.parametrize(("reason", "passing"), PASSING.items())
def test_a_failure_to_start_that_may_pass_is_known_by_its_words(reason: str, passing: str) -> None:
    assert sighting_in(a_detail(**NEVER_STARTED, stoppedReason=reason)).passing == passing


@pytest.mark.parametrize(
    "reason",
    [
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): shop:v9: not found",
        "CannotPullContainerError: pull access denied: User is not authorized to perform: ecr:BatchGetImage",
        "ResourceInitializationError: unable to pull secrets: AccessDeniedException: User: throttle is not authorized",
        "ResourceInitializationError: failed to validate logger args: The specified log group does not exist",
        "CannotStartContainerError: exec: /bin/sh: no such file or directory",
        "Unexpected EC2 error while attempting to tag the network interface: TagPolicyViolation",
        "The selected task definition is not compatible with the selected compute strategy",
        "Task failed to start",
    ],
)
def test_a_failure_to_start_that_stays_is_none_that_passes(reason: str) -> None:
    assert sighting_in(a_detail(**NEVER_STARTED, stoppedReason=reason)).passing is None


@pytest.mark.parametrize(
    "changes",
    [
        {"startedAt": "2026-11-24T12:00:21.25Z"},
        {"containers": [a_container(exitCode=137)]},
        {"stopCode": "EssentialContainerExited"},
        {"stopCode": "UserInitiated"},
        {"stopCode": "SpotInterruption"},
        {"stopCode": None},
    ],
    ids=str,
)
def test_nothing_passes_of_which_something_may_have_run(changes: dict[str, Any]) -> None:
    timed_out = "Timeout waiting for network interface provisioning to complete."

    assert sighting_in(a_detail(**NEVER_STARTED | {"stoppedReason": timed_out} | changes)).passing is None


# Containers beside the command's

FAILED_DEPENDENCY = (
    "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency "
    "[init(init:1) (STOPPED->RUNNING) - Exit: 1] for target [main(shop:v1) (NONE->RUNNING)] "
    "as dependency did not exit successfully."
)


def test_of_several_containers_the_commands_own_alone_counts() -> None:
    sidecar = a_container(name="pgbouncer", exitCode=137, reason="OutOfMemoryError: killed")

    seen = sighting_in(a_detail(containers=[sidecar, a_container(exitCode=0)]))

    assert (seen.exit_code, seen.out_of_memory) == (0, False)
    assert seen.reason == "Essential container in task exited"


def test_a_command_that_never_ran_for_want_of_a_sidecar_has_no_exit_code_of_its_own() -> None:
    """The agent gives it 143, as if somebody had stopped it."""
    init = a_container(name="init", exitCode=1)
    main = a_container(exitCode=143, reason=FAILED_DEPENDENCY)

    seen = sighting_in(a_detail(containers=[main, init], startedAt=None))
    ended = observe(a_starting_task(ecs_arn=ARN), seen, at(11, 0))

    assert (ended.status, ended.ended_by, ended.exit_code) == (Status.FAILED, EndedBy.START_FAILURE, None)
    assert "init(init:1)" in (ended.reason or "")
    assert ended.diagnosis is not None
    assert "sidecar" in ended.diagnosis.next


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted(a_detail(stopCode="TaskFailedToStart", startedBy="x"))


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), JSON, max_size=4))
@example({"version": "9" * 5000})
@example({"startedBy": f"tapit-prod/{TASK_ID}/" + "9" * 400})
@example({"attributes": [{"name": "tapit.lost-output-bytes", "value": "many"}]})
@example({"containers": [{"exitCode": 10**400}]})
def test_whatever_an_event_holds_it_is_read_or_refused_as_not_an_event(changes: dict[str, Any]) -> None:
    with suppress(ValidationError):
        task_of(a_detail() | changes, "prod")
        sighting_in(a_detail() | changes)


@given(
    st.text(max_size=30)
    | st.from_regex(r"tapit-[a-z-]{1,5}/[0-9a-z]{11,13}(/[0-9]{0,10})?\n?", fullmatch=True)
)
def test_only_what_this_stage_started_is_a_task_of_it(mark: str) -> None:
    found = task_of(a_detail(startedBy=mark), "prod")

    assert found is None or mark == f"tapit-prod/{found}" or mark.startswith(f"tapit-prod/{found}/")
