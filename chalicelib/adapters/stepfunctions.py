"""Lifecycles as Step Functions executions: one per task, named by the task's id.

docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.ecs_refusals import code_of, refusals
from chalicelib.domain.errors import LaunchError, Misconfigured, Unanswered
from chalicelib.domain.task import Task
from chalicelib.ports import Clock

SUCCESSOR_EVERY = 600  # seconds; also when several ask at once


class StepFunctionsLifecycle:
    """`machine` is the state machine's ARN; a function that begins no lifecycle is not told it."""

    def __init__(self, client: Any, machine: str | None, clock: Clock) -> None:
        self._client = client
        self._machine = machine
        self._clock = clock

    def begin(self, task: Task) -> None:
        if self._machine is None:
            raise Misconfigured({"STATE_MACHINE_ARN": "is missing"})
        try:
            with refusals():
                self._begin(self._machine, task.id)
        except LaunchError as refusal:
            raise Unanswered(f"The lifecycle of task {task.id} was not begun: {refusal}") from refusal

    def limit_changed(self, task: Task) -> None:
        """A longer limit is seen at the next wake, a shorter one by the sweep."""

    def _begin(self, machine: str, task_id: str) -> None:
        """A name is good for one execution in 90 days, so one that died has a successor under another name."""
        if self._start(machine, task_id, task_id) or self._is_running(machine, task_id):
            return
        period = int(self._clock.now().timestamp()) // SUCCESSOR_EVERY
        self._start(machine, f"{task_id}-{period}", task_id)

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

    def _is_running(self, machine: str, name: str) -> bool:
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        status: str = self._client.describe_execution(executionArn=arn)["status"]
        return status == "RUNNING"
