"""The kinds of values that say where on AWS an app's tasks run."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.domain.app import EC2

LONGEST_QUEUE = 172_800.0  # two days: the lifecycle's history has room for that many tries
_LAUNCH_TYPES_ALONE = (EC2, "EXTERNAL")


def _alone(capacity: list[str]) -> list[str]:
    """ECS has launch types and capacity providers; only providers can be mixed."""
    alone = [name for name in capacity if name in _LAUNCH_TYPES_ALONE]
    if alone and len(capacity) > 1:
        raise ValueError(f"{alone[0]} does not go with another one")
    return capacity


def _each_once(names: list[str]) -> list[str]:
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise ValueError(f"{twice} is named twice")
    return names


Cluster = Annotated[
    str,
    Field(
        pattern=r"^(arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster/)?[A-Za-z0-9_-]{1,255}$",
        description="an ECS cluster's name or ARN",
    ),
]
Service = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="an ECS service's name")]
Container = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="the service's container to run")
]
Sidecars = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="a container's name")]],
    Field(max_length=9, description="the service's containers to run beside the command"),
    AfterValidator(_each_once),
]
Subnets = Annotated[
    list[Annotated[str, Field(pattern=r"^subnet-[0-9a-z]{1,32}$", description="a subnet's id: subnet-...")]],
    Field(max_length=16, description="subnet-...; in several availability zones, so that one can be full"),
]
SecurityGroups = Annotated[
    list[Annotated[str, Field(pattern=r"^sg-[0-9a-z]{1,32}$", description="a security group's id: sg-...")]],
    Field(max_length=5, description="sg-..."),
]
Capacity = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="a capacity provider's name")]],
    Field(max_length=20, description="FARGATE, FARGATE_SPOT, EC2, or names of capacity providers"),
    AfterValidator(_alone),
]
Role = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$",
        description="a role's ARN: arn:aws:iam::...:role/...",
    ),
]
LogGroup = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_/.#-]{1,512}$", description="a CloudWatch log group's name")
]
SecretArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:\d{12}:(secret:|parameter/)\S{1,1024}$",
        description="the ARN of a secret in Secrets Manager, or of a parameter in Parameter Store",
    ),
]
QueueTimeout = Annotated[
    float,
    Field(
        ge=0,
        le=LONGEST_QUEUE,
        allow_inf_nan=False,
        description="seconds that a task may wait for capacity or quota",
    ),
]
