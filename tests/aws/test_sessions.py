"""Sessions on the emulated AWS: through API Gateway to ECS Exec, and over a data channel into the task.

The containers' watchdog is the real one; their clocks run fast, and Session Manager gives up lost clients sooner.
"""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.aws.account import AwsAccount, open_account
from tests.aws.command_line import Tapit
from tests.aws.concessions import concede
from tests.aws.data_channel import DataChannelClient
from tests.aws.ecs_endpoint.faults import Fault, throttled
from tests.aws.shop import SETTINGS, a_team
from tests.aws.waiting import until

pytestmark = pytest.mark.slow

KEPT = 10.0  # seconds that a lost client has to come back, by functions that start slowly on a busy machine
HURRY = 10.0  # the watchdog waits for 30 s instead of 300 s, and for 3 s instead of 30 s


@dataclass(frozen=True)
class Api:
    url: str
    token: str

    def ask(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        """POST, and return the status, the answer and its headers."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return answer.status, json.loads(answer.read()), dict(answer.headers)

    def create(self, command: str, **more: Any) -> str:
        status, task, _ = self.ask("/apps/shop/tasks", {"command": command, "interactive": True, **more})
        assert status == 201, task
        task_id: str = task["id"]
        return task_id

    def open(self, task_id: str, command: str | None = None) -> dict[str, Any]:
        """Ask until the session is there; every other answer before says NotReady."""

        def ask() -> dict[str, Any] | None:
            status, answer, headers = self.ask(f"/tasks/{task_id}/sessions", {"command": command})
            if status == 201:
                return answer
            assert (status, answer["Code"] in ("NotReady", "TargetNotConnected")) == (409, True), answer
            assert int(headers["Retry-After"]) in (1, 2)
            return None

        return until(ask, seconds=60) or {}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsAccount]:
    settings = replace(SETTINGS, session_kept=KEPT, hurry=HURRY)
    with open_account(tmp_path_factory.mktemp("aws"), settings) as account:
        account.deploy()
        concede(account)
        yield account


@pytest.fixture(scope="module")
def shop(account: AwsAccount, tmp_path_factory: pytest.TempPathFactory) -> Tapit:
    return a_team(account, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def api(shop: Tapit) -> Api:
    return Api(shop.url, shop.token)


@pytest.mark.parametrize(("exit_code", "status"), [(0, "SUCCEEDED"), (3, "FAILED")])
def test_a_command_in_a_session_is_the_task(shop: Tapit, api: Api, exit_code: int, status: str) -> None:
    task_id = api.create(f"read name; echo hello $name in $COLOUR; exit {exit_code}", attached=True)
    opened = api.open(task_id)
    client = DataChannelClient()

    with client.connected(opened):
        client.begin(opened["nonce"])
        client.say("world\r")
        client.read_until(b"hello world in red")
        assert client.end(opened["nonce"]) == exit_code
    answered = api.ask(f"/tasks/{task_id}/sessions/{opened['session_id']}/end", {"exit_code": exit_code})
    task = shop.wait(task_id)

    assert answered[0] == 200
    assert (task["status"], task["exit_code"], task["ended_by"]) == (status, exit_code, "exit")
    (session,) = task["sessions"]
    assert (session["opened_by"], session["exit_code"]) == ("admin", exit_code)


def test_the_command_line_runs_a_command_there_and_exits_with_its_code(shop: Tapit) -> None:
    ran = shop.run("run", "cat; echo in $COLOUR; exit 3", typed="tea \ufffd\n")

    assert (ran.stdout, ran.returncode) == ("tea \ufffd\nin red\n", 3), ran.stderr
    (task,) = json.loads(shop.say("list", "tasks", "limit=1", "-o", "json"))
    ended = shop.wait(task["id"])
    assert (ended["status"], ended["exit_code"], ended["ended_by"]) == ("FAILED", 3, "exit")


def test_the_command_line_opens_a_shell_in_a_task_that_runs(shop: Tapit) -> None:
    task_id = shop.create("sleep 600", "interactive=true")

    ran = shop.run("shell", f"task={task_id}", "echo in $TAPIT_TASK_ID; exit 4")

    assert (ran.stdout, ran.returncode) == (f"in {task_id}\n", 4), ran.stderr
    shop.say("delete", "task", f"task={task_id}")


def test_a_task_that_nobody_goes_into_fails_and_says_so(shop: Tapit, api: Api) -> None:
    task = shop.wait(api.create("true", attached=True))

    assert (task["status"], task["ended_by"], task["exit_code"]) == ("FAILED", "nobody_came", None)
    assert task["diagnosis"]["what"]


def test_a_client_that_vanishes_leaves_no_task_behind(shop: Tapit, api: Api) -> None:
    task_id = api.create("cat", attached=True)
    opened = api.open(task_id)
    client = DataChannelClient()
    with client.connected(opened):
        client.begin(opened["nonce"])

    task = shop.wait(task_id)

    assert (task["status"], task["ended_by"], task["exit_code"]) == ("FAILED", "connection_lost", None)


@pytest.fixture
def attached(shop: Tapit) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """A command line in the session of a task that has said that it is there, and the task."""
    with shop.begin("run", "echo here; cat; exit 3") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        (listed,) = json.loads(shop.say("list", "tasks", "limit=1", "-o", "json"))
        try:
            yield process, shop.show(listed["id"])
        finally:
            process.kill()


def test_the_command_line_leaves_a_task_that_has_ended_though_its_agent_said_nothing(
    account: AwsAccount, attached: tuple["subprocess.Popen[str]", dict[str, Any]]
) -> None:
    process, task = attached
    (arn,) = (each["taskArn"] for each in account.ecs.tasks.started() if task["id"] in each["startedBy"])
    account.ecs.tasks.find("prod", arn).stop("SpotInterruption", "Your Spot Task was interrupted.")

    said, exit_code = process.communicate(timeout=60)[1], process.returncode

    assert "interrupted" in said
    assert exit_code == 143


def test_a_session_that_timed_out_says_so_before_its_task_ends(
    account: AwsAccount, shop: Tapit, attached: tuple["subprocess.Popen[str]", dict[str, Any]]
) -> None:
    process, task = attached
    account.ecs.sessions.time_out(task["sessions"][0]["id"])

    assert process.stderr is not None
    while "timed out due to inactivity" not in (line := process.stderr.readline()):
        assert line, "it has ended without a reason"
    assert process.poll() is None
    assert shop.show(task["id"])["status"] == "RUNNING"
    shop.say("delete", "task", f"task={task['id']}")
    assert process.wait(timeout=60) == 143


def test_a_lost_client_comes_back_to_where_it_was(shop: Tapit, api: Api) -> None:
    task_id = api.create("read one; echo $one; read two; echo $one $two", attached=True)
    opened = api.open(task_id)
    path = f"/tasks/{task_id}/sessions/{opened['session_id']}"
    client = DataChannelClient()
    with client.connected(opened):
        client.begin(opened["nonce"])
        client.say("tea\r")
        client.read_until(b"tea\r\ntea")

    status, resumed, _ = api.ask(f"{path}/resume", {})
    assert status == 200
    assert resumed["token"] != opened["token"]
    with client.connected(resumed):
        client.say("coffee\r")
        client.read_until(b"tea coffee")
        assert client.end(opened["nonce"]) == 0

    status, refused, _ = until(lambda: over(api.ask(f"{path}/resume", {})))
    assert (status, refused["Code"]) == (409, "SessionOver")
    api.ask(f"{path}/end", {"exit_code": 0})
    assert shop.wait(task_id)["status"] == "SUCCEEDED"


def test_sessions_in_a_running_task_are_its_guests(account: AwsAccount, shop: Tapit, api: Api) -> None:
    task_id = api.create("trap 'exit 7' TERM; while :; do sleep 1; done")
    first, second = api.open(task_id, "cat"), api.open(task_id, "exit 5")
    client, other = DataChannelClient(), DataChannelClient()

    with client.connected(first), other.connected(second):
        client.begin(first["nonce"])
        other.begin(second["nonce"])
        assert other.end(second["nonce"]) == 5
        api.ask(f"/tasks/{task_id}/sessions/{first['session_id']}/end", {})  # leaves while its command runs
        client.wait_for_close()

    assert shop.show(task_id)["status"] == "RUNNING"
    shop.say("delete", "task", f"task={task_id}")
    assert shop.wait(task_id)["exit_code"] == 7


def test_ecs_that_is_busy_or_not_connected_yet_is_to_be_asked_again(
    account: AwsAccount, shop: Tapit, api: Api
) -> None:
    not_connected = Fault("ExecuteCommand", code="TargetNotConnectedException", message="not connected")
    for fault in (not_connected, throttled("ExecuteCommand"), throttled("DescribeTasks")):
        account.ecs.faults.add(fault)
    task_id = api.create("exit 0", attached=True)

    opened = api.open(task_id)

    assert opened["session_id"].startswith("ecs-execute-command-")
    api.ask(f"/tasks/{task_id}/sessions/{opened['session_id']}/end", {})
    assert shop.wait(task_id)["status"] == "STOPPED"


def test_a_refusal_of_ecs_is_told_in_its_own_words(account: AwsAccount, shop: Tapit, api: Api) -> None:
    task_id = api.create("exit 0", attached=True)
    api.open(task_id)
    said = "User: tapit is not authorized to perform: ecs:ExecuteCommand"
    account.ecs.faults.add(Fault("ExecuteCommand", code="AccessDeniedException", message=said))

    status, answer, _ = api.ask(f"/tasks/{task_id}/sessions", {"command": "true"})

    assert (status, answer["Code"]) == (503, "Unavailable")
    assert said in answer["Message"]
    assert "deploy" in answer["Hint"]
    shop.say("delete", "task", f"task={task_id}")
    shop.wait(task_id)


def test_a_task_without_a_role_of_its_own_gets_the_stages(account: AwsAccount, api: Api) -> None:
    role = account.resource("SessionRole")
    calls = [params for operation, params in account.ecs.calls if operation == "RunTask"]
    roles = {call["overrides"].get("taskRoleArn") for call in calls if call.get("enableExecuteCommand")}

    assert {arn.rpartition("/")[2] for arn in roles if arn} == {role}
    assert None not in roles


def over(answer: tuple[int, dict[str, Any], dict[str, str]]) -> Any:
    """A command's end takes the service a moment to notice."""
    return answer if answer[0] != 200 else None
