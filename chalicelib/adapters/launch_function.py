"""The function that launches tasks, called by those that may not: its role alone starts containers."""

import json
from typing import Any

from chalicelib.adapters.aws_refusals import refusals
from chalicelib.domain.errors import Unanswered


class LaunchFunction:
    """`caller` is the function that calls. This one never calls itself.

    AWS ends a function that does so 16 times in a row, and a queue of tasks that are refused for good would be such a
    chain. docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """

    def __init__(self, client: Any, stage: str, caller: str | None) -> None:
        self._client = client
        self._name = f"tapit-{stage}-launch"
        self._is_itself = caller == self._name

    def call(self, task_id: str) -> None:
        """Have it begin in a moment, without waiting for what becomes of it; may raise NotDone."""
        if self._is_itself:
            raise Unanswered("the function that launches does not call itself")
        with refusals():
            self._client.invoke(
                FunctionName=self._name, InvocationType="Event", Payload=json.dumps({"task_id": task_id})
            )
