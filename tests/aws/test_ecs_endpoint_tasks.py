"""The endpoint's tasks: real processes, told of as ECS tells of them."""

from threading import Thread

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.aws.conftest import SECRET, Ecs, definition, run_request
from tests.aws.ecs_endpoint.events import Weather
from tests.aws.ecs_endpoint.faults import cannot_start, no_capacity, throttled, unanswered

WAITS = "trap 'echo ended; exit 3' TERM; echo up; while :; do sleep 0.05; done"
IGNORES = "trap '' TERM; echo up; while :; do sleep 0.05; done"


@pytest.fixture(autouse=True)
def _shop(ecs: Ecs) -> None:
    secret = {"name": "PASSWORD", "valueFrom": SECRET}
    ecs.client.register_task_definition(**definition(container={"secrets": [secret]}))


def refused(call: object, **params: object) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**params)  # type: ignore[operator]
    code: str = refusal.value.response["Error"]["Code"]
    return f"{code}: {refusal.value.response['Error']['Message']}"


def test_runs_the_command_with_environment_and_secrets_and_keeps_its_output(ecs: Ecs) -> None:
    arn = ecs.run("echo $COLOUR $PASSWORD; echo; printf loose; exit 4")
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")
    task = ecs.describe(arn)
    assert task["containers"][0]["exitCode"] == 4
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert ecs.logs.streams == {f"tapit/main/{arn[-32:]}": ["red hunter2", "loose"]}


def test_passes_through_the_states_with_growing_versions(ecs: Ecs) -> None:
    arn = ecs.run("exit 0")
    events = ecs.events.wait_for("STOPPED")
    expected = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEPROVISIONING", "STOPPED"]
    assert ecs.events.statuses() == expected
    assert [event["detail"]["version"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert {event["resources"][0] for event in events} == {arn}
    assert events[-1]["detail"]["stoppedAt"].endswith("Z")


def test_stops_with_the_reason_given_and_forgets_the_tags(ecs: Ecs) -> None:
    arn = ecs.run(WAITS, tags=[{"key": "team", "value": "web"}])
    ecs.endpoint.tasks.wait_for(arn, "RUNNING")
    ecs.logs.wait_for("up")
    assert ecs.client.list_tags_for_resource(resourceArn=arn)["tags"]
    ecs.client.stop_task(cluster="prod", task=arn, reason="enough")
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")
    task = ecs.describe(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == 3
    assert ecs.client.list_tags_for_resource(resourceArn=arn)["tags"] == []
    ecs.events.wait_for("STOPPED")
    assert ecs.events.statuses()[4:7] == ["DEACTIVATING", "STOPPING", "DEPROVISIONING"]


def test_kills_what_ignores_the_stop(ecs: Ecs) -> None:
    ecs.client.register_task_definition(**definition(container={"stopTimeout": 2}))
    arn = ecs.run(IGNORES)
    ecs.logs.wait_for("up")
    ecs.client.stop_task(cluster="prod", task=arn)
    assert ecs.endpoint.tasks.wait_for(arn, "STOPPED")["containers"][0]["exitCode"] == 137


def test_a_stop_before_the_start_starts_nothing(ecs: Ecs) -> None:
    ecs.client.register_task_definition(**definition(container={"image": "shop:slow"}))
    arn = ecs.run("echo never")
    ecs.client.stop_task(cluster="prod", task=arn)
    task = ecs.endpoint.tasks.wait_for(arn, "STOPPED")
    assert "exitCode" not in task["containers"][0]
    assert not ecs.logs.streams


def test_leaves_no_process_behind(ecs: Ecs) -> None:
    """The background process holds the output open, and the task is over only when nobody does."""
    ecs.endpoint.tasks.wait_for(ecs.run("sleep 600 & exit 0"), "STOPPED")


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ({"image": "shop:gone"}, "CannotPullContainerError"),
        ({"entryPoint": ["/no/such"]}, "CannotStartContainerError"),
        (
            {"secrets": [{"name": "A", "valueFrom": "arn:missing"}]},
            "ResourceInitializationError: unable to pull secrets",
        ),
    ],
)
def test_says_why_a_task_cannot_start(ecs: Ecs, container: dict[str, object], reason: str) -> None:
    ecs.client.register_task_definition(**definition(container=container))
    arn = ecs.run("exit 0")
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")
    task = ecs.describe(arn)
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(reason)
    assert "startedAt" not in task
    assert "exitCode" not in task["containers"][0]


def test_a_missing_log_group_is_found_before_the_start(ecs: Ecs) -> None:
    ecs.logs.groups.clear()
    arn = ecs.run("exit 0")
    reason = ecs.endpoint.tasks.wait_for(arn, "STOPPED")["stoppedReason"]
    assert "The specified log group does not exist" in reason


def test_the_same_token_gets_the_original_answer(ecs: Ecs) -> None:
    request = run_request("exit 0", clientToken="t-1")
    first = ecs.client.run_task(**request)
    again = ecs.client.run_task(**request)
    assert [task["taskArn"] for task in first["tasks"]] == [task["taskArn"] for task in again["tasks"]]
    with pytest.raises(ClientError) as conflict:
        ecs.client.run_task(**run_request("exit 1", clientToken="t-1"))
    assert conflict.value.response["Error"]["Code"] == "ConflictException"
    assert conflict.value.response["resourceIds"] == [first["tasks"][0]["taskArn"]]


def test_the_same_token_gets_the_original_failure_too(ecs: Ecs) -> None:
    ecs.endpoint.faults.add(no_capacity())
    request = run_request("exit 0", clientToken="t-1")
    first, again = ecs.client.run_task(**request), ecs.client.run_task(**request)
    assert first["failures"] == again["failures"] != []
    assert ecs.client.run_task(**request | {"clientToken": "t-2"})["failures"] == []


def test_an_unanswered_call_was_done_once(ecs: Ecs) -> None:
    ecs.endpoint.faults.add(unanswered())
    request = run_request("exit 0", clientToken="t-1", startedBy="tapit-dev/1")
    with pytest.raises(ConnectionClosedError):
        ecs.client.run_task(**request)
    (task,) = ecs.client.run_task(**request)["tasks"]
    ecs.endpoint.tasks.wait_for(task["taskArn"], "STOPPED")
    listed = ecs.client.list_tasks(cluster="prod", startedBy="tapit-dev/1", desiredStatus="STOPPED")
    assert listed["taskArns"] == [task["taskArn"]]


def test_answers_what_a_test_asks_for(ecs: Ecs) -> None:
    ecs.endpoint.faults.add(throttled())
    assert refused(ecs.client.run_task, **run_request("exit 0")) == "ThrottlingException: Rate exceeded"
    ecs.endpoint.faults.add(cannot_start("Timeout waiting for network interface provisioning to complete."))
    arn = ecs.run("exit 0")
    assert "network interface" in ecs.endpoint.tasks.wait_for(arn, "STOPPED")["stoppedReason"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"startedBy": "alice@example.com"}, "startedBy"),
        ({"clientToken": "t" * 65}, "clientToken"),
        ({"overrides": {"cpu": "256", "memory": "4096"}}, "No Fargate configuration exists"),
        ({"overrides": {"ephemeralStorage": {"sizeInGiB": 20}}}, "between 21 and 200"),
        ({"overrides": {"containerOverrides": [{"name": "main", "command": ["x" * 8200]}]}}, "8192"),
        ({"overrides": {"containerOverrides": [{"name": "web"}]}}, "container named web"),
        ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-gone"]}}}, "does not exist"),
        ({"enableExecuteCommand": True}, "task role"),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}, "launch type"),
        ({"cluster": "gone"}, "ClusterNotFoundException"),
        ({"taskDefinition": "gone"}, "Unable to describe task definition"),
        ({"count": 11}, "Count"),
    ],
)
def test_refuses_to_run_what_ecs_would(ecs: Ecs, changes: dict[str, object], reason: str) -> None:
    assert reason in refused(ecs.client.run_task, **run_request("exit 0", **changes))


