"""The definitions that tasks run on, registered once and used again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusals

KNOWN_AT_MOST = 1000


def family_of(stage: str, app_name: str, content: str) -> str:
    """Names of stages and apps have hyphens and no underscores, so that no two of them share a family."""
    return f"tapit-{stage}_{app_name}_{content}"


class TaskDefinitions:
    """Registers each content once: its hash is in the family's name, so one call says whether it is there.

    Looking it up by tag would take two calls for every revision; one family for all contents would hand out the
    newest one only, and two images in turn would make a revision for every task.
    """

    def __init__(self, client: Any, stage: str) -> None:
        self._client = client
        self._stage = stage
        self._known: dict[str, str] = {}

    def find(self, app_name: str, definition: Mapping[str, Any]) -> str | None:
        """Return the ARN of an active revision with that content; one that was deregistered is none."""
        family = self._family(app_name, definition)
        if family in self._known:
            return self._known[family]
        with refusals():
            found = self._describe(family)
        return self._remember(family, found["taskDefinitionArn"]) if found["status"] == "ACTIVE" else None

    def register(self, app_name: str, definition: Mapping[str, Any]) -> str:
        """Register it; when somebody else does so at this moment, raise Unanswered: then it is there next time."""
        family = self._family(app_name, definition)
        tags = [{"key": "tapit:stage", "value": self._stage}, {"key": "tapit:app", "value": app_name}]
        with refusals():
            made = self._client.register_task_definition(family=family, tags=tags, **definition)
        return self._remember(family, made["taskDefinition"]["taskDefinitionArn"])

    def forget_known(self) -> None:
        """Look again: a known one is not active any more."""
        self._known.clear()

    def _family(self, app_name: str, definition: Mapping[str, Any]) -> str:
        text = json.dumps(definition, sort_keys=True)
        return family_of(self._stage, app_name, hashlib.sha256(text.encode()).hexdigest()[:16])

    def _describe(self, family: str) -> Mapping[str, Any]:
        try:
            answer = self._client.describe_task_definition(taskDefinition=family)
        except ClientError as error:
            if code_of(error) == "ClientException":  # "Unable to describe task definition."
                return {"status": "MISSING"}
            raise
        found: Mapping[str, Any] = answer["taskDefinition"]
        return found

    def _remember(self, family: str, arn: str) -> str:
        if len(self._known) >= KNOWN_AT_MOST:
            self._known.clear()
        self._known[family] = arn
        return arn
