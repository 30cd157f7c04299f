"""One CloudFormation stack: change it, take it down, and say what happens meanwhile."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from deploy.account import Account
from deploy.refusals import Refusal

Say = Callable[[str], None]
POLL_SECONDS = 3.0
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]  # roles without names of their own; SAM
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_NOT_MADE = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
_SIGNS = {"Add": "+", "Modify": "~", "Remove": "-"}


class Stack:
    """`pause` is for tests."""

    def __init__(
        self, account: Account, stage: str, say: Say, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.name = f"tapit-{stage}"
        self.stage = stage
        self._account = account
        self._client: Any = account.client("cloudformation")
        self._say = say
        self.pause = pause

    def find(self) -> dict[str, Any] | None:
        """Return CloudFormation's description of the stack, or None when there is none."""
        try:
            found: dict[str, Any] = self._client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def outputs(self) -> dict[str, str]:
        """Raise Refusal when there is no such stack here."""
        found = self.find()
        if found is None or "Outputs" not in found:
            raise Refusal(
                f"There is no stack {self.name} in {self._account.region} of account {self._account.id}.",
                f"Is it another region (AWS_REGION=...) or account? make deploy STAGE={self.stage} makes one.",
            )
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def parameters(self) -> dict[str, str]:
        """Return what the stack was made with; nothing when there is none."""
        found = self.find() or {}
        return {known["ParameterKey"]: known["ParameterValue"] for known in found.get("Parameters", [])}

    def clear_failed_start(self) -> None:
        """A stack whose first deployment failed can only be deleted; what it retained stays."""
        found = self.find()
        if found is not None and found["StackStatus"] in _NOT_MADE:
            self._say(f"Clearing away {self.name}, whose first deployment did not succeed ...")
            self.delete()

    def change(self, template_url: str, parameters: Sequence[Mapping[str, Any]]) -> bool:
        """Bring the stack up to date and say whether anything changed; raise Refusal when it was rolled back."""
        exists = self.find() is not None
        change_set = self._propose(template_url, parameters, "UPDATE" if exists else "CREATE")
        if change_set is None:
            return False
        seen = self._seen() if exists else set()
        self._client.execute_change_set(ChangeSetName=change_set)
        self._watch(self.name, "CREATE_COMPLETE" if not exists else "UPDATE_COMPLETE", seen)
        return True

    def delete(self) -> None:
        """Raise Refusal when something would not go."""
        found = self.find()
        if found is None:
            return
        seen = self._seen()
        self._client.delete_stack(StackName=self.name)
        self._watch(found["StackId"], "DELETE_COMPLETE", seen)

    def _propose(self, template_url: str, parameters: Sequence[Mapping[str, Any]], kind: str) -> str | None:
        proposed: str = self._client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"tapit-{uuid4().hex}",
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=list(parameters),
            Capabilities=CAPABILITIES,
            Tags=[{"Key": "tapit:stage", "Value": self.stage}],
        )["Id"]
        described = self._await_proposal(proposed)
        if described["Status"] == "CREATE_COMPLETE":
            self._say_changes(proposed)
            return proposed
        self._client.delete_change_set(ChangeSetName=proposed)
        reason = described.get("StatusReason", "")
        if any(words in reason for words in _NO_CHANGES):
            return None
        raise Refusal(f"CloudFormation refuses the change of {self.name}: {reason}")

    def _await_proposal(self, change_set: str) -> dict[str, Any]:
        while True:
            described: dict[str, Any] = self._client.describe_change_set(ChangeSetName=change_set)
            if described["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return described
            self.pause(POLL_SECONDS)

    def _say_changes(self, change_set: str) -> None:
        pages = self._client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
        for change in (change["ResourceChange"] for page in pages for change in page["Changes"]):
            replaced = " (replaced)" if change.get("Replacement") == "True" else ""
            sign = _SIGNS.get(change["Action"], "?")
            self._say(f"  {sign} {change['LogicalResourceId']}  {change['ResourceType']}{replaced}")

    def _watch(self, stack: str, wanted: str, seen: set[str]) -> None:
        """Say what is done as it is done, until the stack rests."""
        failures: list[str] = []
        while True:
            status = self._client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            for event in self._news(stack, seen):
                self._say_event(event)
                failures += _failure(event)
            if _is_resting(status):
                break
            self.pause(POLL_SECONDS)
        if status != wanted:
            raise Refusal(
                f"{self.name} ended as {status}. What failed first: {failures[0] if failures else 'unknown'}",
                "Mend that and run it again; nothing of what was there before is lost.",
            )

    def _say_event(self, event: dict[str, Any]) -> None:
        if _is_resting(event["ResourceStatus"]):
            self._say(f"  {event['ResourceStatus']:<16} {event['LogicalResourceId']}")

    def _seen(self) -> set[str]:
        return {event["EventId"] for event in self._events(self.name)}

    def _news(self, stack: str, seen: set[str]) -> list[dict[str, Any]]:
        news = [event for event in self._events(stack) if event["EventId"] not in seen]
        seen.update(event["EventId"] for event in news)
        return news[::-1]  # CloudFormation tells the newest first

    def _events(self, stack: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
        return (event for page in pages for event in page["StackEvents"])


def _is_resting(status: str) -> bool:
    return status.endswith(("_COMPLETE", "_FAILED"))


def _failure(event: dict[str, Any]) -> list[str]:
    """What is cancelled because another resource failed is no reason."""
    reason = event.get("ResourceStatusReason", "")
    if not event["ResourceStatus"].endswith("_FAILED") or "cancelled" in reason:
        return []
    return [f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason or 'no reason was given'}"]
