"""A team's own things in the account: a cluster, a service with a log group and a secret, and the app for them."""

import json
from pathlib import Path

from tests.aws.account import AwsAccount
from tests.aws.command_line import Tapit
from tests.aws.conftest import definition, ecs_client
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.roles import ANYBODY

SETTINGS = Settings(
    images_missing=frozenset({"shop:gone"}),
    images_slow=frozenset({"shop:slow"}),
)


EXECUTION_ROLE = "ecsTaskExecutionRole"


def a_team(account: AwsAccount, home: Path) -> Tapit:
    """Return a team's command line, with an app that points at the team's own service."""
    tapit = Tapit(account.api_url, account.first_token(), home)
    open_shop(account, tapit)
    return tapit


def open_shop(account: AwsAccount, tapit: Tapit) -> None:
    ecs = ecs_client(account.ecs_url)
    account.client("logs").create_log_group(logGroupName="/ecs/shop")
    ecs.create_cluster(clusterName="prod")
    container = {
        "environment": [{"name": "COLOUR", "value": "red"}],
        "secrets": [{"name": "PASSWORD", "valueFrom": _a_password(account)}],
        "portMappings": [{"containerPort": 8000}],
    }
    ecs.register_task_definition(**definition(container=container))
    network = {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]}
    ecs.create_service(
        cluster="prod",
        serviceName="web",
        taskDefinition="shop",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )
    tapit.say("create", "app", "name=shop", "cluster=prod", "service=web")


def _a_password(account: AwsAccount) -> str:
    """Return the ARN of a secret that the execution role may read."""
    secrets, iam = account.client("secretsmanager"), account.client("iam")
    arn: str = secrets.create_secret(Name="password", SecretString="hunter2")["ARN"]
    iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=json.dumps(ANYBODY))
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [reading]})
    iam.put_role_policy(RoleName=EXECUTION_ROLE, PolicyName="read", PolicyDocument=policy)
    return arn
