"""Sessions on ECS: what is asked of AWS, and what its answers and refusals mean to who waits for a shell."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError, ReadTimeoutError
from botocore.stub import Stubber

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_sessions import EcsSessions
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.session_manager import SessionManager
from chalicelib.domain.errors import (
    NotInteractive,
    NotReady,
    SessionOver,
    TapitError,
    TargetNotConnected,
    TaskOver,
    Unavailable,
)
from chalicelib.domain.session import Session
from chalicelib.domain.session_script import session_argv
from chalicelib.http.status_codes import status_code
from tests.aws_adapters.ecs_account import client
from tests.aws_clients import REGION
from tests.builders import ARN, NOON, TASK_ID, a_running_task

SESSION = "ecs-execute-command-0a1b2c3d4e5f6a7b8"
URL = f"wss://ssmmessages.eu-central-1.amazonaws.com/v1/data-channel/{SESSION}?role=publish_subscribe"
ARGV = session_argv("echo 'a b' | wc", "n0nce", on_terminal=True)
LOOKED = {"cluster": "prod", "tasks": [ARN]}
COMMAND = shlex.join(ARGV)
ASKED = {
    "cluster": "prod",
    "task": ARN,
    "container": "main",
    "interactive": True,
    "command": COMMAND,
}
OPENED = {"session": {"sessionId": SESSION, "streamUrl": URL, "tokenValue": "a-token"}}
OPEN = Session(id=SESSION, command="bash", opened_by="alice", opened_at=NOON, url=URL)
TASK = a_running_task(interactive=True, sessions=(OPEN,))


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture
def ecs() -> Iterator[Stubber]:
    with Stubber(client("ecs")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def ssm() -> Iterator[Stubber]:
    with Stubber(client("ssm")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def cluster(ecs: Stubber, ssm: Stubber) -> EcsCluster:
    sessions = EcsSessions(ecs.client, SessionManager(ssm.client, lambda url: {"Signed": url}))
    return EcsCluster(ecs.client, LogGroups(None), sessions, stage="test", region=REGION)


def seen(agent: dict[str, Any] | None = None, **task: Any) -> dict[str, Any]:
    """What DescribeTasks says of a task whose agent runs, unless told otherwise."""
    agents = [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING", **(agent or {})}]
    main = {"name": "main", "lastStatus": "RUNNING", "managedAgents": agents}
    guard = {"name": "aws-guardduty-agent-x", "lastStatus": "RUNNING"}
    described = {
        "taskArn": ARN,
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "enableExecuteCommand": True,
        "containers": [guard, main],
    }
    return {"tasks": [described | task], "failures": []}


def test_the_command_runs_in_the_main_container_and_its_words_stay_what_they_are(
    ecs: Stubber, cluster: EcsCluster
) -> None:
    ecs.add_response("describe_tasks", seen(), LOOKED)
    ecs.add_response("execute_command", OPENED, ASKED)

    channel = cluster.open_session(TASK, ARGV)

    assert (channel.session_id, channel.url, channel.token) == (SESSION, URL, "a-token")
    assert channel.headers == {"Signed": URL}
    assert tuple(shlex.split(COMMAND)) == ARGV


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (seen(lastStatus="PROVISIONING"), "provisioning"),
        (seen(lastStatus="PENDING"), "pulling the image"),
        (seen(lastStatus="ACTIVATING"), "starting"),
        (seen({"lastStatus": "PENDING"}), "its agent for sessions is starting"),
        (seen(containers=[{"name": "main", "lastStatus": "RUNNING"}]), "its agent for sessions is starting"),
        (seen(containers=[{"name": "main", "lastStatus": "PENDING"}]), "its agent for sessions is starting"),
        ({"tasks": [], "failures": [{"arn": ARN, "reason": "MISSING"}]}, "ECS does not show it yet"),
    ],
)
def test_a_task_that_starts_is_to_be_asked_again_and_says_how_far_it_is(
    ecs: Stubber, cluster: EcsCluster, described: dict[str, Any], said: str
) -> None:
    ecs.add_response("describe_tasks", described, LOOKED)

    with pytest.raises(NotReady, match=said) as refused:
        cluster.open_session(TASK, ARGV)

    assert (status_code(refused.value), refused.value.retry_after) == (409, 1)


@pytest.mark.parametrize("status", ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"])
def test_a_task_that_ends_is_not(ecs: Stubber, cluster: EcsCluster, status: str) -> None:
    ecs.add_response("describe_tasks", seen(lastStatus=status, stoppedReason="Spot interruption"), LOOKED)

    with pytest.raises(TaskOver, match="ending: Spot interruption"):
        cluster.open_session(TASK, ARGV)


def test_nor_is_one_that_was_asked_to_end(ecs: Stubber, cluster: EcsCluster) -> None:
    ecs.add_response("describe_tasks", seen(desiredStatus="STOPPED"), LOOKED)

    with pytest.raises(TaskOver):
        cluster.open_session(TASK, ARGV)


def test_an_agent_that_gave_up_says_why(ecs: Stubber, cluster: EcsCluster) -> None:
    agent = {"lastStatus": "STOPPED", "reason": "mkdir /var/lib/amazon: read-only file system"}
    ecs.add_response("describe_tasks", seen(agent), LOOKED)

    with pytest.raises(TaskOver, match=r"its agent for sessions is not: mkdir .* read-only file system"):
        cluster.open_session(TASK, ARGV)


def test_a_task_that_was_started_without_ecs_exec_is_not_interactive(
    ecs: Stubber, cluster: EcsCluster
) -> None:
    ecs.add_response("describe_tasks", seen(enableExecuteCommand=False), LOOKED)

    with pytest.raises(NotInteractive):
        cluster.open_session(TASK, ARGV)


@pytest.mark.parametrize(
    ("code", "message", "kind", "said"),
    [
        (
            "TargetNotConnectedException",
            "The execute command failed due to an internal error. Try again later.",
            TargetNotConnected,
            "not connected to Session Manager",
        ),
        (
            "InvalidParameterException",
            "... was not enabled when the task was run or the execute command agent isn’t running. Wait and",
            NotReady,
            "not running",
        ),
        ("ThrottlingException", "Rate exceeded", NotReady, "AWS is busy: Rate exceeded"),
        ("ServerException", "Service Unavailable. Please try again later.", NotReady, "AWS is busy"),
        (
            "ClientException",
            "Unable to start new execute sessions because the maximum session limit has been reached.",
            Unavailable,
            "as many sessions as ECS allows",
        ),
        (
            "AccessDeniedException",
            "User: tapit-dev-api is not authorized to perform: ecs:ExecuteCommand",
            Unavailable,
            "not authorized to perform: ecs:ExecuteCommand",
        ),
        ("ClusterNotFoundException", "Cluster not found.", Unavailable, "Cluster not found"),
    ],
)
def test_a_refusal_is_told_in_our_words_and_in_awss_own(
    ecs: Stubber, cluster: EcsCluster, code: str, message: str, kind: type[TapitError], said: str
) -> None:
    ecs.add_response("describe_tasks", seen(), LOOKED)
    ecs.add_client_error("execute_command", code, message, 400)

    with pytest.raises(kind, match=said) as refused:
        cluster.open_session(TASK, ARGV)

    assert TASK_ID in str(refused.value)
    assert kind is NotReady or refused.value.hint


def test_a_target_that_is_not_connected_yet_is_asked_less_often(ecs: Stubber, cluster: EcsCluster) -> None:
    ecs.add_response("describe_tasks", seen(), LOOKED)
    ecs.add_client_error("execute_command", "TargetNotConnectedException", "not connected", 400)

    with pytest.raises(NotReady) as refused:
        cluster.open_session(TASK, ARGV)

    assert refused.value.retry_after == 2
    assert "ssmmessages" in (refused.value.hint or "")


def test_a_silent_aws_is_to_be_asked_again() -> None:
    class Silent:
        def describe_tasks(self, **_: Any) -> Any:
            raise ReadTimeoutError(endpoint_url="https://ecs.eu-central-1.amazonaws.com")

    with pytest.raises(NotReady, match="did not answer"):
        EcsSessions(Silent(), SessionManager(None, lambda _: {})).open(TASK, ARGV)


def test_a_program_without_credentials_is_no_crash(ecs: Stubber) -> None:
    def sign(url: str) -> Any:
        raise NoCredentialsError

    ecs.add_response("describe_tasks", seen(), LOOKED)
    ecs.add_response("execute_command", OPENED, ASKED)

    with pytest.raises(Unavailable, match="Unable to locate credentials"):
        EcsSessions(ecs.client, SessionManager(None, sign)).open(TASK, ARGV)


# Coming back


@pytest.mark.parametrize("told", [URL, f"{URL}&cell-number=2", None])
def test_a_session_is_come_back_to_with_a_fresh_token_and_signature_wherever_it_is_now(
    told: str | None, ssm: Stubber, cluster: EcsCluster
) -> None:
    answer = {"SessionId": SESSION, "TokenValue": "another-token"} | ({"StreamUrl": told} if told else {})
    ssm.add_response("resume_session", answer, {"SessionId": SESSION})

    channel = cluster.resume_session(TASK, SESSION)

    assert (channel.session_id, channel.url, channel.token) == (SESSION, told or URL, "another-token")
    assert channel.headers == {"Signed": told or URL}


def test_a_session_without_a_token_is_over(ssm: Stubber, cluster: EcsCluster) -> None:
    answer = {"SessionId": SESSION, "StreamUrl": URL, "TokenValue": ""}
    ssm.add_response("resume_session", answer, {"SessionId": SESSION})

    with pytest.raises(SessionOver):
        cluster.resume_session(TASK, SESSION)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("DoesNotExistException", SessionOver),
        ("ThrottlingException", NotReady),
        ("AccessDeniedException", Unavailable),
    ],
)
def test_a_session_that_cannot_be_come_back_to_says_whether_it_ever_can(
    ssm: Stubber, cluster: EcsCluster, code: str, kind: type[TapitError]
) -> None:
    ssm.add_client_error("resume_session", code, "because", 400)

    with pytest.raises(kind):
        cluster.resume_session(TASK, SESSION)


# Hanging up


def test_hanging_up_twice_is_harmless(ssm: Stubber, cluster: EcsCluster) -> None:
    ssm.add_response("terminate_session", {"SessionId": SESSION}, {"SessionId": SESSION})
    ssm.add_client_error("terminate_session", "DoesNotExistException", "gone", 400)

    cluster.end_session(TASK, SESSION)
    cluster.end_session(TASK, SESSION)


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_a_session_that_cannot_be_ended_is_told(ssm: Stubber, cluster: EcsCluster, code: str) -> None:
    ssm.add_client_error("terminate_session", code, "because", 400)

    with pytest.raises(Unavailable, match=r"cannot be ended: .*because") as refused:
        cluster.end_session(TASK, SESSION)

    assert status_code(refused.value) == 503


@pytest.mark.parametrize("code", [0, 3])
def test_of_how_a_command_ended_there_is_its_clients_word_and_no_other(
    cluster: EcsCluster, code: int
) -> None:
    assert cluster.exit_code_of_session(TASK, SESSION, code) == code
