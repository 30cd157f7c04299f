"""Where CloudFormation finds the zip and the template: one private bucket per account and region."""

import hashlib
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.account import Account

PRIVATE = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


class Bucket:
    """Every call names the owner we expect, so that a stranger's bucket of our name is never written to."""

    def __init__(self, account: Account) -> None:
        self.name = f"tapit-deploy-{account.id}-{account.region}"
        self._account = account
        self._client: Any = account.client("s3")
        self._ours = {"Bucket": self.name, "ExpectedBucketOwner": account.id}

    def ensure(self) -> bool:
        """Make the bucket when it is missing, and say whether it was; settings are put again in any case."""
        made = not self._exists(self._client.head_bucket, self._ours)
        if made:
            self._create()
        self._client.put_public_access_block(**self._ours, PublicAccessBlockConfiguration=PRIVATE)
        self._client.put_bucket_encryption(**self._ours, ServerSideEncryptionConfiguration=ENCRYPTED)
        return made

    def upload(self, path: Path) -> str:
        """Put a file under a name made of its content, unless it is there; return that name."""
        content = path.read_bytes()
        key = f"tapit/{hashlib.sha256(content).hexdigest()}{path.suffix}"
        if not self._exists(self._client.head_object, self._ours | {"Key": key}):
            self._client.put_object(**self._ours, Key=key, Body=content)
        return key

    def url(self, key: str) -> str:
        return f"{self._client.meta.endpoint_url}/{self.name}/{key}"

    def _create(self) -> None:
        region = self._account.region
        # us-east-1 is where buckets go by themselves; S3 refuses to hear it named.
        where = {} if region == "us-east-1" else {"LocationConstraint": region}
        self._client.create_bucket(
            Bucket=self.name, **({"CreateBucketConfiguration": where} if where else {})
        )

    @staticmethod
    def _exists(look: Any, parameters: dict[str, str]) -> bool:
        try:
            look(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "NoSuchKey", "NotFound"):
                return False
            raise
        return True
