"""Log groups of CloudWatch Logs for output that goes nowhere else."""

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusals
from chalicelib.domain.task import KEPT_FOR


class LogGroups:
    """They keep output for as long as the records of finished tasks live."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def make(self, name: str) -> None:
        """Harmless when it is there, or somebody else makes it at this moment."""
        with refusals():
            self._create(name)
            self._client.put_retention_policy(logGroupName=name, retentionInDays=KEPT_FOR.days)

    def _create(self, name: str) -> None:
        try:
            self._client.create_log_group(logGroupName=name)
        except ClientError as error:
            if code_of(error) not in ("ResourceAlreadyExistsException", "OperationAbortedException"):
                raise
