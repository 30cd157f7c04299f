"""ECS Task State Change events, read tolerantly: name what we use, ignore the rest.

The shape: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

import re
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.domain.sighting import Passing, Sighting
from chalicelib.ecs_reasons import why_passing

PATTERN = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}
MAIN_CONTAINER = "main"
LOST_OUTPUT = "tapit.lost-output-bytes"
MEMORY_KILLS = "tapit.memory-kills"
COMMAND_EXIT_CODE = "tapit.command-exit-code"
WAITING_FOR = "tapit.waiting-for"
TIME_WAS_UP = "tapit: max_hours="  # how the reason begins that we give for a stop at the time limit
_NUMBER = re.compile(r"-?[0-9]{1,15}")
_STARTED_BY = re.compile(r"tapit-([A-Za-z0-9-]+)/([0-9a-z]{12})(?:/([0-9]{1,9}))?")
# The agent's words when what a container waits for cannot come about. It says 143 then, though nothing ran: see
# handleTerminalDependencyError in github.com/aws/amazon-ecs-agent/blob/master/agent/engine/task_manager.go
_NEVER_RAN = "CannotStartContainerError: dependency graph"
NOT_STARTED = {"PROVISIONING": "provisioning", "PENDING": "pulling the image", "ACTIVATING": "starting"}


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Container(_Tolerant):
    name: str = ""
    exitCode: int | None = None
    reason: str | None = None


class _Attribute(_Tolerant):
    name: str
    value: str = ""


class _Detail(_Tolerant):
    taskArn: str
    version: int
    lastStatus: str
    startedBy: str = ""
    startedAt: AwareDatetime | None = None
    stoppingAt: AwareDatetime | None = None
    executionStoppedAt: AwareDatetime | None = None
    stoppedAt: AwareDatetime | None = None
    stopCode: str | None = None
    stoppedReason: str | None = None
    containers: list[_Container] = Field(default_factory=list)
    attributes: list[_Attribute] = Field(default_factory=list)


def started_by(stage: str, task_id: str, attempt: int) -> str:
    """Return what a task of ours carries as `startedBy`: at most 128 letters, digits, hyphens, slashes."""
    return f"tapit-{stage}/{task_id}/{attempt}"


def cluster_of(arn: str) -> str:
    """Return the name in arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID."""
    return arn.split("/")[1]


def task_of(detail: dict[str, Any], stage: str) -> str | None:
    """Return the id of the task of this stage that an event's detail is about; None when it is about no such task."""
    ours = _mark(_Detail.model_validate(detail))
    return ours[2] if ours is not None and ours[1] == stage else None


def sighting_in(detail: dict[str, Any]) -> Sighting:
    """Return what an event's detail, or a task as DescribeTasks has it, says of a container."""
    seen = _Detail.model_validate(detail)
    ours = _mark(seen)
    main = _main_container(seen.containers)
    never_ran = _NEVER_RAN in (main.reason or "")
    progress = _text(WAITING_FOR, seen.attributes)
    return Sighting(
        version=seen.version,
        arn=seen.taskArn,
        is_stopped=seen.lastStatus == "STOPPED",
        started_at=seen.startedAt,
        stopping_at=seen.stoppingAt,
        stopped_at=seen.executionStoppedAt or seen.stoppedAt,
        stop_code="TaskFailedToStart" if never_ran else seen.stopCode,
        exit_code=None if never_ran else main.exitCode,
        reason=_reason(seen.stoppedReason, main.reason),
        out_of_memory=(main.reason or "").startswith("OutOfMemory"),
        time_was_up=(seen.stoppedReason or "").startswith(TIME_WAS_UP),
        waiting_for=progress or NOT_STARTED.get(seen.lastStatus),
        progress=progress,
        lost_output_bytes=_number(LOST_OUTPUT, seen.attributes) or 0,
        memory_kills=_number(MEMORY_KILLS, seen.attributes),
        command_exit_code=_number(COMMAND_EXIT_CODE, seen.attributes),
        attempt=int(ours[3]) if ours is not None and ours[3] else None,
        passing=_passing(seen, main),
    )


def _mark(seen: _Detail) -> re.Match[str] | None:
    return _STARTED_BY.fullmatch(seen.startedBy)


def _passing(seen: _Detail, main: _Container) -> Passing | None:
    if seen.stopCode != "TaskFailedToStart" or seen.startedAt is not None or main.exitCode is not None:
        return None  # something of the command may have run
    return why_passing(_reason(seen.stoppedReason, main.reason) or "")


def _main_container(containers: list[_Container]) -> _Container:
    """A derived definition has one container of its own; ECS may add others beside it."""
    named = [container for container in containers if container.name == MAIN_CONTAINER]
    return next(iter(named or containers), _Container())


def _reason(stopped: str | None, container: str | None) -> str | None:
    """Keep both: ECS trims the task's reason, and only the container's says which secret or image it was."""
    parts = [part for part in (stopped, container) if part]
    return ": ".join(dict.fromkeys(parts)) or None


def _number(name: str, attributes: list[_Attribute]) -> int | None:
    """Attributes of that name may be anybody's: what is no number says nothing."""
    value = _text(name, attributes)
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None


def _text(name: str, attributes: list[_Attribute]) -> str | None:
    return next((attribute.value for attribute in attributes if attribute.name == name), None)
