"""The whole life of one task on the AWS home, a minute of Fargate told in a moment, and what it took and costs."""

import heapq
import io
import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from moto.events.models import EventPattern
from tapit.display.live_line import News
from tapit.display.output_printer import OutputPrinter
from tapit.errors import OutputUnavailable, Unreachable
from tapit.home.client import Client
from tapit.terminal.stream import Stream
from tapit.waiting.follow_log import follow_log
from tapit.waiting.watch import Watch

import app as triggers
from chalicelib import ecs_events
from tests.aws_adapters.aws_home import MACHINE, AwsHome
from tests.aws_adapters.dynamodb_meter import Meter
from tests.aws_adapters.ecs_account import client
from tests.aws_clients import REGION
from tests.dynamodb_table import SetClock

FOLDER = Path(__file__).parents[2] / ".chalice"
FUNCTIONS = json.loads((FOLDER / "config.json").read_text())["stages"]["aws"]["lambda_functions"]
LOG_GROUP = "/tapit/test/shop"

# Seconds after its creation, as a task on Fargate has them that runs for half a minute.
LAUNCHED = 1
EXITED = 60
EVENTS: dict[float, dict[str, Any]] = {
    2: {"lastStatus": "PROVISIONING"},
    9: {"lastStatus": "PENDING"},
    24: {"lastStatus": "ACTIVATING"},
    26: {"lastStatus": "RUNNING", "startedAt": 25},
    61: {"lastStatus": "DEPROVISIONING", "startedAt": 25, "executionStoppedAt": EXITED, "exitCode": 0},
    85: {"lastStatus": "STOPPED", "startedAt": 25, "executionStoppedAt": EXITED, "exitCode": 0},
}
LOOKED_AT = 100

# List prices of us-east-1 in dollars, without free tiers. ECS, the events that AWS itself sends, and GetLogEvents are
# free. A call of a function is taken to last 0.2 s, and a look of a client that waits, which starts nothing, 0.1 s.
TRANSITION = 0.025 / 1000
API_REQUEST = 3.50 / 1_000_000
CALL = 0.20 / 1_000_000
GIGABYTE_SECOND = 0.0000133334  # arm64
SECONDS = {"call": 0.2, "look": 0.1}


class Timeline(SetClock):
    """Time passes when somebody waits for it, and what is due by then happens."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, moment: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._numbers), do))

    def pause(self, seconds: float) -> None:
        self.pass_until(self.time + timedelta(seconds=seconds))

    def pass_until(self, moment: datetime) -> None:
        while self._due and self._due[0][0] <= moment:
            self.time, _, do = heapq.heappop(self._due)
            do()
        self.time = max(self.time, moment)


@dataclass(frozen=True)
class Life:
    """What it took. `returned_after` is when a waiting client left, in seconds after the command's end."""

    requests: Mapping[str, int]
    calls: Mapping[str, int]
    looks: int
    transitions: int
    table_dollars: float
    printed: list[str]
    returned_after: float

    @property
    def bill(self) -> Mapping[str, float]:
        return {
            "state machine": self.transitions * TRANSITION,
            "table": self.table_dollars,
            "functions": sum(number * _price(name, "call") for name, number in self.calls.items())
            - self.looks * (_price("api_handler", "call") - _price("api_handler", "look")),
            "API": self.calls["api_handler"] * API_REQUEST,
        }

    @property
    def dollars(self) -> float:
        return sum(self.bill.values())


def _price(function: str, kind: str) -> float:
    gigabytes: float = FUNCTIONS[function]["lambda_memory_size"] / 1024
    return CALL + SECONDS[kind] * gigabytes * GIGABYTE_SECOND


