"""Every request to AWS that one task's life takes, from its creation to a look at its end, and what they cost.

Botocore tells of each as it makes it, repeated ones included.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import app as triggers
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.cloudwatch_logs import CloudWatchLogs
from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.metered import MeteredEcsCluster, MeteredTasks
from chalicelib.adapters.no_news import NoNews
from chalicelib.adapters.stepfunctions import StepFunctionsLifecycle
from chalicelib.adapters.token_cache import TokenCache
from chalicelib.domain.token import new_token
from chalicelib.ports import Services
from chalicelib.wiring import running_on
from local.server import Gateway
from tests.aws_adapters.dynamodb_meter import Meter
from tests.aws_adapters.ecs_account import NO_SESSIONS, REGION, a_web_app, client, ecs_on_moto
from tests.builders import NOON
from tests.dynamodb_table import NAME, PROPERTIES

DEFINITION = json.loads((Path(__file__).parents[2] / ".chalice" / "lifecycle.asl.json").read_text())
ROLE = "arn:aws:iam::123456789012:role/lifecycle"
TABLE = {
    name: PROPERTIES[name]
    for name in ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
}
FUNCTION_CALLS = 6  # two requests of the API, the launch, two ECS events, one wake
API_REQUESTS = 2

# List prices of us-east-1 in dollars, without free tiers. ECS, and the events that AWS itself sends, are free.
TRANSITION = 0.025 / 1000
API_REQUEST = 3.50 / 1_000_000
FUNCTION_CALL = 0.20 / 1_000_000 + 0.2 * 0.0000133334  # taken to be 0.2 s at 1 GB on arm64
MOST = 0.0003

# Each function has just started and remembers nothing, and the task is the first of its app; nothing is tried again.
REQUESTS = {
    "cloudwatch-logs.CreateLogGroup": 1,
    "cloudwatch-logs.PutRetentionPolicy": 1,
    "dynamodb.GetItem": 11,
    "dynamodb.PutItem": 3,
    "dynamodb.TransactWriteItems": 2,
    "ecs.DescribeServices": 1,
    "ecs.DescribeTaskDefinition": 2,
    "ecs.RegisterTaskDefinition": 1,
    "ecs.RunTask": 1,
    "sfn.StartExecution": 1,
}


@dataclass(frozen=True)
class Life:
    """What one task's life took."""

    requests: Mapping[str, int]
    table_calls: int
    table_dollars: float
    transitions: int

    @property
    def bill(self) -> Mapping[str, float]:
        return {
            "state machine": self.transitions * TRANSITION,
            "table": self.table_dollars,
            "functions": FUNCTION_CALLS * FUNCTION_CALL,
            "API": API_REQUESTS * API_REQUEST,
        }

    @property
    def dollars(self) -> float:
        return sum(self.bill.values())


def test_a_first_task_makes_these_requests_and_no_others() -> None:
    assert a_life().requests == REQUESTS


def test_a_life_costs_less_than_a_thirtieth_of_a_cent() -> None:
    life = a_life()

    assert life.table_calls == sum(n for name, n in life.requests.items() if name.startswith("dynamodb."))
    assert life.dollars < MOST, f"${life.dollars:.6f}, of which {life.bill}"


class AwsHome:
    """The app on the AWS home, within this process. `dynamodb` is the client that it uses."""

    def __init__(self, dynamodb: Any, machine: str, heard: Callable[..., None]) -> None:
        self.clients = {name: client(name) for name in ("ecs", "logs", "stepfunctions")}
        self.clients["dynamodb"] = dynamodb
        self._machine = machine
        for each in self.clients.values():
            each.meta.events.register("request-created", heard)
        self.clients["ecs"].meta.events.register("provide-client-params.ecs.RunTask", _runnable_on_moto())
        token, self._token = new_token("alice")
        store = DynamoTable(client("dynamodb"), NAME)
        DynamoTokenStore(store).add(token, NOON)
        DynamoAppStore(store).create(a_web_app())
        self._gateway = Gateway(triggers.app)

    def services(self, table: Any = None) -> Services:
        """Return services that remember nothing; `table` is another client of the table."""
        clock, dynamo = SystemClock(), DynamoTable(table or self.clients["dynamodb"], NAME)
        groups, states = LogGroups(self.clients["logs"]), self.clients["stepfunctions"]
        ecs = self.clients["ecs"]
        return Services(
            tasks=MeteredTasks(DynamoTaskStore(dynamo, clock), Unheard()),
            apps=DynamoAppStore(dynamo),
            tokens=TokenCache(DynamoTokenStore(dynamo), clock),
            cluster=MeteredEcsCluster(ecs, groups, NO_SESSIONS, stage="test", region=REGION, meter=Unheard()),
            lifecycle=StepFunctionsLifecycle(states, self._machine, clock),
            logs=CloudWatchLogs(self.clients["logs"], clock),
            changes=NoNews(),
            clock=clock,
            home="aws",
        )

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask over API Gateway's event and return the JSON of the answer, which must be a success."""
        own = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        answered = self._gateway.answer(method, path, {**own, **headers}, content)
        assert answered["statusCode"] < 300, answered
        return json.loads(answered["body"])

    def create(self) -> str:
        key = {"Idempotency-Key": datetime.now(UTC).isoformat()}
        task_id: str = self.ask("POST", "/apps/shop/tasks", {"command": "true"}, **key)["id"]
        return task_id


