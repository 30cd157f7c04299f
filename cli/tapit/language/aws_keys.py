"""What can be said of an app's place on AWS: which service it is like, or its network, roles and logs themselves."""

from tapit.language import values
from tapit.language.command import Key

KEYS = (
    Key("cluster", values.text, "the ECS cluster its tasks run in: name or ARN", placeholder="CLUSTER"),
    Key(
        "service",
        values.text,
        "the ECS service that its tasks are like; with compose=, one of that file",
        placeholder="SERVICE",
    ),
    Key("container", values.text, "which of the service's containers", placeholder="CONTAINER"),
    Key(
        "sidecars",
        values.several_or_none,
        "those that run beside it, with commas between; nothing after the = for none",
        placeholder="CONTAINER,...",
    ),
    Key(
        "subnets",
        values.several,
        "where in the network, with commas between",
        placeholder="SUBNET,...",
        has_commas=True,
    ),
    Key(
        "security_groups",
        values.several,
        "the same for security groups",
        placeholder="GROUP,...",
        has_commas=True,
    ),
    Key(
        "assign_public_ip",
        values.yes_or_no,
        "whether its tasks have a public address",
        placeholder="yes|no",
        choices=("yes", "no"),
    ),
    Key(
        "capacity",
        values.several,
        "FARGATE, FARGATE_SPOT, EC2 or names of capacity providers, with commas between",
        placeholder="NAME,...",
        choices=("FARGATE", "FARGATE_SPOT", "EC2"),
        has_commas=True,
    ),
    Key("execution_role", values.text, "what pulls the image and reads the secrets", placeholder="ARN"),
    Key("task_role", values.text, "what the command itself may do", placeholder="ARN"),
    Key("log_group", values.text, "where the output is kept", placeholder="GROUP"),
)
PLAIN = tuple(key.name for key in KEYS)
DETAILS = (
    "The keys from cluster= to log_group= are about AWS, and a local home leaves them aside. "
    "With a service=, what is not given here is read from it whenever a task starts."
)
