"""Secrets of webhooks in Parameter Store: encrypted, asked for once, and AWS's refusals in our words."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.adapters.ssm_secrets import SsmWebhookSecrets
from chalicelib.domain.errors import NotDone, RefusedForGood, RefusedForNow, Unanswered
from tests.aws_clients import client_of


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield client_of("ssm")


def test_a_secret_is_encrypted_and_found_by_the_stage_and_the_subscription(client: Any) -> None:
    SsmWebhookSecrets(client, "prod").add("1jd3m8k7x2qs", "whsec_a")

    name = "/tapit/prod/webhooks/1jd3m8k7x2qs"
    found = client.get_parameter(Name=name)["Parameter"]
    assert found["Type"] == "SecureString"
    assert found["Value"] != "whsec_a"
    assert client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "whsec_a"


def test_each_version_is_asked_for_once(client: Any) -> None:
    asked: list[Any] = []
    client.meta.events.register(
        "provide-client-params.ssm.GetParameters", lambda params, **_: asked.append(params["Names"])
    )
    secrets = SsmWebhookSecrets(client, "prod")
    first, second = secrets.add("one", "whsec_a"), secrets.add("one", "whsec_b")

    for _ in range(3):
        assert secrets.read("one", [second, first]) == ["whsec_b", "whsec_a"]
    third = secrets.add("one", "whsec_c")
    assert secrets.read("one", [third, second]) == ["whsec_c", "whsec_b"]

    names = ["/tapit/prod/webhooks/one:2", "/tapit/prod/webhooks/one:1", "/tapit/prod/webhooks/one:3"]
    assert asked == [names[:2], names[2:]]


class Refusing:
    """A client whose every call is answered alike."""

    def __init__(self, code: str, status: int) -> None:
        self._code = code
        self._status = status

    def __getattr__(self, _name: str) -> Any:
        def call(**_: Any) -> Any:
            error = {
                "Error": {"Code": self._code, "Message": "said"},
                "ResponseMetadata": {"HTTPStatusCode": self._status},
            }
            raise ClientError(error, "Call")

        return call


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 400, RefusedForNow),
        ("TooManyUpdates", 400, RefusedForNow),
        ("InternalServerError", 500, Unanswered),
        ("AccessDeniedException", 400, RefusedForGood),
        ("ParameterLimitExceeded", 400, RefusedForGood),
    ],
)
def test_refusals_are_told_in_our_words(code: str, status: int, kind: type[NotDone]) -> None:
    secrets = SsmWebhookSecrets(Refusing(code, status), "prod")

    for act in (
        lambda: secrets.add("one", "whsec_a"),
        lambda: secrets.read("one", [1]),
        lambda: secrets.remove("one"),
    ):
        with pytest.raises(kind) as refused:
            act()
        assert "whsec_a" not in str(refused.value)
