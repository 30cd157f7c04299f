"""What an app may say of where its tasks run: on AWS, and in which containers."""

from typing import Any

import pytest

from chalicelib.domain.errors import InvalidRequest
from chalicelib.http.app_models import AppView, ChangeApp, CreateApp
from chalicelib.http.reading import read
from tests.builders import NOON, an_app

ROLE = "arn:aws:iam::123456789012:role/team/shop"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf:password::"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/token"
WHOLE: dict[str, Any] = {
    "cluster": "prod",
    "service": "web",
    "container": "web",
    "subnets": ["subnet-0a1b", "subnet-2c3d"],
    "security_groups": ["sg-0a1b"],
    "assign_public_ip": True,
    "capacity": ["FARGATE_SPOT", "FARGATE"],
    "execution_role": ROLE,
    "task_role": ROLE,
    "log_group": "/shop/tasks",
    "keep_entrypoint": True,
    "user": "1000:1000",
    "mounts": ["/srv/shop:/srv", "shop-data:/data:rw", "/tmp/cache"],
    "networks": ["shop_default", "shop_backend"],
    "queue_timeout": 600.0,
    "secrets": {"PASSWORD": SECRET, "TOKEN": PARAMETER},
}


def created(**fields: Any) -> AppView:
    return AppView.of(read(CreateApp, {"name": "shop", **fields}).app(NOON, "alice"))


def test_what_is_given_is_kept_and_shown() -> None:
    shown = created(**WHOLE).model_dump(mode="json")

    assert {name: shown[name] for name in WHOLE} == WHOLE


def test_null_puts_a_field_back() -> None:
    nothing = dict.fromkeys(WHOLE.keys() - {"secrets"}) | {"secrets": dict.fromkeys(WHOLE["secrets"])}

    changed = read(ChangeApp, nothing).applied_to(an_app(**WHOLE), NOON, "alice")

    assert changed == an_app()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"cluster": "no spaces"}, "cluster"),
        ({"service": "web"}, "cluster"),
        ({"cluster": "prod", "container": "web"}, "service"),
        ({"subnets": ["vpc-1"]}, "subnets.0"),
        ({"subnets": [f"subnet-{n}" for n in range(17)]}, "subnets"),
        ({"security_groups": ["web"]}, "security_groups.0"),
        ({"capacity": ["EC2", "FARGATE"]}, "capacity"),
        ({"execution_role": "shop"}, "execution_role"),
        ({"image": "Shop"}, "image"),
        ({"user": "a b"}, "user"),
        ({"mounts": ["data"]}, "mounts.0"),
        ({"mounts": ["a:/data", "b:/data/"]}, "mounts"),
        ({"mounts": [f"/d{n}" for n in range(21)]}, "mounts"),
        ({"networks": ["a", "b/c"]}, "networks.1"),
        ({"networks": ["host", "shop_default"]}, "networks"),
        ({"networks": ["a", "a"]}, "networks"),
        ({"task_role": "arn:aws:iam::1:user/x"}, "task_role"),
        ({"log_group": "a group"}, "log_group"),
        ({"queue_timeout": -1.0}, "queue_timeout"),
        ({"queue_timeout": 200_000.0}, "queue_timeout"),
        ({"secrets": {"TOKEN": "hunter2"}}, "secrets.TOKEN"),
        ({"secrets": {"TAPIT_TOKEN": SECRET}}, "secrets"),
        ({"secrets": {"TOKEN": SECRET}, "environment": {"TOKEN": "x"}}, "secrets"),
    ],
)
def test_what_cannot_be_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        created(**fields)
    assert any(name.startswith(named) for name in refusal.value.fields), refusal.value.fields
    assert "hunter2" not in str(refusal.value)
