"""Who works in the account: roles that somebody has taken, with the keys that the emulated STS gave for it."""

import json
from collections.abc import Mapping
from typing import Any

from tests.aws.emulator import ACCOUNT, Emulator

ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
MAY_TAKE_ROLES = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
}


def arn_of_session(role: str, session: str) -> str:
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"


class Workers:
    """A user of IAM, whose one right is to take roles."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self._emulator = emulator
        self._iam = emulator.client("iam")
        self._iam.create_user(UserName=name)
        policy = json.dumps(MAY_TAKE_ROLES)
        self._iam.put_user_policy(UserName=name, PolicyName="roles", PolicyDocument=policy)
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        self._sts = emulator.client("sts", key["AccessKeyId"], key["SecretAccessKey"])

    def make(self, role: str) -> None:
        self._iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(ANYBODY))

    def take(self, role: str, session: str) -> Mapping[str, str]:
        """Return what the environment has then of whoever took the role."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        keys = self._sts.assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def client(self, service: str, role: str, session: str) -> Any:
        """Return one that asks as the role."""
        return self._emulator.client(service, *self.take(role, session).values())
