"""What every keeper of webhooks' secrets promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from chalicelib.adapters.ssm_secrets import SsmWebhookSecrets
from chalicelib.ports import WebhookSecrets
from local.store.database import Database
from local.store.webhook_secrets import SqliteWebhookSecrets
from tests.aws_clients import client_of


@pytest.fixture(params=["sqlite", "ssm"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WebhookSecrets]:
    if request.param == "ssm":
        with mock_aws():
            yield SsmWebhookSecrets(client_of("ssm"), "test")
        return
    database = Database(tmp_path / "tapit.db")
    yield SqliteWebhookSecrets(database)
    database.close()


def test_each_version_is_read_as_it_was_added(secrets: WebhookSecrets) -> None:
    first, second = secrets.add("one", "whsec_a"), secrets.add("one", "whsec_b")

    assert first < second
    assert secrets.read("one", [second, first]) == ["whsec_b", "whsec_a"]
    assert secrets.read("one", [first]) == ["whsec_a"]


def test_each_subscription_has_its_own(secrets: WebhookSecrets) -> None:
    one, other = secrets.add("one", "whsec_a"), secrets.add("other", "whsec_b")

    assert secrets.read("one", [one]) == ["whsec_a"]
    assert secrets.read("other", [other]) == ["whsec_b"]


def test_what_is_not_there_is_left_out(secrets: WebhookSecrets) -> None:
    version = secrets.add("one", "whsec_a")

    assert secrets.read("one", [version + 1, version]) == ["whsec_a"]
    assert secrets.read("other", [version]) == []
    assert secrets.read("one", []) == []


def test_what_was_removed_is_gone_and_may_be_removed_again(secrets: WebhookSecrets) -> None:
    version = secrets.add("one", "whsec_a")

    secrets.remove("one")
    secrets.remove("one")

    assert secrets.read("one", [version]) == []


def test_after_very_many_the_last_ones_are_there(secrets: WebhookSecrets) -> None:
    versions = [secrets.add("one", f"whsec_{number}") for number in range(120)]

    assert secrets.read("one", [versions[-1], versions[-2]]) == ["whsec_119", "whsec_118"]
