"""Values for containers come from Secrets Manager, read with the execution role, as ECS does it."""

import json
from threading import Lock

from botocore.exceptions import ClientError

from tests.aws.ecs_endpoint.sinks import CannotRead
from tests.aws.emulator import Emulator
from tests.aws.roles import Workers


class SecretValues:
    """The emulator is asked only when a task needs one: it runs by then."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._ecs: Workers | None = None
        self._lock = Lock()

    def read(self, reference: str, role: str) -> str:
        """A reference is the ARN of a secret, and perhaps a key in it, a stage and a version, which may be empty."""
        parts = reference.split(":")
        key, _, version = parts[7:] or ("", "", "")
        wanted = {"VersionId": version} if version else {}
        with self._lock:
            self._ecs = self._ecs or Workers(self._emulator, "ecs")
        try:
            client = self._ecs.client("secretsmanager", role.rpartition("/")[2], "ecs")
            found = client.get_secret_value(SecretId=":".join(parts[:7]), **wanted)["SecretString"]
        except ClientError as error:
            raise CannotRead(error.response["Error"]["Code"]) from error
        value: str = json.loads(found)[key] if key else found
        return value
