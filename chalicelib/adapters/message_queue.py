"""A queue in SQS.

A message that is sent may wait for 15 minutes, one that was received for 12 hours.
docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from typing import Any

from chalicelib.adapters.aws_refusals import refusals
from chalicelib.adapters.in_batches import send_all

LONGEST_DELAY = 15 * 60
LONGEST_HOLD = 12 * 60 * 60 - 60  # 12 hours count from when it was received


class MessageQueue:
    """`client` is boto3's for SQS; `sleep` is for tests."""

    def __init__(self, client: Any, url: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._url = url
        self._sleep = sleep

    def send(self, bodies: Sequence[str], wait: float = 0) -> None:
        """Put messages into it; raise NotDone when one of them was not taken. Some of the others may have been.

        They can be received after `wait` seconds, or after a quarter of an hour if that is longer.
        """
        delay = min(LONGEST_DELAY, max(0, ceil(wait)))
        send_all(bodies, lambda body: len(body.encode()), partial(self._send, delay), self._sleep)

    def hold(self, receipt: str, wait: float) -> None:
        """Keep a message that was received from being received again for that long, or for nearly 12 hours."""
        with refusals():
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=min(LONGEST_HOLD, ceil(wait))
            )

    def _send(self, delay: int, bodies: Sequence[str]) -> Sequence[tuple[str, str]]:
        entries = [
            {"Id": str(number), "MessageBody": body, "DelaySeconds": delay}
            for number, body in enumerate(bodies)
        ]
        with refusals():
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return [
            (bodies[int(told["Id"])], f"{told.get('Message', '')} ({told['Code']})")
            for told in answer.get("Failed", [])
        ]
