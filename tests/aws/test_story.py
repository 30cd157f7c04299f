"""The packaged program on an emulated AWS, used as a team uses it: by `make deploy` and the `tapit` command."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.aws.account import AwsAccount, open_account
from tests.aws.command_line import PATIENCE, Tapit
from tests.aws.concessions import concede
from tests.aws.conftest import ecs_client
from tests.aws.ecs_endpoint.events import Weather
from tests.aws.ecs_endpoint.faults import (
    NO_CAPACITY,
    Fault,
    cannot_start,
    no_capacity,
    no_quota,
    server_error,
    throttled,
    throttled_in_disguise,
    unanswered,
)
from tests.aws.minutes import a_minute_passes
from tests.aws.shop import SETTINGS, a_team
from tests.aws.waiting import until
from tests.stops.lines import WELL

pytestmark = pytest.mark.slow

BAD_ANSWERS = (no_capacity, no_quota, throttled, throttled_in_disguise, server_error, unanswered)
AT_ONCE = 30  # seconds; functions start slowly on a busy machine, and the sweep would take a minute for each
TRAPS = "trap 'echo goodbye; exit 7' TERM; echo up; while :; do sleep 0.1; done"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsAccount]:
    with open_account(tmp_path_factory.mktemp("aws"), SETTINGS) as account:
        account.deploy()
        concede(account)
        yield account


@pytest.fixture(scope="module")
def shop(account: AwsAccount, tmp_path_factory: pytest.TempPathFactory) -> Tapit:
    return a_team(account, tmp_path_factory.mktemp("home"))


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
        if task["startedBy"].startswith(f"tapit-{account.stage}/{task_id}")
    ]


def only_start_of(account: AwsAccount, task_id: str) -> str:
    (arn,) = until(lambda: starts_of(account, task_id))
    return arn


def test_a_second_deployment_changes_nothing(account: AwsAccount) -> None:
    assert "nothing had to change" in account.deploy()


def test_a_saved_command_runs_and_its_task_is_run_again_after_it_is_gone(shop: Tapit) -> None:
    shop.say("create", "command", "name=greet", "echo $GREETING to $COLOUR; exit 3", "env=GREETING=hello")

    first = shop.run("create", "task", "command=greet", "--wait")
    (task_id,) = shop.say("list", "tasks", "limit=1", "-o", "id").split()
    shop.say("delete", "command", "name=greet")
    again = shop.run("rerun", f"task={task_id}", "env=GREETING=bye", "--wait")

    assert (first.stdout, first.returncode) == ("hello to red\n", 3), first.stderr
    assert (again.stdout, again.returncode) == ("bye to red\n", 3), again.stderr
    (newest,) = json.loads(shop.say("list", "tasks", "limit=1", "-o", "json"))
    assert (newest["rerun_of"], newest["command_name"]) == (task_id, "greet")


def test_a_schedule_runs_for_three_minutes_and_each_of_its_times_is_one_task(
    account: AwsAccount, shop: Tapit
) -> None:
    """Each is brought nearer as a minute would, and the function is called twice at once, as EventBridge may do."""
    shop.say("create", "command", "name=greet-all", "echo $GREETING to $COLOUR")
    shop.say("create", "schedule", "name=nightly", "command=greet-all", "every=1m", "env=GREETING=hello")
    for number in range(1, 4):
        a_minute_passes(account, "shop", "nightly")
        with ThreadPoolExecutor(2) as pool:
            for called in [pool.submit(account.sweep) for _ in range(2)]:
                called.result()
        runs = json.loads(shop.say("show", "schedule", "name=nightly", "-o", "json"))["runs"]
        assert [run["why"] for run in runs] == [None] * number
        newest = _tasks_of_the_schedule(shop, number)[0]
        assert shop.wait(newest)["status"] == "SUCCEEDED"

    shown = json.loads(shop.say("show", "schedule", "name=nightly", "-o", "json"))
    assert [(run["task_id"], run["status"]) for run in shown["runs"]] == [
        (task_id, "SUCCEEDED") for task_id in _tasks_of_the_schedule(shop, 3)
    ]
    times = [datetime.fromisoformat(run["time"]) for run in shown["runs"]]
    assert times == sorted(set(times), reverse=True)
    assert shop.say("logs", f"task={newest}") == "hello to red\n"


def test_a_schedule_that_cannot_become_a_task_says_why(account: AwsAccount, shop: Tapit) -> None:
    shop.say("create", "command", "name=short-lived", "true")
    shop.say("create", "schedule", "name=broken", "command=short-lived", "every=1m", "pause_after_failures=2")
    shop.say("delete", "command", "name=short-lived")
    for paused in (False, True):
        a_minute_passes(account, "shop", "broken")
        account.sweep()
        shown = json.loads(shop.say("show", "schedule", "name=broken", "-o", "json"))
        assert shown["problem"] == "App shop has no command short-lived."
        assert (shown["paused"] is not None) is paused

    def told() -> list[str]:
        events = json.loads(shop.say("list", "events", "limit=50", "-o", "json"))
        return [event["schedule"] for event in events if event["type"] == "Schedule State Change"]

    assert until(told) == ["broken"]


def _tasks_of_the_schedule(shop: Tapit, count: int) -> list[str]:
    """Return the ids of its tasks, the newest first: there are so many."""
    ids = shop.say("list", "tasks", "created_by=schedule:nightly", "-o", "id").split()
    assert len(ids) == count
    return ids


def test_runs_a_command_and_passes_its_output_and_exit_code_through(shop: Tapit) -> None:
    done = shop.run("create", "task", "echo to $COLOUR; echo $PASSWORD; exit 3", "--wait")
    assert (done.returncode, done.stdout) == (3, "to red\nhunter2\n"), done.stderr


def test_tells_what_ran_who_ran_it_and_how_it_ended(shop: Tapit) -> None:
    tags = "tags=ticket:OPS-7,release:42"
    task_id = shop.create("echo told", "initiated_by=alice@example.com", "cpu=0.5", "memory=1", tags)
    task = shop.wait(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("SUCCEEDED", 0, "exit")
    assert (task["initiated_by"], task["created_by"], task["cpu"]) == ("alice@example.com", "admin", 0.5)
    assert task["started_at"] < task["stopped_at"]
    assert shop.say("logs", f"task={task_id}") == "told\n"
    for filtered in ("initiated_by=alice@example.com", "tag=ticket:OPS-7"):
        listed = json.loads(shop.say("list", "tasks", filtered, "-o", "json"))
        assert [(item["id"], item["status"]) for item in listed] == [(task_id, "SUCCEEDED")]
    assert listed[0]["tags"] == {"ticket": "OPS-7", "release": "42"}


def test_tags_are_those_of_the_task_on_ecs_for_costs_by_tag(account: AwsAccount, shop: Tapit) -> None:
    task_id = shop.create("true", "tags=ticket:OPS-7, link:https://x/7,urgent:")
    run = only_start_of(account, task_id)
    (described,) = ecs_client(account.ecs_url).describe_tasks(cluster="prod", tasks=[run], include=["TAGS"])[
        "tasks"
    ]
    theirs = {"ticket": "OPS-7", "link": "https://x/7", "urgent": ""}
    ours = {"tapit:task": task_id, "tapit:app": "shop", "tapit:stage": account.stage}
    assert {tag["key"]: tag["value"] for tag in described["tags"]} == {**theirs, **ours}
    assert shop.wait(task_id)["tags"] == theirs


def test_lets_others_do_what_their_token_is_for_and_no_more(shop: Tapit) -> None:
    made = json.loads(shop.say("create", "token", "name=ci", "role=operator", "apps=shop", "expires=1h"))
    ci = replace(shop, token=made["token"])
    task_id = ci.create("echo by ci")
    assert (shop.wait(task_id)["status"], shop.show(task_id)["created_by"]) == ("SUCCEEDED", "ci")
    refused = ci.run("delete", "app", "name=shop")
    assert (refused.returncode, "This takes the role admin" in refused.stderr) == (4, True)
    there_is_none = "There is no app blog that token ci reaches: it is for shop alone."
    assert ci.get("/apps/blog", ci.token)[1]["Message"] == there_is_none
    listed = {token["name"]: token for token in json.loads(shop.say("list", "tokens", "-o", "json"))}
    assert (listed["ci"]["created_by"], listed["ci"]["last_used_at"] is None) == ("admin", False)
    shop.say("delete", "token", "name=ci")
    until(lambda: ci.run("whoami").returncode == 4, seconds=60, pause=1)


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


@pytest.mark.parametrize("by", ["a person", "its time limit"])
def test_a_stop_gives_every_command_of_a_line_its_time(shop: Tapit, tmp_path: Path, by: str) -> None:
    line = f"cd {tmp_path}; {WELL} 5; echo after"
    task_id = shop.create(line, *(["max_hours=8s"] if by == "its time limit" else []))
    until((tmp_path / "up").exists)

    if by == "a person":
        shop.say("delete", "task", task_id)
    until((tmp_path / "stopping").exists)
    (tmp_path / "go").touch()

    task = shop.wait(task_id)
    assert (task["status"], task["exit_code"]) == ("STOPPED" if by == "a person" else "TIMED_OUT", 5)
    assert shop.say("logs", task_id) == "stopping\nbye\n"


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


def test_of_tasks_with_one_lock_each_starts_when_the_one_before_has_ended(
    account: AwsAccount, shop: Tapit, tmp_path: Path
) -> None:
    held = f"until [ -e {tmp_path}/go ]; do sleep 0.05; done"
    first = shop.create(held, "lock=migrate")
    others = [shop.create("exit 0", "lock=migrate") for _ in range(3)]
    until(
        lambda: shop.show(first)["status"] == "RUNNING", seconds=90
    )  # whoever hears of its end has started by then
    until(lambda: shop.show(others[-1])["waiting_for"] == f"lock migrate, held by {first}", seconds=90)
    refused = shop.run("create", "task", "exit 0", "lock=migrate", "if_locked=refuse")
    assert f"Task {first} of app shop holds the lock migrate" in refused.stderr
    assert [starts_of(account, task_id) for task_id in others] == [[], [], []]

    (tmp_path / "go").touch()

    tasks = [shop.wait(task_id) for task_id in (first, *others)]
    assert [task["status"] for task in tasks] == ["SUCCEEDED"] * 4
    pauses = [seconds_between(one["stopped_at"], next_["started_at"]) for one, next_ in pairwise(tasks)]
    assert all(0 <= pause < AT_ONCE for pause in pauses), pauses


def test_a_task_that_replaces_stops_the_one_before_and_starts(shop: Tapit) -> None:
    first = shop.create(TRAPS, "lock=deploy")
    until(lambda: "up" in shop.say("logs", f"task={first}"))

    second = shop.wait(shop.create("exit 0", "lock=deploy", "if_locked=replace"))

    replaced = shop.show(first)
    assert (replaced["status"], replaced["ended_by"], replaced["exit_code"]) == ("STOPPED", "replaced", 7)
    assert 0 <= seconds_between(replaced["stopped_at"], second["started_at"]) < AT_ONCE


def test_runs_twenty_at_once_on_one_definition(account: AwsAccount, shop: Tapit) -> None:
    before = len(registrations(account))
    create = ("create", "task", "docker_tag=2", "initiated_by=twenty", "-o", "id")
    ids = shop.at_once(*((*create, f"echo {n}") for n in range(20)))
    until(lambda: statuses(shop, "initiated_by=twenty") == ["SUCCEEDED"] * 20, seconds=PATIENCE)
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
    account.ecs.tasks.find("prod", arn).stop("TerminationNotice", "Host EC2 (instance i-0abc) terminated.")
    task = shop.wait(task_id)
    assert (task["status"], task["ended_by"]) == ("FAILED", "infrastructure")


def test_tries_again_what_lost_its_spot_capacity_without_anybody_asking(
    account: AwsAccount, shop: Tapit
) -> None:
    first = shop.create(TRAPS, "retries=1", "retry_wait=2s")
    arn = only_start_of(account, first)
    account.ecs.tasks.wait_for(arn, "RUNNING")
    account.ecs.tasks.find("prod", arn).stop("SpotInterruption", "Your Spot Task was interrupted.")
    until(lambda: shop.show(first)["retried_by"] is not None)
    ended = shop.show(first)
    second = ended["retried_by"]
    assert (ended["status"], ended["ended_by"]) == ("FAILED", "spot")
    until(lambda: shop.show(second)["status"] == "RUNNING", seconds=30)  # the sweep would take a minute
    assert shop.show(second)["started_at"] >= shop.show(second)["not_before"]
    shop.say("stop", f"task={second}")
    last = shop.wait(second)
    assert (last["status"], last["retried_by"]) == ("STOPPED", None)
    assert [each["id"] for each in shop.show(first)["tries"]] == [first, second]


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


@pytest.mark.parametrize(
    "reason", [NO_CAPACITY, "Timeout waiting for network interface provisioning to complete.", "RESOURCE:ENI"]
)
def test_starts_another_container_when_the_first_one_could_not_start(
    account: AwsAccount, shop: Tapit, reason: str
) -> None:
    account.ecs.faults.add(cannot_start(reason))
    task_id = shop.create("exit 0")
    why = f"attempt 1 did not start: {reason}"
    until(lambda: shop.show(task_id)["history"][-1]["why"] == why)
    assert (shop.show(task_id)["status"], shop.show(task_id)["waiting_for"]) == (
        "STARTING",
        f"another attempt: {reason}",
    )
    account.sweep()
    assert shop.wait(task_id)["status"] == "SUCCEEDED"
    assert len(starts_of(account, task_id)) == 2


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
    assert "Messages" not in queues.receive_message(QueueUrl=account.outputs["FailedQueue"])
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
