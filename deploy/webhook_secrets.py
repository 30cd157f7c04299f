"""The secrets of a stage's webhooks, which no stack knows of: they go with the table that has their subscriptions."""

from deploy.account import Account

AT_ONCE = 10  # that Parameter Store deletes


def delete_webhook_secrets(account: Account, stage: str) -> int:
    """Return how many there were."""
    ssm = account.client("ssm")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/tapit/{stage}/webhooks/")
    names = [each["Name"] for page in pages for each in page["Parameters"]]
    for first in range(0, len(names), AT_ONCE):
        ssm.delete_parameters(Names=names[first : first + AT_ONCE])
    return len(names)
