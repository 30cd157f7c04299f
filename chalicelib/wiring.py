"""Where ports meet adapters. The home is chosen once, by whoever starts the program; on Lambda it is AWS."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from chalicelib.domain.errors import Misconfigured
from chalicelib.ports import Services
from chalicelib.settings import Settings

NAME = "tapit"
# What each function is bound to use, by its handler. Making clients while a function starts costs no caller's time,
# and there it has a whole processor.
CLIENTS = {
    "app.app": ("dynamodb", "stepfunctions"),
    "app.on_ecs_event": ("dynamodb",),
    "app.on_launch": ("dynamodb", "ecs"),
    "app.on_check_deadline": ("dynamodb", "ecs"),
    "app.on_sweep": ("dynamodb", "ecs", "stepfunctions"),
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
        _aws_services()
        for service in CLIENTS.get(handler, ()):
            _client(service).ready()


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _client(service: str) -> Any:
    from chalicelib.adapters.lazy_client import LazyClient

    return LazyClient(service, _settings().region)


def _sessions() -> Any:
    """A shell that is about to open asks again and again, so its clients never wait long."""
    from chalicelib.adapters.ecs_sessions import EcsSessions
    from chalicelib.adapters.lazy_client import HURRIED, LazyClient, credentials
    from chalicelib.adapters.session_manager import SessionManager
    from chalicelib.adapters.upgrade_signature import UpgradeSignature

    region = _settings().region
    manager = SessionManager(LazyClient("ssm", region, HURRIED), UpgradeSignature(credentials, region))
    return EcsSessions(LazyClient("ecs", region, HURRIED), manager)


@cache
def _metrics() -> Any:
    from chalicelib.adapters.powertools import metrics_of

    return metrics_of(NAME, _settings().stage)


@cache
def _aws_services() -> Services:
    """Build on first use, so that importing app.py needs neither boto3 nor a region."""
    from chalicelib.adapters.clock import SystemClock
    from chalicelib.adapters.cloudwatch_logs import CloudWatchLogs
    from chalicelib.adapters.dynamodb import DynamoTable
    from chalicelib.adapters.dynamodb_apps import DynamoAppStore
    from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
    from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
    from chalicelib.adapters.log_groups import LogGroups
    from chalicelib.adapters.metered import MeteredEcsCluster, MeteredTasks
    from chalicelib.adapters.no_news import NoNews
    from chalicelib.adapters.powertools import PowertoolsMeter
    from chalicelib.adapters.stepfunctions import StepFunctionsLifecycle
    from chalicelib.adapters.token_cache import TokenCache

    settings, clock = _settings(), SystemClock()
    table = DynamoTable(_client("dynamodb"), settings.table)
    meter = PowertoolsMeter(_metrics())
    return Services(
        tasks=MeteredTasks(DynamoTaskStore(table, clock), meter),
        apps=DynamoAppStore(table),
        tokens=TokenCache(DynamoTokenStore(table), clock),
        cluster=MeteredEcsCluster(
            _client("ecs"),
            LogGroups(_client("logs")),
            _sessions(),
            stage=settings.stage,
            region=settings.region,
            session_role=settings.session_role_arn,
            meter=meter,
        ),
        lifecycle=StepFunctionsLifecycle(_client("stepfunctions"), settings.state_machine_arn, clock),
        logs=CloudWatchLogs(_client("logs"), clock),
        changes=NoNews(),
        clock=clock,
        home="aws",
    )