class Unheard:
    """Metrics are written to the function's log."""

    def count(self, name: str) -> None: ...

    def measure(self, name: str, seconds: float) -> None: ...


@contextmanager
def aws_home(heard: Callable[..., None]) -> Iterator[AwsHome]:
    """`heard` is told of every request that the home makes."""
    with ecs_on_moto():
        client("dynamodb").create_table(TableName=NAME, **TABLE)
        definition = json.dumps(DEFINITION)
        made = client("stepfunctions").create_state_machine(
            name="tapit-test", definition=definition, roleArn=ROLE
        )
        yield AwsHome(client("dynamodb"), made["stateMachineArn"], heard)


def a_life() -> Life:
    """Live twice: once the requests are counted, once the table's units, which takes requests of its own."""
    requests: Counter[str] = Counter()
    with aws_home(lambda event_name, **_: requests.update([event_name.partition(".")[2]])) as home:
        _live(home, home.services)
    with aws_home(lambda **_: None) as home:
        meter = Meter(client("dynamodb"))
        answers = _live(home, lambda: home.services(meter))
    return Life(
        requests=dict(requests),
        table_calls=len(meter.calls),
        table_dollars=meter.dollars,
        transitions=_transitions(answers),
    )


def _live(home: AwsHome, services: Callable[[], Services]) -> list[Mapping[str, Any]]:
    """Return what the steps of the lifecycle answered."""
    with running_on(services()):
        task_id = home.create()
    with running_on(services()):
        launched = triggers.on_launch({"task_id": task_id}, None)
    arn = _arn()
    for detail in ({"version": 2, "lastStatus": "RUNNING"}, _stopped()):
        with running_on(services()):
            triggers.on_ecs_event(_event(task_id, arn, **detail), None)
    with running_on(services()):
        woken = triggers.on_check_deadline({"task_id": task_id}, None)
    with running_on(services()):
        assert home.ask("GET", f"/tasks/{task_id}")["status"] == "SUCCEEDED"
    return [launched, woken]


def _arn() -> str:
    """The only task that runs."""
    (arn,) = client("ecs").list_tasks(cluster="prod")["taskArns"]
    found: str = arn
    return found


def _stopped() -> dict[str, Any]:
    return {
        "version": 3,
        "lastStatus": "STOPPED",
        "stoppedAt": datetime.now(UTC).isoformat(),
        "stopCode": "EssentialContainerExited",
        "containers": [{"name": "main", "exitCode": 0}],
    }


def _event(task_id: str, arn: str, **detail: Any) -> dict[str, Any]:
    ours = {"taskArn": arn, "startedBy": f"tapit-test/{task_id}", "startedAt": datetime.now(UTC).isoformat()}
    known = {"version": "0", "id": "x", "time": "x", "account": "1", "region": REGION, "resources": []}
    kind = {"source": "aws.ecs", "detail-type": "ECS Task State Change"}
    return {**known, **kind, "detail": {**ours, **detail}}


def _transitions(answers: list[Mapping[str, Any]]) -> int:
    """Walk the machine: its start is one transition, and so is every state that it enters."""
    state, count, given = DEFINITION["StartAt"], 1, iter(answers)
    answer: Mapping[str, Any] = {}
    while True:
        count += 1
        described = DEFINITION["States"][state]
        if described["Type"] == "Succeed":
            return count
        if described["Type"] == "Task":
            answer = next(given)
        state = described["Next"] if "Next" in described else _choice(described, answer)


def _choice(described: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    (over,) = described["Choices"]
    name: str = over["Next"] if answer["done"] else described["Default"]
    return name


def _runnable_on_moto() -> Callable[..., dict[str, Any]]:
    """Moto wants containers to have a memory of their own, which ECS does not."""
    container = {"name": "main", "image": "busybox", "memory": 64}
    made = client("ecs").register_task_definition(family="runs-on-moto", containerDefinitions=[container])
    arn = made["taskDefinition"]["taskDefinitionArn"]
    return lambda params, **_: {**params, "taskDefinition": arn}
