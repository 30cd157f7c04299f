"""The app on the AWS home, on moto, within this process: each function has services of its own, and remembers them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from chalice.local import LambdaContext

import app as triggers
from chalicelib.adapters.app_secrets_manager import SecretsManagerAppSecrets
from chalicelib.adapters.aws_identities import AwsIdentities
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.cloudwatch_logs import CloudWatchLogs
from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_audit import DynamoAuditLog
from chalicelib.adapters.dynamodb_commands import DynamoCommandStore
from chalicelib.adapters.dynamodb_deliveries import DynamoDeliveries
from chalicelib.adapters.dynamodb_feed import DynamoFeed
from chalicelib.adapters.dynamodb_schedules import DynamoScheduleStore
from chalicelib.adapters.dynamodb_subscriptions import DynamoSubscriptionStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.adapters.dynamodb_trusts import DynamoTrustStore
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.metered import MeteredEcsCluster, MeteredTasks
from chalicelib.adapters.no_news import NoNews
from chalicelib.adapters.secret_readers import SecretReaders
from chalicelib.adapters.ssm_secrets import SsmWebhookSecrets
from chalicelib.adapters.stepfunctions import StepFunctionsLifecycle
from chalicelib.adapters.token_cache import TokenCache
from chalicelib.adapters.webhook_sender import WebhookSender
from chalicelib.domain.token import new_token
from chalicelib.ports import Clock, Identities, Services
from chalicelib.wiring import running_on
from local.serving.gateway import Answer, Gateway, Request
from tests.aws_adapters.ecs_account import NO_SESSIONS, a_web_app, client, ecs_on_moto
from tests.aws_clients import REGION
from tests.builders import NOON
from tests.dynamodb_table import NAME, PROPERTIES, OneCallAtATime

MACHINE = json.loads((Path(__file__).parents[2] / ".chalice" / "lifecycle.asl.json").read_text())
ROLE = "arn:aws:iam::123456789012:role/lifecycle"
TABLE = {
    name: PROPERTIES[name]
    for name in ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
}


class AwsHome:
    """`requests` counts those to AWS, repeated ones included; `calls` those of each function, and `keys` are the items
    of the table that each asks for.
    """

    def __init__(
        self,
        machine: str,
        clock: Clock,
        table_client: Callable[[Any], Any],
        identities: Identities,
    ) -> None:
        self.requests: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.keys: dict[str, set[str]] = {}
        self._called = ""
        names = ("dynamodb", "ecs", "logs", "secretsmanager", "ssm", "stepfunctions")
        self.clients = {name: client(name) for name in names}
        for each in self.clients.values():
            each.meta.events.register("request-created", self.hear)
        self.clients["dynamodb"].meta.events.register("provide-client-params.dynamodb", self._note_keys)
        self.clients["ecs"].meta.events.register("provide-client-params.ecs.RunTask", _runnable_on_moto())
        self._table = table_client(OneCallAtATime(self.clients["dynamodb"]))
        self._machine = machine
        self._clock = clock
        self._identities = identities
        self._functions: dict[str, Services] = {}
        self._token = _a_token_and_an_app()

    def call(self, function: str, do: Callable[[], Any]) -> Any:
        """Do something as one call of a function."""
        self.calls[function] += 1
        self._called = function
        with running_on(self._functions.setdefault(function, self.services())):
            return do()

    def services(self) -> Services:
        """Return services that remember nothing."""
        unused: Any = None
        clock, dynamo = self._clock, DynamoTable(self._table, NAME)
        groups = LogGroups(self.clients["logs"])
        ecs = self.clients["ecs"]
        return Services(
            tasks=MeteredTasks(DynamoTaskStore(dynamo, clock), Unheard()),
            apps=DynamoAppStore(dynamo),
            feed=DynamoFeed(dynamo, clock),
            subscriptions=DynamoSubscriptionStore(dynamo),
            commands=DynamoCommandStore(dynamo),
            schedules=DynamoScheduleStore(dynamo),
            secrets=SsmWebhookSecrets(self.clients["ssm"], "test"),
            app_secrets=SecretsManagerAppSecrets(self.clients["secretsmanager"], "test"),
            deliveries=DynamoDeliveries(dynamo, clock),
            courier=unused,
            sender=WebhookSender(clock),
            tokens=TokenCache(DynamoTokenStore(dynamo), clock),
            trusts=DynamoTrustStore(dynamo),
            identities=self._identities,
            audit=DynamoAuditLog(dynamo),
            cluster=MeteredEcsCluster(
                ecs,
                groups,
                NO_SESSIONS,
                stage="test",
                region=REGION,
                secret_readers=SecretReaders(self.clients["secretsmanager"]),
                meter=Unheard(),
            ),
            lifecycle=StepFunctionsLifecycle(
                self.clients["stepfunctions"], self._machine, clock, lambda _: None
            ),
            logs=CloudWatchLogs(self.clients["logs"], clock),
            changes=NoNews(),
            clock=clock,
            home="aws",
            stage="test",
        )

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON of the answer, which must be a success."""
        answered = self.answer(method, path, body, **headers)
        assert answered.status < 300, answered
        return json.loads(answered.body)

    def answer(
        self, method: str, path: str, body: Any = None, *, function: str = "api_handler", **headers: str
    ) -> Answer:
        """Ask over API Gateway's event; functions of other names remember nothing of one another."""
        own = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        sent = {name.lower(): value for name, value in {**own, **headers}.items()}
        request = Request(method, path, sent, content)
        answered: Answer = self.call(function, lambda: self._gateway.answer(request))
        return answered

    def login(self, body: Any, came_to: str | None) -> tuple[int, Any]:
        """Ask without a token, as API Gateway has it, which says by which of its addresses that came."""
        host, _, stage = (came_to or "").partition("/")
        event = _an_event("POST", "/login", {"content-type": "application/json"})
        event["body"] = json.dumps(body)
        event["requestContext"] |= {"domainName": host} if host else {}
        event["requestContext"]["path"] = f"/{stage}/login" if stage else "/login"
        return self._told(event)

    def get(self, path: str, headers: dict[str, str], all_headers: dict[str, list[str]]) -> tuple[int, Any]:
        """Ask as API Gateway does, which has the last value of each header, and all of them."""
        return self._told({**_an_event("GET", path, headers), "multiValueHeaders": all_headers})

    def _told(self, event: dict[str, Any]) -> tuple[int, Any]:
        context = LambdaContext("api", 1024, max_runtime_ms=30_000)
        answered = self.call("api_handler", lambda: triggers.app(event, context))
        return answered["statusCode"], json.loads(answered["body"])

    def create(self) -> Mapping[str, Any]:
        key = {"Idempotency-Key": str(uuid4())}
        task: Mapping[str, Any] = self.ask("POST", "/apps/shop/tasks", {"command": "true"}, **key)
        return task

    def _note_keys(self, params: Mapping[str, Any], **_: Any) -> None:
        self.keys.setdefault(self._called, set()).update(_keys_in(params))

    @cached_property
    def _gateway(self) -> Gateway:
        return Gateway(triggers.app)

    def hear(self, event_name: str, **_: Any) -> None:
        self.requests.update([event_name.partition(".")[2]])