class WholeLife:
    """One task of a home, from its creation to the end of its lifecycle."""

    def __init__(self, home: AwsHome, timeline: Timeline, prints_at: Sequence[float]) -> None:
        """`prints_at`: when CloudWatch Logs has a line."""
        self._home = home
        self._prints_at = prints_at
        self._timeline = timeline
        self._began = timeline.time
        self._answers: list[Mapping[str, Any]] = []
        self._printed: list[str] = []
        self._looks = 0

    def live(self, meter: Meter, *, waits: bool) -> Life:
        requests, calls, dollars = Counter(self._home.requests), Counter(self._home.calls), meter.dollars
        task = self._home.create()
        self._schedule(task["id"])
        if waits:
            self._wait(task)
        else:
            self._timeline.pass_until(self._moment(LOOKED_AT))
        returned_after = (self._timeline.time - self._moment(EXITED)).total_seconds()
        assert self._home.ask("GET", f"/tasks/{task['id']}")["status"] == "SUCCEEDED"
        self._timeline.pass_until(datetime.fromisoformat(self._answers[0]["next_wake"]))
        self._step("check_deadline", triggers.on_check_deadline, task["id"])
        return Life(
            requests=self._home.requests - requests,
            calls=self._home.calls - calls,
            looks=self._looks,
            transitions=_transitions(self._answers),
            table_dollars=meter.dollars - dollars,
            printed=self._printed,
            returned_after=returned_after,
        )

    def get(self, path: str, query: Mapping[str, Any], **_: Any) -> Any:
        """What the client of a `Watch` asks."""
        self._looks += 1
        asked = {name: value for name, value in query.items() if value is not None}
        answered = self._home.answer("GET", f"{path}?{urlencode(asked)}")
        if answered.status == 503:
            raise Unreachable(answered.body.decode())
        assert answered.status == 200, answered
        return json.loads(answered.body)

    @property
    def had_contact(self) -> bool:
        return self._looks > 0

    def _wait(self, task: Mapping[str, Any]) -> None:
        """As `tapit create task ... --wait` does."""
        time, client_of_it = self._timeline, cast(Client, self)
        watch = Watch(client_of_it, task["id"], _Silence(), now=time.monotonic, pause=time.pause)
        watch.rest(task["poll_after"], fresh=True)
        printer = OutputPrinter(Stream(io.StringIO(), no_color=True), write=self._print)
        with suppress(OutputUnavailable):
            follow_log(watch, printer, revision=task["revision"])

    def _print(self, content: str | bytes) -> None:
        self._printed += (content if isinstance(content, str) else content.decode()).splitlines()

    def _moment(self, seconds: float) -> datetime:
        return self._began + timedelta(seconds=seconds)

    def _schedule(self, task_id: str) -> None:
        at = self._timeline.at
        at(self._moment(LAUNCHED), lambda: self._step("launch", triggers.on_launch, task_id))
        for version, (seconds, told) in enumerate(EVENTS.items(), 1):
            at(self._moment(seconds), partial(self._tell, task_id, version, told))
        for seconds in self._prints_at:
            at(self._moment(seconds), partial(_print, task_id, f"{seconds}"))

    def _step(self, function: str, trigger: Callable[..., Any], task_id: str) -> None:
        self._answers.append(self._home.call(function, lambda: trigger({"task_id": task_id}, None)))

    def _tell(self, task_id: str, version: int, told: Mapping[str, Any]) -> None:
        """Send an event of ECS, if the deployed rule lets it through."""
        ours = {name: _container_of(task_id)[name] for name in ("taskArn", "startedBy")}
        detail = dict(told) | ours | {"version": version}
        for name in ("startedAt", "executionStoppedAt"):
            if name in detail:
                detail[name] = self._moment(detail[name]).isoformat()
        if "exitCode" in detail:
            detail["containers"] = [{"name": "main", "exitCode": detail.pop("exitCode")}]
            detail["stopCode"] = "EssentialContainerExited"
        event = _event(detail)
        if RULE.matches_event(event):
            self._home.call("ecs_event", lambda: triggers.on_ecs_event(event, None))


class _Silence(News):
    """Nobody looks at the news of this wait."""

    def __init__(self) -> None: ...

    def status(self, status: str, detail: str = "") -> None: ...

    def beat(self) -> None: ...


def _rule() -> Any:
    """Return the rule's pattern as it is deployed, for the stage `test`."""
    resources = json.loads((FOLDER / "resources.json").read_text())["Resources"]
    deployed = resources["EcsEvent"]["Properties"]["Events"]["EcsEventEvent"]["Properties"]["Pattern"]
    detail = deployed["detail"] | {"startedBy": [{"prefix": "tapit-test/"}]}
    pattern = {**ecs_events.PATTERN, "detail": detail}
    return EventPattern(json.dumps(pattern), pattern)


RULE = _rule()


def _event(detail: Mapping[str, Any]) -> Any:
    known = {"version": "0", "id": "x", "time": "x", "account": "1", "region": REGION, "resources": []}
    return {**known, "source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": dict(detail)}


def _container_of(task_id: str) -> Mapping[str, Any]:
    """Return what ECS says of the container of a task."""
    ecs = client("ecs")
    arns = ecs.list_tasks(cluster="prod")["taskArns"]
    described = ecs.describe_tasks(cluster="prod", tasks=arns)["tasks"]
    (found,) = (each for each in described if task_id in each["startedBy"])
    container: Mapping[str, Any] = found
    return container


def _print(task_id: str, line: str) -> None:
    """Hand a line over as the awslogs driver does; only its order counts here, not its time."""
    logs = client("logs")
    stream = f"tapit/main/{_container_of(task_id)['taskArn'].rpartition('/')[2]}"
    if not logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
    moment = int(datetime.now(UTC).timestamp() * 1000)
    logs.put_log_events(
        logGroupName=LOG_GROUP, logStreamName=stream, logEvents=[{"timestamp": moment, "message": line}]
    )


def _transitions(answers: list[Mapping[str, Any]]) -> int:
    """Walk the machine: its start is one transition, and so is every state that it enters."""
    state, count, given = MACHINE["StartAt"], 1, iter(answers)
    while True:
        count += 1
        described = MACHINE["States"][state]
        answer = next(given) if described["Type"] == "Task" else {}
        if described.get("End") and answer["done"]:
            return count
        state = described["Catch"][0]["Next"] if described.get("End") else described["Next"]
