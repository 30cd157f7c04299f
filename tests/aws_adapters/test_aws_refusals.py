"""What becomes of ECS's refusals and silences: what to repeat, what to ask anew, and what is over."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

from chalicelib.adapters.aws_refusals import refusals
from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.domain.errors import NotDone, RefusedForGood, RefusedForNow, Unanswered, Unavailable
from chalicelib.domain.task import Task, begin_attempt
from tests.aws_adapters.ecs_account import NO_SESSIONS, client
from tests.aws_clients import REGION
from tests.builders import ARN, NOON, TASK_ID, a_running_task, a_task, an_app

# Each was seen in public reports.
IN_DISGUISE = (
    "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)",
    "Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)",
    "Error retrieving security group information for [sg-1]: An internal error has occurred (ErrorCode: InternalError)",
    "com.amazonaws.services.ec2.model.AmazonEC2Exception: Request limit exceeded.",
)
RUN_TASK = {"cluster": "prod", "taskDefinition": "tapit-test-shop-0:1", "launchType": "FARGATE"}
ASKED = {**RUN_TASK, "clientToken": f"{TASK_ID}-1", "startedBy": f"tapit-test/{TASK_ID}/1"}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with Stubber(client("ecs")) as stub:
        yield stub


@pytest.fixture
def cluster(stub: Stubber) -> EcsCluster:
    return EcsCluster(stub.client, LogGroups(None), NO_SESSIONS, stage="test", region=REGION)


def a_planned_task() -> Task:
    return begin_attempt(a_task(), {"run_task": RUN_TASK}, NOON)


def start(cluster: EcsCluster) -> str:
    return cluster.start(a_planned_task(), an_app())


@pytest.mark.parametrize(
    ("code", "status", "message", "kind"),
    [
        ("ThrottlingException", 400, "Rate exceeded", RefusedForNow),
        ("Throttling", 400, "Rate exceeded", RefusedForNow),
        ("RequestLimitExceeded", 503, "Request limit exceeded.", RefusedForNow),
        ("TooManyRequestsException", 429, "slow down", RefusedForNow),
        ("ClientException", 400, "Too many concurrent attempts to create a new revision", RefusedForNow),
        *[("InvalidParameterException", 400, said, RefusedForNow) for said in IN_DISGUISE],
        ("ServerException", 500, "Service Unavailable. Please try again later.", Unanswered),
        ("InternalFailure", 500, "", Unanswered),
        (
            "ClientException",
            400,
            "Capacity is unavailable at this time. Please try again later",
            RefusedForNow,
        ),
        ("ClientException", 400, "Capacity is unavailable at this time.", RefusedForNow),
        (
            "LimitExceededException",
            400,
            "You've reached the limit on the number of vCPUs you can run concurrently",
            RefusedForNow,
        ),
        ("ClientException", 400, "TaskDefinition is inactive", RefusedForNow),
        ("ClientException", 400, "No Container Instances were found in your cluster.", RefusedForGood),
        ("ClusterNotFoundException", 400, "Cluster not found.", RefusedForGood),
        (
            "AccessDeniedException",
            400,
            "User: arn:aws:sts::1:x is not authorized to perform: ecs:RunTask on resource: arn:aws:ecs:x",
            RefusedForGood,
        ),
        (
            "AccessDeniedException",
            400,
            "User: arn:aws:sts::1:x is not authorized to perform: ecs:RunTask on resource: tapit-dev-throttle-quota",
            RefusedForGood,
        ),
        ("InvalidParameterException", 400, "The subnet ID 'subnet-1' does not exist", RefusedForGood),
    ],
)
def test_every_refusal_is_of_one_kind(
    stub: Stubber, cluster: EcsCluster, code: str, status: int, message: str, kind: type[NotDone]
) -> None:
    stub.add_client_error("run_task", code, message, http_status_code=status)

    with pytest.raises(kind) as refusal:
        start(cluster)
    assert type(refusal.value) is kind
    assert code in str(refusal.value)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (
            "Capacity is unavailable at this time. Please try again later or in a different zone",
            RefusedForNow,
        ),
        ("RESOURCE:MEMORY", RefusedForNow),
        ("RESOURCE:ENI", RefusedForNow),
        ("AGENT", RefusedForNow),
        ("INACTIVE", RefusedForNow),
        ("ATTRIBUTE", RefusedForGood),
        ("MISSING", RefusedForGood),
    ],
)
def test_an_answer_without_a_task_says_why(
    stub: Stubber, cluster: EcsCluster, reason: str, kind: type[NotDone]
) -> None:
    stub.add_response("run_task", {"tasks": [], "failures": [{"reason": reason, "detail": "more"}]}, ASKED)

    with pytest.raises(kind, match="more") as refusal:
        start(cluster)
    assert type(refusal.value) is kind


@pytest.mark.parametrize(
    "silence",
    [
        ReadTimeoutError(endpoint_url="https://ecs"),
        ConnectTimeoutError(endpoint_url="https://ecs"),
        EndpointConnectionError(endpoint_url="https://ecs"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ResponseParserError("not JSON"),
    ],
)
def test_silence_is_no_refusal(silence: Exception) -> None:
    with pytest.raises(Unanswered), refusals():
        raise silence


def test_an_empty_answer_is_none(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_response("run_task", {"tasks": [], "failures": []}, ASKED)

    with pytest.raises(Unanswered):
        start(cluster)


def test_a_task_beside_a_failure_is_a_task(stub: Stubber, cluster: EcsCluster) -> None:
    answer = {"tasks": [{"taskArn": ARN}], "failures": [{"reason": "RESOURCE:CPU"}]}
    stub.add_response("run_task", answer, ASKED)

    assert start(cluster) == ARN


def test_a_call_that_conflicts_with_an_earlier_one_names_its_task(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_client_error("run_task", "ConflictException", modeled_fields={"resourceIds": [ARN]})

    assert start(cluster) == ARN


def test_repeating_a_launch_repeats_the_very_same_call(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_client_error("run_task", "ServerException", http_status_code=500, expected_params=ASKED)
    stub.add_response("run_task", {"tasks": [{"taskArn": ARN}], "failures": []}, ASKED)

    with pytest.raises(Unanswered):
        start(cluster)
    assert start(cluster) == ARN


def test_nothing_is_found_in_a_cluster_that_is_gone(stub: Stubber, cluster: EcsCluster) -> None:
    for _ in ("RUNNING", "STOPPED"):
        stub.add_client_error("list_tasks", "ClusterNotFoundException", "Cluster not found.")

    assert cluster.find(a_planned_task()) is None


@pytest.mark.parametrize("code", ["ThrottlingException", "ServerException", "AccessDeniedException"])
def test_a_search_that_is_not_answered_says_nothing_of_what_is_there(
    stub: Stubber, cluster: EcsCluster, code: str
) -> None:
    stub.add_client_error("list_tasks", code, "not now")

    with pytest.raises(Unanswered, match=code):
        cluster.find(a_planned_task())


def test_a_launch_is_asked_for_once_so_that_every_answer_is_heard(stub: Stubber) -> None:
    """After a lost answer, that to the SDK's own second try would be all there is."""
    impatient: Any = None
    with Stubber(client("ecs")) as once:
        once.add_client_error("run_task", "ThrottlingException", "Rate exceeded", expected_params=ASKED)
        cluster = EcsCluster(
            impatient, LogGroups(None), NO_SESSIONS, stage="test", region=REGION, asked_once=once.client
        )
        with pytest.raises(RefusedForNow):
            start(cluster)