def _an_event(method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": path,
            "path": path,
            "identity": {"sourceIp": "192.0.2.1"},
        },
    }


def _keys_in(params: Mapping[str, Any]) -> Iterator[str]:
    changes = [change for each in params.get("TransactItems", ()) for change in each.values()]
    for item in (part.get("Key") or part.get("Item") for part in (params, *changes)):
        if item is not None:
            yield item["pk"]["S"]


class Unheard:
    """Metrics are written to the function's log."""

    def count(self, name: str) -> None: ...

    def measure(self, name: str, seconds: float) -> None: ...


@contextmanager
def aws_home(
    clock: Clock | None = None,
    table_client: Callable[[Any], Any] = lambda client: client,
    identities: Identities | None = None,
) -> Iterator[AwsHome]:
    """`table_client` may put something before the table's client; without `identities` nobody asks STS."""
    with ecs_on_moto():
        client("dynamodb").create_table(TableName=NAME, **TABLE)
        made = client("stepfunctions").create_state_machine(
            name="tapit-test", definition=json.dumps(MACHINE), roleArn=ROLE
        )
        yield AwsHome(
            made["stateMachineArn"], clock or SystemClock(), table_client, identities or AwsIdentities(REGION)
        )


def _a_token_and_an_app() -> str:
    """Make them, and return the token's text."""
    token, text = new_token("alice")
    table = DynamoTable(client("dynamodb"), NAME)
    DynamoTokenStore(table).add(token, NOON)
    DynamoAppStore(table).create(a_web_app())
    return text


def _runnable_on_moto() -> Callable[..., dict[str, Any]]:
    """Moto wants containers to have a memory of their own, which ECS does not."""
    container = {"name": "main", "image": "busybox", "memory": 64}
    made = client("ecs").register_task_definition(family="runs-on-moto", containerDefinitions=[container])
    arn = made["taskDefinition"]["taskDefinitionArn"]
    return lambda params, **_: {**params, "taskDefinition": arn}
