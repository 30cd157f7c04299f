"""`make redrive`: what was handled goes, what fails again stays."""

import json
from typing import Any

from deploy.account import Account
from deploy.redriving import redrive_queue

EVENT = {"detail-type": "ECS Task State Change", "detail": {"lastStatus": "STOPPED"}}


class Functions:
    """Lambda, as far as redriving needs it: it fails on events that say so."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "tapit-dev-ecs-event"
        self.events.append(json.loads(Payload))
        return {"FunctionError": "Unhandled"} if self.events[-1].get("fails") else {}


class AccountWithFunctions(Account):
    """Moto's Lambda would need Docker."""

    def client(self, service: str) -> Any:
        return FUNCTIONS if service == "lambda" else super().client(service)


FUNCTIONS = Functions()


def test_events_are_handed_over_unwrapped_and_failures_stay(account: Account) -> None:
    sqs = account.client("sqs")
    queue = sqs.create_queue(QueueName="failed", Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
    for body in (EVENT, {"requestPayload": EVENT, "responsePayload": {}}, EVENT | {"fails": True}):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))

    account = AccountWithFunctions(account.session, account.id, account.region)
    assert redrive_queue(account, queue, "tapit-dev-ecs-event") == (2, 1)

    assert FUNCTIONS.events == [EVENT, EVENT, EVENT | {"fails": True}]
    held = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert held["ApproximateNumberOfMessages"] == "0"
    assert held["ApproximateNumberOfMessagesNotVisible"] == "1"
