"""The function that sends webhooks, asked to do so at once: its role alone reads their secrets."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from chalicelib.adapters.aws_refusals import refusals
from chalicelib.domain.delivery import Answer
from chalicelib.domain.errors import Unanswered
from chalicelib.domain.event import Sent
from chalicelib.domain.subscription import Subscription


class Trial(BaseModel):
    """What the function is called with for it."""

    subscription: Subscription
    event: Sent


class DeliverFunction:
    """`client` must wait for longer than a receiver has."""

    def __init__(self, client: Any, stage: str) -> None:
        self._client = client
        self._name = f"tapit-{stage}-deliver"

    def try_now(self, subscription: Subscription, event: Sent) -> Answer:
        """Have it sent, and wait for what comes of it; may raise NotDone."""
        trial = Trial(subscription=subscription, event=event)
        with refusals():
            answer = self._client.invoke(FunctionName=self._name, Payload=trial.model_dump_json())
            said: Mapping[str, Any] = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise Unanswered(f"The function {self._name} failed; its log says why.")
        return Answer.model_validate(said)
