"""Subscriptions over HTTP on AWS: the API writes secrets and reads none."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_adapters.aws_home import AwsHome, aws_home

PATH = "/apps/shop/subscriptions"
URL = "https://hooks.example.org/tapit"


@pytest.fixture
def home() -> Iterator[AwsHome]:
    with aws_home() as home:
        yield home


def parameters(home: AwsHome) -> list[str]:
    found = home.clients["ssm"].get_parameters_by_path(Path="/tapit/test/webhooks/")
    return [each["Name"] for each in found["Parameters"]]


def secrets(home: AwsHome, subscription_id: str) -> list[str]:
    """Return what signs now, the newest first."""
    services = home.services()
    (found,) = (each for each in services.subscriptions.list("shop") if each.id == subscription_id)
    return list(services.secrets.read(found.id, found.secrets_at(services.clock.now())))


def test_the_api_never_reads_a_secret(home: AwsHome) -> None:
    created = home.ask("POST", PATH, {"url": URL, "name": "mine"})
    rotated = home.ask("POST", f"{PATH}/mine/rotate")
    home.ask("GET", f"{PATH}/mine")
    home.ask("PATCH", f"{PATH}/mine", {"events": ["failed"]})
    home.ask("DELETE", f"{PATH}/mine")

    about_secrets = {name: times for name, times in home.requests.items() if name.startswith("ssm.")}
    assert about_secrets == {"ssm.PutParameter": 2, "ssm.DeleteParameter": 1}
    assert created["secret"] != rotated["secret"]


def test_a_secret_lies_in_parameter_store_and_in_no_item(home: AwsHome) -> None:
    created = home.ask("POST", PATH, {"url": URL})

    assert parameters(home) == [f"/tapit/test/webhooks/{created['id']}"]
    items = str(home.clients["dynamodb"].scan(TableName="tapit-test")["Items"])
    assert created["id"] in items
    assert created["secret"] not in items


def test_after_a_rotation_both_secrets_sign(home: AwsHome) -> None:
    created = home.ask("POST", PATH, {"url": URL, "name": "mine"})

    rotated = home.ask("POST", f"{PATH}/mine/rotate")

    assert secrets(home, created["id"]) == [rotated["secret"], created["secret"]]


def test_a_refused_one_leaves_nothing_behind(home: AwsHome) -> None:
    home.ask("POST", PATH, {"url": URL, "name": "mine"})

    refused: list[tuple[Any, int]] = [
        ({"url": URL, "name": "mine"}, 409),
        ({"url": "http://10.0.0.1/"}, 400),
        ({"url": URL, "events": ["nope"]}, 400),
    ]
    for body, status in refused:
        assert home.answer("POST", PATH, body).status == status
    assert home.answer("POST", "/apps/nope/subscriptions", {"url": URL}).status == 404
    assert len(parameters(home)) == 1
    assert home.requests["ssm.PutParameter"] == 1


def test_an_app_takes_its_subscriptions_and_their_secrets_with_it(home: AwsHome) -> None:
    for name in "ab":
        home.ask("POST", PATH, {"url": URL, "name": name})

    home.ask("DELETE", "/apps/shop")

    assert parameters(home) == []
    assert home.services().subscriptions.list("shop") == []
