"""ECS Exec of the endpoint: who is let in, and what runs there."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.aws.conftest import Ecs, definition, run_request
from tests.aws.data_channel import DataChannelClient
from tests.aws.waiting import until

ROLE = {"taskRoleArn": "arn:aws:iam::000000000000:role/shop"}
SAYS_HERE = "/bin/sh -c 'echo here; cat'"
HEADERS = {
    "X-Amz-Date": "20261124T120000Z",
    "Authorization": (
        "AWS4-HMAC-SHA256 Credential=AKIA/20261124/us-east-1/ssmmessages/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0"
    ),
}


@pytest.fixture
def task(ecs: Ecs, definitions: None) -> str:
    arn = run(ecs, "sleep 600")
    until(lambda: agent_of(ecs, arn) == "RUNNING")
    return arn


@pytest.fixture
def definitions(ecs: Ecs) -> None:
    ecs.client.register_task_definition(**definition())


@pytest.fixture
def ssm(ecs: Ecs) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("ssm", region_name="us-east-1", endpoint_url=ecs.client.meta.endpoint_url, **keys)


def run(ecs: Ecs, script: str) -> str:
    request = run_request(script, enableExecuteCommand=True)
    request["overrides"] |= ROLE
    arn: str = ecs.client.run_task(**request)["tasks"][0]["taskArn"]
    return arn


def agent_of(ecs: Ecs, arn: str) -> str:
    (container,) = ecs.describe(arn)["containers"]
    status: str = container["managedAgents"][0]["lastStatus"]
    return status


def execute(ecs: Ecs, arn: str, command: str) -> dict[str, Any]:
    """Return what a client of ours is told."""
    answer = ecs.client.execute_command(cluster="prod", task=arn, interactive=True, command=command)
    session: dict[str, Any] = answer["session"]
    return {"url": session["streamUrl"], "token": session["tokenValue"], "headers": HEADERS} | session


def test_a_command_runs_on_a_terminal_in_the_containers_environment(ecs: Ecs, task: str) -> None:
    client = DataChannelClient()
    with client.connected(
        execute(ecs, task, "/bin/sh -c 'tty; echo $COLOUR $TERM; read word; echo got $word'")
    ):
        client.read_until(rb"/dev/pts/\d+\r\nred xterm-256color")
        client.say("cheese\r")
        client.read_until(b"got cheese")
        client.wait_for_close()


def test_a_client_comes_back_to_its_session_with_a_new_token(ecs: Ecs, task: str, ssm: Any) -> None:
    client, opened = DataChannelClient(), execute(ecs, task, "cat")
    with client.connected(opened):
        client.say("one\r")
        client.read_until(b"one\r\none")

    resumed = ssm.resume_session(SessionId=opened["sessionId"])
    with client.connected(opened | {"url": resumed["StreamUrl"], "token": resumed["TokenValue"]}):
        client.say("two\r")
        client.read_until(b"two\r\ntwo")


def test_a_session_that_was_ended_is_over(ecs: Ecs, task: str, ssm: Any) -> None:
    client, opened = DataChannelClient(), execute(ecs, task, "cat")
    with client.connected(opened):
        client.say("in\r")
        client.read_until(b"in")
        ssm.terminate_session(SessionId=opened["sessionId"])
        client.wait_for_close()

    until(lambda: ssm.resume_session(SessionId=opened["sessionId"])["TokenValue"] == "")
    with pytest.raises(ClientError, match="DoesNotExistException"):
        ssm.terminate_session(SessionId="ecs-execute-command-0")


def test_nobody_gets_in_without_a_signature_or_with_a_wrong_token(ecs: Ecs, task: str) -> None:
    opened = execute(ecs, task, "cat")

    with pytest.raises(InvalidStatus, match="403"):
        connect(opened["url"])
    with connect(opened["url"], additional_headers=HEADERS) as connection:
        connection.send('{"TokenValue": "guessed"}')
        with pytest.raises(ConnectionClosed) as refused:
            connection.recv(timeout=30)
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == 1003


def test_nobody_gets_into_a_task_that_was_not_started_for_it(ecs: Ecs, definitions: None) -> None:
    arn = ecs.run("sleep 600")
    ecs.endpoint.tasks.wait_for(arn, "RUNNING")

    with pytest.raises(ClientError, match="agent isn't running"):
        execute(ecs, arn, "cat")


def test_ecs_exec_needs_a_task_role(ecs: Ecs, definitions: None) -> None:
    with pytest.raises(ClientError, match="valid taskRoleArn is not being used"):
        ecs.client.run_task(**run_request("true", enableExecuteCommand=True))


def test_a_client_whose_container_has_ended_is_told_to_pause_and_nothing_more(ecs: Ecs, task: str) -> None:
    client = DataChannelClient()
    with client.connected(execute(ecs, task, SAYS_HERE)):
        client.read_until(b"here")
        ecs.client.stop_task(cluster="prod", task=task)
        client.wait_for_pause()
        ecs.endpoint.tasks.wait_for(task, "STOPPED")

        assert not client.closed


def test_a_session_without_traffic_is_closed_with_the_reason(ecs: Ecs, task: str) -> None:
    client, opened = DataChannelClient(), execute(ecs, task, SAYS_HERE)
    with client.connected(opened):
        client.read_until(b"here")
        ecs.endpoint.sessions.time_out(opened["sessionId"])
        client.wait_for_close()

    assert client.closed_because == "Your session timed out due to inactivity and has been terminated."


def test_a_client_that_says_it_is_old_is_turned_away(ecs: Ecs, task: str) -> None:
    opened = execute(ecs, task, "cat")
    with connect(opened["url"], additional_headers=HEADERS) as connection:
        connection.send(json.dumps({"TokenValue": opened["token"], "ClientVersion": "1.2.763.9"}))
        with pytest.raises(ConnectionClosed, match="too old"):
            connection.recv(timeout=30)


def test_tags_of_the_definition_are_propagated_to_the_task(ecs: Ecs) -> None:
    ecs.client.register_task_definition(**definition(), tags=[{"key": "tapit:stage", "value": "test"}])
    tags = [{"key": "tapit:task", "value": "1"}]
    request = run_request("sleep 600", propagateTags="TASK_DEFINITION", tags=tags)
    arn = ecs.client.run_task(**request)["tasks"][0]["taskArn"]

    (task,) = ecs.client.describe_tasks(cluster="prod", tasks=[arn], include=["TAGS"])["tasks"]
    assert {tag["key"] for tag in task["tags"]} == {"tapit:stage", "tapit:task"}
