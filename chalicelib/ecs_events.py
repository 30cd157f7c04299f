"""ECS Task State Change events, read tolerantly: name what we use, ignore the rest.

The shape: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

import re
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.domain.sighting import Sighting

PATTERN = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}
MAIN_CONTAINER = "main"
LOST_OUTPUT = "tapit.lost-output-bytes"
TIME_WAS_UP = "tapit: max_hours="  # how the reason begins that we give for a stop at the time limit
_STARTED_BY = re.compile(r"tapit-[A-Za-z0-9-]+/([0-9a-z]{12})")
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


def started_by(stage: str, task_id: str) -> str:
    """Return what a task of ours carries as `startedBy`: at most 128 letters, digits, hyphens, slashes."""
    return f"tapit-{stage}/{task_id}"


def cluster_of(arn: str) -> str:
    """Return the name in arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID."""
    return arn.split("/")[1]


def parse(detail: dict[str, Any]) -> tuple[str | None, Sighting]:
    """Return the id of the task that an event's detail (or a DescribeTasks task) is about, and what it says."""
    seen = _Detail.model_validate(detail)
    ours = _STARTED_BY.fullmatch(seen.startedBy)
    return ours[1] if ours else None, _sighting(seen)


def _sighting(seen: _Detail) -> Sighting:
    main = _main_container(seen.containers)
    return Sighting(
        version=seen.version,
        arn=seen.taskArn,
        is_stopped=seen.lastStatus == "STOPPED",
        started_at=seen.startedAt,
        stopping_at=seen.stoppingAt,
        stopped_at=seen.executionStoppedAt or seen.stoppedAt,
        stop_code=seen.stopCode,
        exit_code=main.exitCode,
        reason=_reason(seen.stoppedReason, main.reason),
        out_of_memory=(main.reason or "").startswith("OutOfMemory"),
        time_was_up=(seen.stoppedReason or "").startswith(TIME_WAS_UP),
        waiting_for=NOT_STARTED.get(seen.lastStatus),
        lost_output_bytes=_lost_output(seen.attributes),
    )


def _main_container(containers: list[_Container]) -> _Container:
    """A derived definition has one container of its own; ECS may add others beside it."""
    named = [container for container in containers if container.name == MAIN_CONTAINER]
    return next(iter(named or containers), _Container())


def _reason(stopped: str | None, container: str | None) -> str | None:
    """Keep both: ECS trims the task's reason, and only the container's says which secret or image it was."""
    parts = [part for part in (stopped, container) if part]
    return ": ".join(dict.fromkeys(parts)) or None


def _lost_output(attributes: list[_Attribute]) -> int:
    values = [attribute.value for attribute in attributes if attribute.name == LOST_OUTPUT]
    return int(values[0]) if values else 0
