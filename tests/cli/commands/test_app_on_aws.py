"""What an app says of its place on AWS, typed at the real local home, which keeps it."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.cli.conftest import Place, Ran
from tests.home_process import HomeProcess

ON_AWS = {
    "cluster=prod": ("cluster", "prod"),
    "service=web": ("service", "web"),
    "container=django": ("container", "django"),
    "sidecars=pgbouncer,init": ("sidecars", ["pgbouncer", "init"]),
    "subnets=subnet-1, subnet-2": ("subnets", ["subnet-1", "subnet-2"]),
    "security_groups=sg-1": ("security_groups", ["sg-1"]),
    "assign_public_ip=no": ("assign_public_ip", False),
    "capacity=FARGATE,FARGATE_SPOT": ("capacity", ["FARGATE", "FARGATE_SPOT"]),
    "execution_role=arn:aws:iam::123456789012:role/pull": (
        "execution_role",
        "arn:aws:iam::123456789012:role/pull",
    ),
    "task_role=arn:aws:iam::123456789012:role/shop": ("task_role", "arn:aws:iam::123456789012:role/shop"),
    "log_group=/ecs/shop": ("log_group", "/ecs/shop"),
    "keep_entrypoint=yes": ("keep_entrypoint", True),
    "queue_timeout=10m": ("queue_timeout", 600),
}
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop"


@pytest.fixture
def new_app(home: HomeProcess, place: Place) -> str:
    """A name that nobody has yet."""
    place.env |= {"TAPIT_URL": home.url, "TAPIT_TOKEN": home.token}
    return f"shop-{uuid4().hex[:8]}"


def app_of(ran: Ran) -> dict[str, Any]:
    assert ran.returncode == 0, ran.stderr
    app: dict[str, Any] = json.loads(ran.stdout)
    return app


def test_every_key_about_aws_is_kept_and_can_be_put_back(place: Place, new_app: str) -> None:
    place.run("create", "app", f"name={new_app}", *ON_AWS, f"secret=A={SECRET}-a", f"secret=B={SECRET}-b")

    kept = app_of(place.run("show", "app", new_app))

    assert {field: kept[field] for field, _ in ON_AWS.values()} == dict(ON_AWS.values())
    assert kept["secrets"] == {"A": f"{SECRET}-a", "B": f"{SECRET}-b"}

    unset = [f"unset={field}" for field, _ in ON_AWS.values()]
    emptied = app_of(place.run("set", "app", new_app, *unset, "unset_secret=A", f"secret=C={SECRET}-c"))

    assert {field: emptied[field] for field, _ in ON_AWS.values()} == dict.fromkeys(dict(ON_AWS.values())) | {
        "sidecars": [],
        "subnets": [],
        "security_groups": [],
        "capacity": [],
        "keep_entrypoint": False,
        "queue_timeout": 3600,
    }
    assert sorted(emptied["secrets"]) == ["B", "C"]


def test_an_app_on_aws_is_shown_with_its_place(place: Place, new_app: str) -> None:
    place.run("create", "app", f"name={new_app}", *ON_AWS, f"secret=PASSWORD={SECRET}")

    block = place.run("show", "app", new_app, "-o", "table").stdout

    assert "Queueing:    waits at most 10m00s for capacity" in block
    assert "Like:        cluster prod, service web, container django" in block
    assert "Sidecars:    pgbouncer, init" in block
    assert "Network:     subnet-1, subnet-2\n             sg-1\n             no public address" in block
    assert f"Secrets:     PASSWORD from {SECRET}" in block


def test_a_home_of_plain_processes_says_that_it_has_no_use_for_sidecars(place: Place, new_app: str) -> None:
    made = place.run(
        "create", "app", f"name={new_app}", "cluster=prod", "service=web", "sidecars=pgbouncer, init"
    )

    assert made.returncode == 0
    assert "sidecars=pgbouncer,init is kept with the app, but not used" in made.stderr


def test_nothing_after_the_equals_sign_leaves_no_sidecars(place: Place, new_app: str) -> None:
    place.run("create", "app", f"name={new_app}", "cluster=prod", "service=web", "sidecars=pgbouncer")

    assert app_of(place.run("set", "app", new_app, "sidecars="))["sidecars"] == []


def test_what_only_the_home_can_judge_is_told_in_its_words(place: Place, new_app: str) -> None:
    refused = place.run("create", "app", f"name={new_app}", "cluster=prod", "service=web", "subnets=vpc-1")

    assert refused.returncode == 2
    assert "subnets" in refused.stderr


@pytest.mark.parametrize(
    ("given", "seconds"), [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600)]
)
def test_the_time_in_the_queue_is_read_in_any_unit(
    given: str, seconds: int, place: Place, new_app: str
) -> None:
    made = app_of(place.run("create", "app", f"name={new_app}", f"queue_timeout={given}"))

    assert made["queue_timeout"] == seconds
