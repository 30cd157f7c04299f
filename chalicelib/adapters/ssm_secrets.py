"""What signs webhooks, in Systems Manager's Parameter Store: a SecureString of each subscription.

A parameter keeps its last 100 versions, so a new secret takes nothing away, and what adds it need not read.
docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
"""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusals

REMEMBERED = 1000


class SsmWebhookSecrets:
    """What a version is never changes, so each is asked for once: Parameter Store has a quota of 40 calls a second."""

    def __init__(self, client: Any, stage: str) -> None:
        self._client = client
        self._stage = stage
        self._known: dict[str, str] = {}

    def add(self, subscription_id: str, secret: str) -> int:
        with refusals():
            answer = self._client.put_parameter(
                Name=self._name(subscription_id),
                Description="Signs the webhooks of a subscription of tapit.",
                Value=secret,
                Type="SecureString",
                Overwrite=True,
            )
        version: int = answer["Version"]
        return version

    def read(self, subscription_id: str, versions: Sequence[int]) -> Sequence[str]:
        names = [f"{self._name(subscription_id)}:{version}" for version in versions]
        self._ask_for([name for name in names if name not in self._known])
        return [self._known[name] for name in names if name in self._known]

    def remove(self, subscription_id: str) -> None:
        with refusals():
            try:
                self._client.delete_parameter(Name=self._name(subscription_id))
            except ClientError as error:
                if code_of(error) != "ParameterNotFound":
                    raise

    def _ask_for(self, names: Sequence[str]) -> None:
        if not names:
            return
        if len(self._known) > REMEMBERED:
            self._known.clear()
        with refusals():
            answer = self._client.get_parameters(Names=names, WithDecryption=True)
        self._known |= {f"{each['Name']}:{each['Version']}": each["Value"] for each in answer["Parameters"]}

    def _name(self, subscription_id: str) -> str:
        return f"/tapit/{self._stage}/webhooks/{subscription_id}"
