"""Terminals inside tasks: ECS Exec, answered for a client that has no credentials of its own.

The refusals: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html#API_ExecuteCommand_Errors
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusals
from chalicelib.adapters.session_manager import SessionManager
from chalicelib.domain.errors import (
    NotDone,
    NotInteractive,
    NotReady,
    RefusedForGood,
    RefusedForNow,
    TargetNotConnected,
    TaskOver,
    Unanswered,
    Unavailable,
)
from chalicelib.domain.known_reasons import next_step
from chalicelib.domain.task import Task
from chalicelib.domain.task_sessions import session_of
from chalicelib.ecs_events import MAIN_CONTAINER, NOT_STARTED, cluster_of
from chalicelib.ports import DataChannel

AGENT = "ExecuteCommandAgent"
_ENDING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED", "DELETED")
# "... because execute command was not enabled when the task was run or the execute command agent isn't running."
_AGENT_NOT_THERE = "agent isn"
_NO_MORE = "session limit"


class EcsSessions:
    """Every answer is given within seconds; whoever asks waits by asking again."""

    def __init__(self, client: Any, manager: SessionManager) -> None:
        self._client = client
        self._manager = manager

    def open(self, task: Task, argv: Sequence[str]) -> DataChannel:
        """Raise NotReady, TaskOver or NotInteractive as the task is now, Unavailable when AWS refuses."""
        assert task.ecs_arn is not None
        with _answers(task):
            seen = self._look(task.ecs_arn)
            _refuse_not_ready(task, seen)
            session = self._execute(task.id, task.ecs_arn, shlex.join(argv))
            return self._manager.channel(session["sessionId"], session["streamUrl"], session["tokenValue"])

    def resume(self, task: Task, session_id: str) -> DataChannel:
        with _answers(task):
            return self._manager.resume(session_id, session_of(task, session_id).url)

    def end(self, task: Task, session_id: str) -> None:
        try:
            with refusals():
                self._manager.end(session_id)
        except NotDone as refusal:
            raise Unavailable(
                f"The session in task {task.id} cannot be ended: {refusal}", "Try again."
            ) from refusal

    def _look(self, arn: str) -> Mapping[str, Any] | None:
        answer = self._client.describe_tasks(cluster=cluster_of(arn), tasks=[arn])
        return next(iter(answer["tasks"]), None)

    def _execute(self, task_id: str, arn: str, command: str) -> Mapping[str, str]:
        try:
            answer = self._client.execute_command(
                cluster=cluster_of(arn), task=arn, container=MAIN_CONTAINER, interactive=True, command=command
            )
        except ClientError as error:
            said = error.response["Error"].get("Message", "")
            if code_of(error) == "TargetNotConnectedException":
                raise TargetNotConnected(task_id) from error
            if _AGENT_NOT_THERE in said:
                raise NotReady(task_id, "its agent for sessions is not running") from error
            if _NO_MORE in said:
                raise Unavailable(
                    f"Task {task_id} has as many sessions as ECS allows: {said}",
                    "Leave another one of it first.",
                ) from error
            raise
        session: Mapping[str, str] = answer["session"]
        return session


@contextmanager
def _answers(task: Task) -> Iterator[None]:
    """An AWS that is busy or silent is worth asking again; a refusal is told in its own words."""
    try:
        with refusals():
            yield
    except (Unanswered, RefusedForNow) as silence:
        raise NotReady(task.id, str(silence)) from silence
    except RefusedForGood as refusal:
        said = str(refusal)
        raise Unavailable(f"No session can be opened in task {task.id}: {said}", next_step(said)) from refusal


def _refuse_not_ready(task: Task, seen: Mapping[str, Any] | None) -> None:
    if seen is None:
        raise NotReady(task.id, "ECS does not show it yet")
    if seen["lastStatus"] in _ENDING or seen.get("desiredStatus") == "STOPPED":
        raise TaskOver(task.id, "ending", seen.get("stoppedReason"))
    if not seen.get("enableExecuteCommand"):
        raise NotInteractive(task.id)
    if seen["lastStatus"] != "RUNNING":
        raise NotReady(task.id, f"it is {NOT_STARTED.get(seen['lastStatus'], 'starting')}")
    _refuse_unless_agent_runs(task, seen["containers"])


def _refuse_unless_agent_runs(task: Task, containers: Sequence[Mapping[str, Any]]) -> None:
    """ECS tries five times to start the agent, and lets it be then."""
    main: Mapping[str, Any] = next((one for one in containers if one["name"] == MAIN_CONTAINER), {})
    agents = [agent for agent in main.get("managedAgents", ()) if agent["name"] == AGENT]
    status = agents[0]["lastStatus"] if agents else "PENDING"
    if status == "STOPPED":
        why = agents[0].get("reason") or "no reason was given"
        raise TaskOver(task.id, "running, but its agent for sessions is not", why)
    if main.get("lastStatus") != "RUNNING" or status != "RUNNING":
        raise NotReady(task.id, "its agent for sessions is starting")
