"""Logs as JSON, and metrics within them, as CloudWatch reads them; for functions on Lambda only."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from chalice.app import ConvertToMiddleware

# A step of the lifecycle, an ECS event (tapit-STAGE/ID), or a request about a task.
TASK_ID = "task_id || detail.startedBy || pathParameters.task_id"


class PowertoolsMeter:
    """What was counted is written when the function's handler ends, or a hundred of one name were."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._adding = Lock()  # Powertools itself is for one thread

    def count(self, name: str) -> None:
        self._add(name, MetricUnit.Count, 1)

    def measure(self, name: str, seconds: float) -> None:
        self._add(name, MetricUnit.Seconds, seconds)

    def _add(self, name: str, unit: MetricUnit, value: float) -> None:
        with self._adding:
            self._metrics.add_metric(name, unit, value)


def metrics_of(service: str, stage: str) -> Metrics:
    metrics = Metrics(namespace=service, service=service)
    metrics.set_default_dimensions(stage=stage)
    return metrics


def middleware(service: str, metrics: Metrics) -> Sequence[Any]:
    """Return what Chalice is to wrap around every handler."""
    # Chalice logs under the app's name too, so its own lines come out the same way.
    logger = Logger(service=service, level="INFO")
    return (
        ConvertToMiddleware(logger.inject_lambda_context(correlation_id_path=TASK_ID, clear_state=True)),
        ConvertToMiddleware(metrics.log_metrics),
    )
