"""The packaged program on an emulated AWS, used as a team uses it: by `make deploy` and the `tapit` command."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from tests.aws.account import AwsAccount, open_account
from tests.aws.command_line import Tapit
from tests.aws.concessions import concede
from tests.aws.conftest import ecs_client
from tests.aws.ecs_endpoint.events import Weather
from tests.aws.ecs_endpoint.faults import (
    Fault,
    cannot_start,
    no_capacity,
    no_quota,
    server_error,
    throttled,
    throttled_in_disguise,
    unanswered,
)
from tests.aws.shop import SETTINGS, open_shop
from tests.aws.waiting import until

pytestmark = pytest.mark.slow

BAD_ANSWERS = (no_capacity, no_quota, throttled, throttled_in_disguise, server_error, unanswered)
TRAPS = "trap 'echo goodbye; exit 7' TERM; echo up; while :; do sleep 0.1; done"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsAccount]:
    with open_account(tmp_path_factory.mktemp("aws"), SETTINGS) as account:
        account.deploy()
        concede(account)
        yield account


@pytest.fixture(scope="module")
def shop(account: AwsAccount, tmp_path_factory: pytest.TempPathFactory) -> Tapit:
    """A team's command line, with an app that points at the team's own service."""
    tapit = Tapit(account.api_url, account.first_token(), tmp_path_factory.mktemp("home"))
    open_shop(account, tapit)
    return tapit


@pytest.fixture(autouse=True)
def _fine_weather(account: AwsAccount) -> Iterator[None]:
    yield
    account.ecs.events.weather = Weather()
    account.ecs.faults.clear()


def starts_of(account: AwsAccount, task_id: str) -> list[str]:
    """The ECS tasks that were started for a task of ours."""
    return [
        task["taskArn"]
        for task in account.ecs.tasks.started()
        if task["startedBy"] == f"tapit-{account.stage}/{task_id}"
    ]


def only_start_of(account: AwsAccount, task_id: str) -> str:
    (arn,) = until(lambda: starts_of(account, task_id))
    return arn


def test_a_second_deployment_changes_nothing(account: AwsAccount) -> None:
    assert "nothing had to change" in account.deploy()


def test_runs_a_command_and_passes_its_output_and_exit_code_through(shop: Tapit) -> None:
    done = shop.run("create", "task", "echo to $COLOUR; echo $PASSWORD; exit 3", "--wait")
    assert (done.returncode, done.stdout) == (3, "to red\nhunter2\n"), done.stderr


def test_tells_what_ran_who_ran_it_and_how_it_ended(shop: Tapit) -> None:
    task_id = shop.create("echo told", "initiated_by=alice@example.com", "cpu=0.5", "memory=1")
    task = shop.wait(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("SUCCEEDED", 0, "exit")
    assert (task["initiated_by"], task["created_by"], task["cpu"]) == ("alice@example.com", "admin", 0.5)
    assert task["started_at"] < task["stopped_at"]
    assert shop.say("logs", f"task={task_id}") == "told\n"
    listed = json.loads(shop.say("list", "tasks", "initiated_by=alice@example.com", "-o", "json"))
    assert [(item["id"], item["status"]) for item in listed] == [(task_id, "SUCCEEDED")]


def test_stops_a_task_at_its_time_limit_and_not_before(shop: Tapit) -> None:
    task = shop.wait(shop.create(TRAPS, "max_hours=0.002"))
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("TIMED_OUT", 7, "deadline")
    ran = seconds_between(task["started_at"], task["stopped_at"])
    assert ran >= 7.2


def test_deletes_a_running_task_then_its_record(account: AwsAccount, shop: Tapit) -> None:
    task_id = shop.create(TRAPS)
    until(lambda: shop.show(task_id)["status"] == "RUNNING")
    until(lambda: "up" in shop.say("logs", f"task={task_id}"))
    shop.say("delete", "task", f"task={task_id}")
    task = shop.wait(task_id)
    assert (task["status"], task["exit_code"]) == ("STOPPED", 7)
    assert task["stop_cause"] == {"kind": "user", "by": "admin", "exit_code": None}
    shop.say("delete", "task", f"task={task_id}")
    assert "There is no task" in shop.run("show", "task", f"task={task_id}").stderr


def test_deletes_a_task_before_its_container_began(account: AwsAccount, shop: Tapit) -> None:
    task_id = shop.create("echo never", "docker_tag=slow")
    only_start_of(account, task_id)
    shop.say("delete", "task", f"task={task_id}")
    task = shop.wait(task_id)
    assert (task["status"], task["exit_code"]) == ("STOPPED", None)


def test_stops_a_container_of_ours_that_no_record_watches(account: AwsAccount, shop: Tapit) -> None:
    """As when ECS starts what it said it could not, after another attempt was accepted; or when a record is gone."""
    task_id = shop.create(TRAPS)
    own = only_start_of(account, task_id)
    until(lambda: shop.show(task_id)["status"] == "RUNNING")
    for started_for, why in ((task_id, "another container"), ("0000000zzzzz", "no task 0000000zzzzz")):
        stray = run_again(account, own, started_for)
        stopped = account.ecs.tasks.wait_for(stray, "STOPPED", seconds=40)
        assert stopped["stopCode"] == "UserInitiated"
        assert why in stopped["stoppedReason"]
    assert shop.show(task_id)["status"] == "RUNNING"
    shop.say("delete", "task", f"task={task_id}")
    assert shop.wait(task_id)["status"] == "STOPPED"


def test_runs_twenty_at_once_on_one_definition(account: AwsAccount, shop: Tapit) -> None:
    before = len(registrations(account))
    create = ("create", "task", "docker_tag=2", "initiated_by=twenty", "-o", "id")
    ids = shop.at_once(*((*create, f"echo {n}") for n in range(20)))
    until(lambda: statuses(shop, "initiated_by=twenty") == ["SUCCEEDED"] * 20, seconds=120)
    assert [len(starts_of(account, task_id.strip())) for task_id in ids] == [1] * 20
    printed = shop.at_once(*(("logs", f"task={task_id.strip()}") for task_id in ids))
    assert printed == [f"{n}\n" for n in range(20)]
    assert len(registrations(account)) - before == 1


@pytest.mark.parametrize(
    ("words", "ended_by", "said"),
    [
        (("no-such-program",), "exit", "127"),
        (("exit 0", "docker_tag=gone"), "start_failure", "CannotPullContainerError"),
    ],
)
def test_says_why_a_task_failed_and_what_to_do(
    shop: Tapit, words: tuple[str, ...], ended_by: str, said: str
) -> None:
    task = shop.wait(shop.create(*words))
    assert (task["status"], task["ended_by"]) == ("FAILED", ended_by)
    assert task["diagnosis"]["what"]
    assert task["diagnosis"]["next"]
    assert said in f"{task['reason']} {task['exit_code']}"


def test_says_when_the_infrastructure_failed(account: AwsAccount, shop: Tapit) -> None:
    task_id = shop.create(TRAPS)
    arn = only_start_of(account, task_id)
    account.ecs.tasks.wait_for(arn, "RUNNING")
    account.ecs.tasks.find("prod", arn).stop("SpotInterruption", "Your Spot Task was interrupted.")
    task = shop.wait(task_id)
    assert (task["status"], task["ended_by"]) == ("FAILED", "infrastructure")


def test_says_when_memory_ran_out(account: AwsAccount, shop: Tapit) -> None:
    task_id = shop.create(TRAPS)
    arn = only_start_of(account, task_id)
    account.ecs.tasks.wait_for(arn, "RUNNING")
    account.ecs.tasks.find("prod", arn).run_out_of_memory()
    task = shop.wait(task_id)
    assert (task["status"], task["ended_by"], task["exit_code"]) == ("FAILED", "out_of_memory", 137)


@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_starts_one_container_whatever_ecs_answers_first(
    account: AwsAccount, shop: Tapit, fault: Callable[[], Fault]
) -> None:
    account.ecs.faults.add(fault(), times=2)
    task_id = shop.create("exit 0")
    assert shop.wait(task_id)["status"] == "SUCCEEDED"
    assert len(starts_of(account, task_id)) == 1


def test_gives_up_what_ecs_refuses_for_good(account: AwsAccount, shop: Tapit) -> None:
    account.ecs.faults.add(
        cannot_start("ResourceInitializationError: unable to pull secrets or registry auth")
    )
    task = shop.wait(shop.create("exit 0"))
    assert (task["status"], task["ended_by"]) == ("FAILED", "start_failure")
    assert "ResourceInitializationError" in task["reason"]


def test_the_sweep_heals_what_lost_events_left(account: AwsAccount, shop: Tapit) -> None:
    """A sweep asks ECS about a fifth of the tasks, so of twelve some are healed at once."""
    account.ecs.events.weather = Weather(copies=0)
    create = ("create", "task", "exit 5", "initiated_by=unheard", "-o", "id")
    ids = shop.at_once(*[create] * 12)
    for task_id in ids:
        account.ecs.tasks.wait_for(only_start_of(account, task_id.strip()), "STOPPED")
    account.sweep()
    until(lambda: "FAILED" in statuses(shop, "initiated_by=unheard"), seconds=180)
    healed = json.loads(shop.say("list", "tasks", "initiated_by=unheard", "-o", "json"))
    assert {task["exit_code"] for task in healed if task["status"] == "FAILED"} == {5}


def test_repeated_and_reversed_events_tell_the_same_story(account: AwsAccount, shop: Tapit) -> None:
    account.ecs.events.weather = Weather(copies=3, reversed_at_end=True)
    task = shop.wait(shop.create("exit 6"))
    assert (task["status"], task["exit_code"]) == ("FAILED", 6)
    account.ecs.events.settle()
    assert shop.show(task["id"])["history"][-1]["status"] == "FAILED"


def test_stops_at_the_time_limit_though_every_event_was_lost(account: AwsAccount, shop: Tapit) -> None:
    account.ecs.events.weather = Weather(copies=0)
    arn = only_start_of(account, shop.create(TRAPS, "max_hours=0.002"))
    stopped = account.ecs.tasks.wait_for(arn, "STOPPED", seconds=40)
    assert stopped["stopCode"] == "UserInitiated"
    assert (stopped["executionStoppedAt"] - stopped["startedAt"]).total_seconds() >= 7.2


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        ("/no/such/route", "", 404, "RouteNotFound"),
        ("/apps", "tpt_none_of_ours", 401, "Unauthenticated"),
        ("/apps/gone", None, 404, "AppNotFound"),
        ("/health", "", 200, None),
    ],
)
def test_every_answer_of_the_gateway_has_the_same_shape(
    shop: Tapit, path: str, token: str | None, status: int, code: str | None
) -> None:
    answered, body = shop.get(path, shop.token if token is None else token)
    assert (answered, body.get("Code")) == (status, code)


def test_nothing_went_wrong_behind_the_scenes(account: AwsAccount, shop: Tapit) -> None:
    """After all of the above, no event was given up, and no execution of the lifecycle failed."""
    queues = account.client("sqs")
    for name in ("UndeliveredQueue", "FailedQueue"):
        assert "Messages" not in queues.receive_message(QueueUrl=account.outputs[name])
    failed = account.client("stepfunctions").list_executions(
        stateMachineArn=account.state_machine, statusFilter="FAILED"
    )
    assert failed["executions"] == []


def test_takes_everything_down_but_the_table(account: AwsAccount) -> None:
    table = account.outputs["TableName"]
    account.deploy_tool("destroy")
    assert account.client("dynamodb").list_tables()["TableNames"] == [table]
    assert account.client("lambda").list_functions()["Functions"] == []


def run_again(account: AwsAccount, arn: str, task_id: str) -> str:
    """Start what a task of ECS runs once more, marked as ours, and return the new one's ARN."""
    ecs = ecs_client(account.ecs_url)
    (like,) = ecs.describe_tasks(cluster="prod", tasks=[arn])["tasks"]
    answer = ecs.run_task(
        cluster="prod",
        taskDefinition=like["taskDefinitionArn"],
        launchType="FARGATE",
        startedBy=f"tapit-{account.stage}/{task_id}",
        overrides=like["overrides"],
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )
    started: str = answer["tasks"][0]["taskArn"]
    return started


def statuses(shop: Tapit, *words: str) -> list[str]:
    return [item["status"] for item in json.loads(shop.say("list", "tasks", *words, "-o", "json"))]


def registrations(account: AwsAccount) -> list[str]:
    return [operation for operation, _ in account.ecs.calls if operation == "RegisterTaskDefinition"]


def seconds_between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
