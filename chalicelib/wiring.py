"""Where ports meet adapters. The home is chosen once, by whoever starts the program; on Lambda it is AWS."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import Any

from chalicelib.domain.errors import Misconfigured
from chalicelib.domain.request_rate import RequestRate
from chalicelib.ports import Services
from chalicelib.settings import Settings

NAME = "tapit"
RATE = RequestRate(
    per_second=15, at_once=60
)  # of a token, in one function instance; the stage lets through 100
# What each function is bound to use, by its handler. Making clients while a function starts costs no caller's time,
# and there it has a whole processor.
CLIENTS = {
    "app.app": ("dynamodb", "stepfunctions"),
    "app.on_ecs_event": ("dynamodb",),
    "app.on_launch": ("dynamodb", "ecs"),
    "app.on_check_deadline": ("dynamodb", "ecs"),
    "app.on_sweep": ("dynamodb", "ecs", "stepfunctions"),
    "app.on_publish": ("dynamodb", "events"),
    "app.on_deliver": ("dynamodb", "ssm"),
    "app.on_keep_secrets": ("secretsmanager",),
}

_home: Services | None = None


def services() -> Services:
    """Return the home in use: the one that runs, or else AWS. Raise Misconfigured when its settings are not there."""
    return _home or _aws_services()


@contextmanager
def running_on(home: Services) -> Iterator[None]:
    """Use a home until the block ends."""
    global _home  # noqa: PLW0603 - the one place where the program's home is kept
    before, _home = _home, home
    try:
        yield
    finally:
        _home = before


def serves_routes() -> bool:
    """Say whether this may be asked over HTTP. Routes take a quarter of a start, and most functions have none."""
    return os.environ.get("_HANDLER", "app.app") == "app.app"


def warm(app: Any) -> None:
    """Get a function on Lambda ready for its first call; anywhere else do nothing.

    Wrong settings are left for the first call to tell: a function that fails to start says less.
    """
    handler = os.environ.get("_HANDLER")
    if handler is None or "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
        return
    from chalicelib.adapters.powertools import middleware

    with suppress(Misconfigured):
        for each in middleware(NAME, _metrics()):
            app.register_middleware(each)
        _BUILT_BY.get(handler, _aws_services)()
        for service in CLIENTS.get(handler, ()):
            _client(service).ready()


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _client(service: str) -> Any:
    from chalicelib.adapters.lazy_client import LazyClient

    return LazyClient(service, _settings().region)


@cache
def _hurried_client(service: str) -> Any:
    from chalicelib.adapters.lazy_client import HURRIED, LazyClient

    return LazyClient(service, _settings().region, HURRIED)


def _sessions() -> Any:
    """A shell that is about to open asks again and again, so its clients never wait long."""
    from chalicelib.adapters.ecs_sessions import EcsSessions
    from chalicelib.adapters.lazy_client import credentials
    from chalicelib.adapters.session_manager import SessionManager
    from chalicelib.adapters.upgrade_signature import UpgradeSignature

    manager = SessionManager(_hurried_client("ssm"), UpgradeSignature(credentials, _settings().region))
    return EcsSessions(_hurried_client("ecs"), manager)


@cache
def _metrics() -> Any:
    from chalicelib.adapters.powertools import metrics_of

    return metrics_of(NAME, _settings().stage)


def _courier() -> Any:
    from chalicelib.adapters.deliver_function import DeliverFunction
    from chalicelib.adapters.lazy_client import LONG, LazyClient
    from chalicelib.adapters.queue_courier import QueueCourier

    settings = _settings()
    function = DeliverFunction(LazyClient("lambda", settings.region, LONG), settings.stage)
    return QueueCourier(_queue(settings.deliveries_url), function)


def _queue(url: str | None) -> Any:
    """`url` is None in functions that have no use for the queue."""
    from chalicelib.adapters.message_queue import MessageQueue

    return MessageQueue(_client("sqs"), url or "")


@cache
def _table() -> Any:
    from chalicelib.adapters.dynamodb import DynamoTable

    return DynamoTable(_client("dynamodb"), _settings().table)


@cache
def table_stream() -> Any:
    """Return what the function `publish` is: there is a stream on AWS only."""
    from chalicelib.adapters.clock import SystemClock
    from chalicelib.adapters.dynamodb_feed import DynamoFeed
    from chalicelib.adapters.dynamodb_subscriptions import DynamoSubscriptionStore
    from chalicelib.adapters.event_bus import EventBus
    from chalicelib.adapters.table_stream import TableStream
    from chalicelib.adapters.unreadable_records import UnreadableRecords
    from chalicelib.usecases.publish import Channels, publish

    clock, table, logger = SystemClock(), _table(), logging.getLogger(NAME)
    channels = Channels(
        DynamoFeed(table, clock),
        EventBus(_client("events"), _settings().stage),
        DynamoSubscriptionStore(table, UnreadableRecords(logger)),
        _courier(),
        clock,
    )
    return TableStream(
        partial(publish, channels), _queue(_settings().required("failed_queue_url")).send, logger
    )


@cache
def delivery_queues() -> Any:
    """Return what the function `deliver` is: on one machine there are threads."""
    from chalicelib.adapters.clock import SystemClock
    from chalicelib.adapters.delivery_queues import DeliveryQueues
    from chalicelib.adapters.dynamodb_deliveries import DynamoDeliveries
    from chalicelib.adapters.dynamodb_waiting import DynamoWaiting

    slow = _queue(_settings().required("slow_deliveries_url"))
    clock, table = SystemClock(), _table()
    known = DynamoWaiting(table, clock), DynamoDeliveries(table, clock)
    return DeliveryQueues(services(), slow, *known, logging.getLogger(NAME))


@cache
def minute() -> Any:
    """Return what the function `sweep` does, which goes on where it stopped the minute before."""
    from chalicelib.usecases.minute import Minute

    services()
    return Minute(seconds=40, firing=28, at_once=8)  # of the 55 that it has


@cache
def keep_secrets() -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Return what the function `keep_secrets` is: on one machine nobody but the server has to be told."""
    from chalicelib.adapters.app_secrets_manager import SecretsManagerAppSecrets
    from chalicelib.adapters.keep_secrets_function import answer

    return partial(answer, SecretsManagerAppSecrets(_client("secretsmanager"), _settings().stage))


