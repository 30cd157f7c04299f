"""A team's own things in the account: a cluster, a service with a log group and a secret, and the app for them."""

from tests.aws.account import AwsAccount
from tests.aws.command_line import Tapit
from tests.aws.conftest import definition, ecs_client
from tests.aws.ecs_endpoint.settings import Settings

SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:password"
SETTINGS = Settings(
    secrets={SECRET: "hunter2"},
    images_missing=frozenset({"shop:gone"}),
    images_slow=frozenset({"shop:slow"}),
)


def open_shop(account: AwsAccount, tapit: Tapit) -> None:
    ecs = ecs_client(account.ecs_url)
    account.client("logs").create_log_group(logGroupName="/ecs/shop")
    ecs.create_cluster(clusterName="prod")
    container = {
        "environment": [{"name": "COLOUR", "value": "red"}],
        "secrets": [{"name": "PASSWORD", "valueFrom": SECRET}],
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
    tapit.say("create", "app", "name=shop", "cluster=prod", "service=web", "stop_timeout=2")
