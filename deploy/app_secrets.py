"""The secrets of a stage's apps, which no stack knows of: they go with the table that has the apps."""

from chalicelib.adapters.app_secrets_manager import secret_name
from deploy.account import Account


def delete_app_secrets(account: Account, stage: str) -> int:
    """Delete them at once, and return how many there were."""
    client = account.client("secretsmanager")
    name_begins = {"Key": "name", "Values": [secret_name(stage, "")]}
    pages = client.get_paginator("list_secrets").paginate(Filters=[name_begins])
    arns = [each["ARN"] for page in pages for each in page["SecretList"]]
    for arn in arns:
        client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    return len(arns)
