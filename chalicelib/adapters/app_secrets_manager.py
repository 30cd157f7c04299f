"""The values of apps' secrets, in Secrets Manager: one secret of each app, a JSON object with a key for each variable.

Every change is a version, and a version never changes. One without a staging label stays for as long as there are a
hundred newer ones: docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusals
from chalicelib.domain.errors import RefusedForNow
from chalicelib.domain.kept_secrets import refuse_lost, whole_set
from chalicelib.ports import KeptValues

_MISSING = "ResourceNotFoundException"
_BEING_DELETED = "InvalidRequestException"


def secret_name(stage: str, app: str) -> str:
    return f"tapit/{stage}/{app}"


class SecretsManagerAppSecrets:
    """For the one function that may read them: a key is changed by whoever knows the others."""

    def __init__(self, client: Any, stage: str) -> None:
        self._client = client
        self._stage = stage

    def write(
        self, app: str, values: Mapping[str, str], others: Sequence[str], base: str | None
    ) -> KeptValues:
        name = secret_name(self._stage, app)
        with refusals(), _told_if_being_deleted(name):
            known = self._read(name, base) if others and base else {}
            answer = self._put(name, app, whole_set(app, values, others, known))
        return KeptValues(answer["ARN"], answer["VersionId"])

    def check(self, app: str, names: Sequence[str], version_id: str) -> None:
        with refusals():
            refuse_lost(app, names, self._read(secret_name(self._stage, app), version_id))

    def remove(self, app: str) -> None:
        """At once: an app's environment goes at once as well, and one of the same name may be made today."""
        with refusals():
            try:
                self._client.delete_secret(
                    SecretId=secret_name(self._stage, app), ForceDeleteWithoutRecovery=True
                )
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise

    def about(self, app: str) -> str:
        return about(self._stage, app)

    def _read(self, name: str, version_id: str) -> Mapping[str, str]:
        try:
            answer = self._client.get_secret_value(SecretId=name, VersionId=version_id)
        except ClientError as error:
            if code_of(error) == _MISSING:
                return {}
            raise
        values: Mapping[str, str] = json.loads(answer["SecretString"])
        return values

    def _put(self, name: str, app: str, whole: str) -> Mapping[str, Any]:
        try:
            put: Mapping[str, Any] = self._client.put_secret_value(SecretId=name, SecretString=whole)
        except ClientError as error:
            if code_of(error) != _MISSING:
                raise
            return self._create(name, app, whole)
        return put

    def _create(self, name: str, app: str, whole: str) -> Mapping[str, Any]:
        made: Mapping[str, Any] = self._client.create_secret(
            Name=name,
            Description=f"Secrets of the app {app} of tapit, by variable.",
            SecretString=whole,
            Tags=[{"Key": "tapit:stage", "Value": self._stage}, {"Key": "tapit:app", "Value": app}],
        )
        return made


def about(stage: str, app: str) -> str:
    return (
        f"The values of secrets are kept in Secrets Manager, as {secret_name(stage, app)}: "
        "AWS takes $0.40 a month for it, until the app is deleted."
    )


@contextmanager
def _told_if_being_deleted(name: str) -> Iterator[None]:
    """A secret that was just deleted is in the way for a while, and one that somebody scheduled for it for days."""
    try:
        yield
    except ClientError as error:
        if code_of(error) != _BEING_DELETED:
            raise
        raise RefusedForNow(
            f"The secret {name} is being deleted. Try again in some minutes; if somebody scheduled it for deletion: "
            f"aws secretsmanager restore-secret --secret-id {name}"
        ) from error
