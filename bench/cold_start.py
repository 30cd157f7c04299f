"""How long each function of the packaged zip takes to start, against a bare handler with one boto3 client.

Both are started by Lambda's own interface client, in turns, with the byte code that the runtime and the zip have.
"""

import json
import platform
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from bench.row import Budget, Row, compare
from deploy.lambda_runtime import PYTHON, invoke
from deploy.package import package

ROUNDS = 21
START = Budget(1.5, 1.3, "x")
ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
ENVIRONMENT = {
    "STAGE": "bench",
    "TABLE": "tapit-bench",
    "STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:tapit-bench-lifecycle",
    **dict.fromkeys(
        ("DELIVERIES_URL", "SLOW_DELIVERIES_URL", "FAILED_QUEUE_URL"), "https://sqs.aws/1/tapit-bench-queue"
    ),
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "PYTHONWARNINGS": "ignore:No application metrics",
}
BARE = """
import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    return None
"""


@dataclass(frozen=True)
class Function:
    code: Path
    handler: str


def measure(*, quick: bool) -> list[Row]:
    """Time from the start of the process to its first question for an event."""
    if not PYTHON.exists() or sys.version_info[:2] > (3, 13):
        return []
    with TemporaryDirectory() as scratch:
        bare, functions = _bare(Path(scratch) / "bare"), _packaged(Path(scratch))
        times = _medians({"bare": bare, **functions}, 3 if quick else ROUNDS)
    return [
        compare(f"cold start: {name}", times[name], times["bare"], "bare handler with a boto3 client", START)
        for name in functions
    ]


def _bare(folder: Path) -> Function:
    folder.mkdir()
    (folder / "bare.py").write_text(BARE)
    return Function(folder, "bare.handler")


def _packaged(scratch: Path) -> Mapping[str, Function]:
    made = package(ARCHITECTURE, scratch / "build")
    with ZipFile(made.zip) as packed:
        packed.extractall(scratch / "task")
    resources: Mapping[str, Any] = json.loads(made.template.read_text())["Resources"]
    return {
        name: Function(scratch / "task", resource["Properties"]["Handler"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _medians(functions: Mapping[str, Function], rounds: int) -> Mapping[str, float]:
    """In a random order each time, so that whatever else the machine does hits all alike; the first is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name in random.sample(list(functions), len(functions)):
            seconds = _start(functions[name])
            if number:
                taken[name].append(seconds)
    return {name: median(times) for name, times in taken.items()}


def _start(function: Function) -> float:
    """What it makes of the event does not matter here: nothing answers it."""
    return invoke(function.code, function.handler, {}, ENVIRONMENT).initialised