def test_an_inactive_definition_runs_nothing(ecs: Ecs) -> None:
    ecs.client.deregister_task_definition(taskDefinition="shop:1")
    described = ecs.client.describe_task_definition(taskDefinition="shop:1")["taskDefinition"]
    assert described["status"] == "INACTIVE"
    assert "inactive" in refused(ecs.client.run_task, **run_request("exit 0", taskDefinition="shop:1"))


def test_unknown_and_old_tasks_are_missing(ecs: Ecs) -> None:
    arn = ecs.run("exit 0")
    ecs.endpoint.tasks.wait_for(arn, "STOPPED")
    answer = ecs.client.describe_tasks(cluster="prod", tasks=[arn, "f" * 32])
    assert [task["taskArn"] for task in answer["tasks"]] == [arn]
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    assert "cannot be more" in refused(ecs.client.describe_tasks, cluster="prod", tasks=["f" * 32] * 101)


def test_started_by_is_the_only_filter(ecs: Ecs) -> None:
    assert "only filter" in refused(ecs.client.list_tasks, cluster="prod", startedBy="x", family="shop")


def test_only_one_registration_of_a_family_at_a_time(ecs: Ecs) -> None:
    answers: list[str] = []

    def register() -> None:
        try:
            ecs.client.register_task_definition(**definition(family="busy"))
            answers.append("registered")
        except ClientError as error:
            answers.append(error.response["Error"]["Message"])

    threads = [Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refusal = "Too many concurrent attempts to create a new revision of the specified family."
    assert sorted(set(answers)) == [refusal, "registered"]


def test_events_are_lost_repeated_and_reversed_on_demand(ecs: Ecs) -> None:
    ecs.endpoint.events.weather = Weather(copies=0)
    ecs.endpoint.tasks.wait_for(ecs.run("exit 0"), "STOPPED")
    ecs.endpoint.events.weather = Weather(copies=2, reversed_at_end=True)
    ecs.run("exit 0")
    statuses = [event["detail"]["lastStatus"] for event in ecs.events.wait_for("PROVISIONING", times=2)]
    assert statuses[:4] == ["STOPPED", "STOPPED", "DEPROVISIONING", "DEPROVISIONING"]
    assert len(statuses) == 12