# What those functions are that are not the services.
_BUILT_BY = {
    "app.on_sweep": minute,
    "app.on_publish": table_stream,
    "app.on_deliver": delivery_queues,
    "app.on_keep_secrets": keep_secrets,
}


@cache
def _aws_services() -> Services:
    """Build on first use, so that importing app.py needs neither boto3 nor a region."""
    from chalicelib.adapters.aws_identities import AwsIdentities
    from chalicelib.adapters.clock import SystemClock
    from chalicelib.adapters.cloudwatch_logs import CloudWatchLogs
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
    from chalicelib.adapters.keep_secrets_function import KeepSecretsFunction
    from chalicelib.adapters.launch_function import LaunchFunction
    from chalicelib.adapters.lazy_client import LONG, ONCE, LazyClient
    from chalicelib.adapters.log_groups import LogGroups
    from chalicelib.adapters.metered import MeteredEcsCluster, MeteredTasks
    from chalicelib.adapters.no_news import NoNews
    from chalicelib.adapters.powertools import PowertoolsMeter
    from chalicelib.adapters.secret_readers import SecretReaders
    from chalicelib.adapters.ssm_secrets import SsmWebhookSecrets
    from chalicelib.adapters.stepfunctions import StepFunctionsLifecycle
    from chalicelib.adapters.token_cache import TokenCache
    from chalicelib.adapters.token_rates import TokenRates
    from chalicelib.adapters.unreadable_records import UnreadableRecords
    from chalicelib.adapters.webhook_sender import WebhookSender

    settings, clock, table = _settings(), SystemClock(), _table()
    meter = PowertoolsMeter(_metrics())
    unreadable = UnreadableRecords(logging.getLogger(NAME), meter.count)
    return Services(
        tasks=MeteredTasks(DynamoTaskStore(table, clock, unreadable), meter),
        apps=DynamoAppStore(table, unreadable),
        feed=DynamoFeed(table, clock, unreadable),
        subscriptions=DynamoSubscriptionStore(table, unreadable),
        commands=DynamoCommandStore(table, unreadable),
        schedules=DynamoScheduleStore(table, unreadable),
        secrets=SsmWebhookSecrets(_client("ssm"), settings.stage),
        app_secrets=KeepSecretsFunction(LazyClient("lambda", settings.region, LONG), settings.stage),
        deliveries=DynamoDeliveries(table, clock, unreadable),
        courier=_courier(),
        sender=WebhookSender(clock),
        tokens=TokenCache(DynamoTokenStore(table, unreadable), clock),
        trusts=DynamoTrustStore(table, unreadable),
        identities=AwsIdentities(settings.region),
        audit=DynamoAuditLog(table, unreadable),
        cluster=MeteredEcsCluster(
            _client("ecs"),
            LogGroups(_client("logs")),
            _sessions(),
            stage=settings.stage,
            region=settings.region,
            session_role=settings.session_role_arn,
            secret_readers=SecretReaders(_client("secretsmanager")),
            hurried=_hurried_client("ecs"),
            asked_once=LazyClient("ecs", settings.region, ONCE),
            meter=meter,
        ),
        lifecycle=StepFunctionsLifecycle(
            _client("stepfunctions"),
            settings.state_machine_arn,
            clock,
            launch=LaunchFunction(
                _client("lambda"), settings.stage, os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
            ).call,
        ),
        logs=CloudWatchLogs(LazyClient("logs", settings.region, ONCE), clock),
        changes=NoNews(),
        clock=clock,
        admit=TokenRates(clock, RATE).admit,
        home="aws",
        stage=settings.stage,
    )
