"""Says in ECS's own words what became of a supervised process, so that one reader serves both homes.

The shape: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html, and the event around it
docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.task import Task
from chalicelib.ecs_events import (
    COMMAND_EXIT_CODE,
    LOST_OUTPUT,
    MAIN_CONTAINER,
    MEMORY_KILLS,
    WAITING_FOR,
    started_by,
)
from local.runs.run_folder import Exited, Running, Starting, State, Vanished
from local.supervisor.run_files import SHOWS_LIFE_EVERY

UNSUPERVISED = "the process that supervised it was killed, or the machine went down"
FOLDER_REMOVED = "the folder of its run was removed, so how it ended is not known"
_RUNNING, _OVER = 1_000_000, 1_000_001  # versions; those before the start count what it has waited for
STAGE = "local"
REGION = "local"
ACCOUNT = "000000000000"
CLUSTER_ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/tapit"


def task_arn(task_id: str, attempt: int) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/tapit/{task_id}-{attempt}"


def task_and_attempt(arn: str) -> tuple[str, int]:
    """Return what task_arn made the ARN of."""
    task_id, _, attempt = arn.rpartition("/")[2].rpartition("-")
    return task_id, int(attempt)


def ecs_task(task: Task, state: State, command_exit_code: int | None = None) -> dict[str, Any]:
    """Return what DescribeTasks would say; its version grows with the states, in their only order.

    The exit code is that of an attached task's command, which runs beside its main process.
    """
    assert task.launch is not None
    described: dict[str, Any] = {
        "taskArn": task_arn(task.id, task.launch.attempt),
        "clusterArn": CLUSTER_ARN,
        "startedBy": started_by(STAGE, task.id, task.launch.attempt),
        "createdAt": _time(task.launch.attempted_at.timestamp()),
        "cpu": str(int(task.cpu * 1024)),
        "memory": str(int(task.memory * 1024)),
        "launchType": "EXTERNAL",
        "desiredStatus": "RUNNING",
        "attributes": [],
        "containers": [{"name": MAIN_CONTAINER, "lastStatus": "PENDING"}],
    }
    described |= _stage(state)
    if command_exit_code is not None:
        told = {"name": COMMAND_EXIT_CODE, "value": str(command_exit_code)}
        described["attributes"] = [*described["attributes"], told]
    return described


def state_change_event(described: dict[str, Any]) -> dict[str, Any]:
    """Return the EventBridge envelope around a task's description."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": ACCOUNT,
        "time": _time(datetime.now(UTC).timestamp()),
        "region": REGION,
        "resources": [described["taskArn"]],
        "detail": described,
    }


def _stage(state: State) -> dict[str, Any]:
    match state:
        case Running():
            return _running(state)
        case Exited():
            return _stopped(state)
        case Vanished():
            return _vanished(state)
        case Starting():
            return _starting(state)
        case _:
            return {"version": 1, "lastStatus": "PROVISIONING"}


def _starting(state: Starting) -> dict[str, Any]:
    if state.waiting_for is None:
        return {"version": 1, "lastStatus": "ACTIVATING"}
    told = {"name": WAITING_FOR, "value": state.waiting_for}
    return {"version": 1 + state.told, "lastStatus": "PENDING", "attributes": [told]}


def _running(state: Running) -> dict[str, Any]:
    return {
        "version": _RUNNING,
        "lastStatus": "RUNNING",
        "startedAt": _time(state.started_at),
        "containers": [{"name": MAIN_CONTAINER, "lastStatus": "RUNNING", "runtimeId": str(state.pid)}],
    }


def _stopped(state: Exited) -> dict[str, Any]:
    container: dict[str, Any] = {"name": MAIN_CONTAINER, "lastStatus": "STOPPED"}
    if state.exit_code is not None:
        container["exitCode"] = state.exit_code
    if state.out_of_memory:
        container["reason"] = state.reason
    told = {LOST_OUTPUT: state.lost_output_bytes, MEMORY_KILLS: state.memory_kills}
    times = {"startedAt": state.started_at, "stoppingAt": state.stopping_at, "stoppedAt": state.stopped_at}
    return {
        "version": _OVER,
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": state.stop_code,
        "stoppedReason": state.reason,
        "containers": [container],
        "attributes": [{"name": name, "value": str(told[name])} for name in told if told[name] is not None],
        **{name: _time(moment) for name, moment in times.items() if moment is not None},
    }


def _vanished(state: Vanished) -> dict[str, Any]:
    started = {} if state.started_at is None else {"startedAt": _time(state.started_at)}
    return {
        "version": _OVER,
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "InfrastructureHealth" if state.stop_reason is None else "UserInitiated",
        "stoppedReason": state.stop_reason or (FOLDER_REMOVED if state.folder_removed else UNSUPERVISED),
        "stoppedAt": _time(min(time.time(), state.seen_at + SHOWS_LIFE_EVERY)),
        **started,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