def test_a_container_that_has_stopped_since_is_found_too(stub: Stubber, cluster: EcsCluster) -> None:
    for status, arns in (("RUNNING", []), ("STOPPED", [ARN])):
        asked = {"cluster": "prod", "startedBy": f"tapit-test/{TASK_ID}/1", "desiredStatus": status}
        stub.add_response("list_tasks", {"taskArns": arns}, asked)

    assert cluster.find(a_planned_task()) == ARN


def test_a_busy_stop_is_left_to_the_next_look(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_client_error("stop_task", "ThrottlingException", "Rate exceeded")

    cluster.stop(a_running_task(), "stopped by alice")


def test_stopping_what_ecs_does_not_know_is_harmless(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_client_error("stop_task", "InvalidParameterException", "The referenced task was not found.")

    cluster.stop(a_running_task(), "stopped by alice")


def test_a_stop_that_is_not_allowed_says_so(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_client_error("stop_task", "AccessDeniedException", "not authorized to perform: ecs:StopTask")

    with pytest.raises(Unavailable, match="ecs:StopTask"):
        cluster.stop(a_running_task(), "stopped by alice")


def test_a_stray_is_stopped_wherever_it_runs(stub: Stubber, cluster: EcsCluster) -> None:
    asked = {"cluster": "prod", "task": ARN, "reason": "tapit: task 1jd3m8k7x2qf is over"}
    stub.add_response("stop_task", {}, asked)
    stub.add_client_error("stop_task", "InvalidParameterException", "The referenced task was not found.")

    for _ in range(2):
        cluster.stop_stray(ARN, "tapit: task 1jd3m8k7x2qf is over")


DENIED = "not authorized to perform: ecs:StopTask"


@pytest.mark.parametrize(
    "tasks", [[{"taskArn": ARN, "desiredStatus": "STOPPED"}], []], ids=["ending", "gone"]
)
def test_a_stray_whose_tags_went_with_its_first_stop_is_not_stopped_again(
    stub: Stubber, cluster: EcsCluster, tasks: list[dict[str, str]]
) -> None:
    stub.add_client_error("stop_task", "AccessDeniedException", DENIED)
    stub.add_response("describe_tasks", {"tasks": tasks, "failures": []}, {"cluster": "prod", "tasks": [ARN]})

    cluster.stop_stray(ARN, "tapit: task 1jd3m8k7x2qf is over")

    stub.assert_no_pending_responses()


def test_a_stray_that_may_not_be_stopped_and_runs_on_is_told(stub: Stubber, cluster: EcsCluster) -> None:
    running = {"taskArn": ARN, "desiredStatus": "RUNNING"}
    stub.add_client_error("stop_task", "AccessDeniedException", DENIED)
    stub.add_response("describe_tasks", {"tasks": [running], "failures": []})

    with pytest.raises(Unavailable, match="ecs:StopTask"):
        cluster.stop_stray(ARN, "tapit: task 1jd3m8k7x2qf is over")


def test_a_stray_that_may_be_neither_stopped_nor_seen_is_told(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_client_error("stop_task", "AccessDeniedException", DENIED)
    stub.add_client_error("describe_tasks", "AccessDeniedException", "not authorized")

    with pytest.raises(Unavailable, match="ecs:StopTask"):
        cluster.stop_stray(ARN, "tapit: task 1jd3m8k7x2qf is over")


@pytest.mark.parametrize("code", ["ThrottlingException", "ServerException"])
def test_a_stray_that_was_not_stopped_is_told_so_that_it_is_tried_again(
    stub: Stubber, cluster: EcsCluster, code: str
) -> None:
    stub.add_client_error("stop_task", code, "not now", http_status_code=500)

    with pytest.raises(Unavailable, match=code):
        cluster.stop_stray(ARN, "tapit: task 1jd3m8k7x2qf is over")


def test_what_could_not_be_looked_at_is_not_said_to_be_unknown(stub: Stubber, cluster: EcsCluster) -> None:
    stub.add_client_error("describe_tasks", "ThrottlingException", "Rate exceeded")

    assert cluster.look([a_running_task()]) == {}


def test_a_hundred_are_looked_at_in_one_call(stub: Stubber, cluster: EcsCluster) -> None:
    tasks = [
        a_running_task(id=f"1jd3m8k7x{number:03d}").but(ecs_arn=f"{ARN}{number}") for number in range(150)
    ]
    for some in (tasks[:100], tasks[100:]):
        asked = {"cluster": "prod", "tasks": [task.ecs_arn for task in some]}
        found = [described(task.ecs_arn) for task in some[:-1]]
        stub.add_response("describe_tasks", {"tasks": found, "failures": []}, asked)

    seen = cluster.look(tasks)

    assert [task.id for task in tasks if seen[task.id] is None] == [tasks[99].id, tasks[149].id]


def described(arn: str | None) -> dict[str, Any]:
    return {"taskArn": arn, "version": 7, "lastStatus": "RUNNING", "startedAt": NOON, "containers": []}


def test_a_service_that_may_not_be_read_says_so() -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {}},
        "DescribeServices",
    )
    with pytest.raises(RefusedForGood, match="AccessDeniedException"), refusals():
        raise denied
