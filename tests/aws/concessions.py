"""What the emulator reads otherwise than AWS does, made good through its own API; the template stays as it is."""

import json
from typing import Any

# AWS holds GetLogEvents against the ARN of the stream, as the template does; the emulator against the group's.
READ_GROUPS = {
    "Effect": "Allow",
    "Action": "logs:GetLogEvents",
    "Resource": "arn:aws:logs:*:*:log-group:/ecs/*",
}


def concede(iam: Any, cloudformation: Any, stack: str) -> None:
    role = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="ApiHandlerRole")
    iam.put_role_policy(
        RoleName=role["StackResourceDetail"]["PhysicalResourceId"],
        PolicyName="concession",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [READ_GROUPS]}),
    )
