"""A cluster whose every answer and every event can be lost, repeated, late, or overtaken by anything else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.errors import RefusedForNow, Unanswered
from chalicelib.domain.sighting import Passing, Sighting
from chalicelib.domain.task import Task
from tests.builders import NOON

ARN = "arn:aws:ecs:x:1:task/prod/"


class Weather(StrEnum):
    """What becomes of one call: who is killed has asked, and writes nothing down."""

    FINE = "fine"
    LOST = "lost"
    BUSY = "busy"
    FULL = "full"
    KILLED = "killed"


class Killed(BaseException):
    """The process that launches is gone."""


@dataclass
class Container:
    """What ECS knows of one; `told` are its events, oldest first."""

    attempt: int
    told: list[Sighting] = field(default_factory=list)
    is_to_stop: bool = False

    def __post_init__(self) -> None:
        self._tell(waiting_for="pulling the image")

    @property
    def arn(self) -> str:
        return f"{ARN}{self.attempt}"

    @property
    def is_over(self) -> bool:
        return self.told[-1].is_over

    @property
    def runs(self) -> bool:
        return self.told[-1].started_at is not None and not self.is_over

    @property
    def ran(self) -> bool:
        return self.told[-1].started_at is not None

    def start(self) -> None:
        if not self.is_over and not self.runs:
            self._tell(started_at=NOON, waiting_for=None)

    def fail(self) -> None:
        if not self.is_over and not self.runs:
            self._tell(
                is_stopped=True, stop_code="TaskFailedToStart", reason="AGENT", passing=Passing.CLUSTERS
            )

    def exit(self) -> None:
        if self.runs:
            self._tell(is_stopped=True, stop_code="EssentialContainerExited", exit_code=0, stopped_at=NOON)

    def stop(self) -> None:
        if not self.is_over:
            self.is_to_stop = True
            exit_code = 143 if self.runs else None
            self._tell(is_stopped=True, stop_code="UserInitiated", exit_code=exit_code, stopped_at=NOON)

    def _tell(self, **changes: Any) -> None:
        if self.told:
            news = replace(self.told[-1], version=self.told[-1].version + 1, **changes)
        else:
            news = Sighting(version=1, arn=self.arn, attempt=self.attempt, **changes)
        self.told.append(news)


@dataclass
class SimulatedEcs:
    """`meanwhile` happens while a call is on its way there, or its answer on its way back."""

    weather: Weather = Weather.FINE
    meanwhile: Callable[[], None] | None = None
    is_on_its_way_back: bool = True
    containers: dict[int, Container] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)

    def plan(self, task: Task, app: App) -> dict[str, Any]:  # noqa: ARG002 - the port's shape
        return {"driver": "ecs"}

    def start(self, task: Task, app: App) -> str:  # noqa: ARG002 - the port's shape
        assert task.launch is not None
        attempt, weather, meanwhile = task.launch.attempt, self.weather, self.meanwhile
        is_on_its_way_back = self.is_on_its_way_back
        self.weather, self.meanwhile = Weather.FINE, None
        if meanwhile is not None and not is_on_its_way_back:
            meanwhile()
        answer = self._answer(attempt, weather)
        if meanwhile is not None and is_on_its_way_back:
            meanwhile()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _answer(self, attempt: int, weather: Weather) -> str | BaseException:
        if weather is Weather.BUSY:
            return RefusedForNow("Rate exceeded")
        if attempt in self.refused or (weather is Weather.FULL and attempt not in self.containers):
            self.refused.add(attempt)
            return RefusedForNow("Capacity is unavailable")
        self.containers.setdefault(attempt, Container(attempt))
        if weather is Weather.LOST:
            return Unanswered("nobody knows")
        return Killed() if weather is Weather.KILLED else self.containers[attempt].arn

    def find(self, task: Task) -> str | None:
        assert task.launch is not None
        found = self.containers.get(task.launch.attempt)
        return found.arn if found else None

    def stop(self, task: Task, reason: str) -> None:
        assert task.ecs_arn is not None
        self.stop_stray(task.ecs_arn, reason)

    def stop_stray(self, arn: str, reason: str) -> None:  # noqa: ARG002 - the port's shape
        self._by_arn(arn).stop()

    def look(self, tasks: Iterable[Task]) -> dict[str, Sighting | None]:
        return {task.id: self._by_arn(task.ecs_arn or "").told[-1] for task in tasks}

    def has_run_its_time(self, task: Task) -> bool:  # noqa: ARG002 - the port's shape
        return True

    def _by_arn(self, arn: str) -> Container:
        return next(each for each in self.containers.values() if each.arn == arn)
