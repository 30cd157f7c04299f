"""Lifecycles as Step Functions executions: one per task, named by the task's id.

docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusals
from chalicelib.domain.errors import Misconfigured, NotDone, Unanswered
from chalicelib.domain.task import Task
from chalicelib.ports import Clock

RUNNING = "RUNNING"
SUCCESSOR_EVERY = timedelta(minutes=10)
MOST_SUCCESSORS = 500  # of one task: more than two days of waiting for its launch can have


class StepFunctionsLifecycle:
    """`machine` is the state machine's ARN; a function that begins no lifecycle is not told it.

    `launch` has a task launched beside its execution, which sleeps until the task should have started.
    """

    def __init__(self, client: Any, machine: str | None, clock: Clock, launch: Callable[[str], None]) -> None:
        self._client = client
        self._launch = launch
        self._machine = machine
        self._clock = clock

    def begin(self, task: Task) -> None:
        if self._machine is None:
            raise Misconfigured({"STATE_MACHINE_ARN": "is missing"})
        try:
            with refusals():
                self._begin(self._machine, task.id)
        except NotDone as refusal:
            raise Unanswered(f"The lifecycle of task {task.id} was not begun: {refusal}") from refusal

    def launch_again(self, task: Task) -> None:
        try:
            self._launch(task.id)
        except NotDone as refusal:
            raise Unanswered(f"Task {task.id} was not launched again: {refusal}") from refusal

    def limit_changed(self, task: Task) -> None:
        """A longer limit is seen at the next wake, a shorter one by the sweep."""

    def _begin(self, machine: str, task_id: str) -> None:
        """A name is good for one execution in 90 days, so one that died has a successor under another name."""
        if self._start(machine, task_id, task_id):
            return
        first = self._look(machine, task_id)
        if first is None or first["status"] != RUNNING:
            self._begin_successor(machine, task_id)

    def _begin_successor(self, machine: str, task_id: str) -> None:
        """One at a time: names are taken in their order, so the newest is the last one that is there."""
        numbers = range(1, MOST_SUCCESSORS + 1)
        taken = bisect_left(numbers, True, key=lambda n: self._look(machine, f"{task_id}-{n}") is None)
        newest = self._look(machine, f"{task_id}-{taken}") if taken else None
        if newest is None or self._is_past(newest):
            self._start(machine, f"{task_id}-{taken + 1}", task_id)

    def _is_past(self, execution: Mapping[str, Any]) -> bool:
        """A machine that fails at once is not begun every minute for every task."""
        age = self._clock.now() - execution["startDate"]
        is_over: bool = execution["status"] != RUNNING
        return is_over and age >= SUCCESSOR_EVERY

    def _start(self, machine: str, name: str, task_id: str) -> bool:
        """Say whether it runs now; the same name with the same input is the same execution."""
        try:
            self._client.start_execution(
                stateMachineArn=machine, name=name, input=json.dumps({"task_id": task_id})
            )
        except ClientError as error:
            if code_of(error) == "ExecutionAlreadyExists":
                return False
            raise
        return True

    def _look(self, machine: str, name: str) -> Mapping[str, Any] | None:
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            found: Mapping[str, Any] = self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            if code_of(error) == "ExecutionDoesNotExist":
                return None
            raise
        return found
