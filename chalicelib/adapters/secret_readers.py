"""Who may read an app's secret: its resource policy names the roles, so that nobody has to change those.

Within an account the policy of a secret is enough, and the key that encrypts it is for all in the account who may.
docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
"""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.adapters.aws_refusals import refusals

# A service that is rolled back has its earlier role again, and the definition for it is there already.
MOST_ROLES = 5


_OURS = "ReadByTasksOfTapit"


class SecretReaders:
    def __init__(self, client: Any) -> None:
        self._client = client

    def allow(self, secret: str, role: str) -> None:
        """Let a role read it, as well as the last ones before. Harmless to repeat; may raise NotDone."""
        arn = _role_arn(secret, role)
        with refusals():
            policy = json.loads(self._client.get_resource_policy(SecretId=secret).get("ResourcePolicy", "{}"))
            before = _roles(policy)
            if arn not in before:
                changed = _with_roles(policy, [*before, arn][-MOST_ROLES:])
                self._client.put_resource_policy(
                    SecretId=secret, ResourcePolicy=json.dumps(changed), BlockPublicPolicy=True
                )


def _role_arn(secret: str, role: str) -> str:
    """A definition may name a role without its ARN."""
    if role.startswith("arn:"):
        return role
    _, partition, _, _, account, *_ = secret.split(":")
    return f"arn:{partition}:iam::{account}:role/{role}"


def _roles(policy: Mapping[str, Any]) -> list[str]:
    """Of a role that was deleted there is only an id left, which no new policy may name."""
    named = [one["Principal"]["AWS"] for one in policy.get("Statement", ()) if one.get("Sid") == _OURS]
    roles = [role for each in named for role in ([each] if isinstance(each, str) else each)]
    return [role for role in roles if role.startswith("arn:")]


def _with_roles(policy: Mapping[str, Any], roles: list[str]) -> Mapping[str, Any]:
    """What else a team has put into it stays."""
    ours = {
        "Sid": _OURS,
        "Effect": "Allow",
        "Principal": {"AWS": roles},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    others = [one for one in policy.get("Statement", ()) if one.get("Sid") != _OURS]
    return {"Version": "2012-10-17", **policy, "Statement": [*others, ours]}
