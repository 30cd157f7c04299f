"""Events that were not delivered, or not handled: hand them to the handler again, one by one."""

import json
from collections.abc import Iterator
from typing import Any

from deploy.account import Account

BATCH = 10
MOST = 10_000  # messages per run


def redrive_queue(account: Account, queue_url: str, function: str) -> tuple[int, int]:
    """Return how many were handled, and so deleted, and how many failed again, and so stay."""
    sqs, functions = account.client("sqs"), account.client("lambda")
    done = failed = 0
    for message in _each_once(sqs, queue_url):
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(_event(message["Body"])))
        if "FunctionError" in answer:
            failed += 1
        else:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            done += 1
    return done, failed


def _each_once(sqs: Any, queue_url: str) -> Iterator[dict[str, Any]]:
    """A message that failed comes back after the queue's visibility time; then we have been all around."""
    seen: set[str] = set()
    while len(seen) < MOST:
        got = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
        new = [message for message in got.get("Messages", []) if message["MessageId"] not in seen]
        if not new:
            return
        seen.update(message["MessageId"] for message in new)
        yield from new


def _event(body: str) -> dict[str, Any]:
    """EventBridge leaves the event itself; Lambda wraps what its function failed on."""
    said: dict[str, Any] = json.loads(body)
    event: dict[str, Any] = said.get("requestPayload", said)
    return event
