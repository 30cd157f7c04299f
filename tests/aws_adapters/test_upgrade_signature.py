"""The signature of a data channel's upgrade, held against one made by hand, step by step as AWS describes it.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac

import pytest
from botocore.credentials import ReadOnlyCredentials

from chalicelib.adapters import lazy_client
from chalicelib.adapters.upgrade_signature import UpgradeSignature

KEY_ID, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZXIvYXdz+//token=="
SESSION = "ecs-execute-command-0a1b2c3d4e5f6a7b8"
HOST = "ssmmessages.eu-central-1.amazonaws.com"
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of an empty body


def signed(url: str, token: str | None = TOKEN) -> dict[str, str]:
    credentials = ReadOnlyCredentials(KEY_ID, SECRET, token)
    return dict(UpgradeSignature(lambda: credentials, "eu-central-1")(url))


def signature_of(canonical_request: str, moment: str) -> str:
    scope = f"{moment[:8]}/eu-central-1/ssmmessages/aws4_request"
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}".encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (
            "role=publish_subscribe&cell-number=AAEAAb3/x==",
            "cell-number=AAEAAb3%2Fx%3D%3D&role=publish_subscribe",
        ),
        ("role=publish_subscribe&cell-number=AA+b%2Bc", "cell-number=AA%20b%2Bc&role=publish_subscribe"),
        ("role=publish_subscribe&empty=", "empty=&role=publish_subscribe"),
    ],
    ids=["base64", "a plus is a space", "empty"],
)
def test_the_query_is_decoded_and_encoded_anew_before_it_is_signed(written: str, canonical: str) -> None:
    headers = signed(f"wss://{HOST}/v1/data-channel/{SESSION}?{written}")

    moment = headers["X-Amz-Date"]
    request = (
        f"GET\n/v1/data-channel/{SESSION}\n{canonical}\n"
        f"host:{HOST}\nx-amz-date:{moment}\nx-amz-security-token:{TOKEN}\n\n"
        f"host;x-amz-date;x-amz-security-token\n{NOTHING}"
    )
    assert headers["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{moment[:8]}/eu-central-1/ssmmessages/aws4_request, "
        f"SignedHeaders=host;x-amz-date;x-amz-security-token, Signature={signature_of(request, moment)}"
    )


def test_what_a_client_gets_is_what_it_has_to_send_and_no_secret() -> None:
    headers = signed(f"wss://{HOST}/v1/data-channel/{SESSION}?role=publish_subscribe")

    assert set(headers) == {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"}
    assert headers["X-Amz-Security-Token"] == TOKEN
    assert SECRET not in str(headers)


def test_keys_without_a_token_need_no_header_for_one() -> None:
    headers = signed(f"wss://{HOST}/v1/data-channel/{SESSION}?role=publish_subscribe", token=None)

    assert set(headers) == {"Authorization", "X-Amz-Date"}
    assert "SignedHeaders=host;x-amz-date," in headers["Authorization"]


def test_a_port_is_signed_as_a_client_names_its_host() -> None:
    url = f"ws://127.0.0.1:4566/v1/data-channel/{SESSION}?role=publish_subscribe"

    headers = signed(url, token=None)

    moment = headers["X-Amz-Date"]
    request = (
        f"GET\n/v1/data-channel/{SESSION}\nrole=publish_subscribe\n"
        f"host:127.0.0.1:4566\nx-amz-date:{moment}\n\nhost;x-amz-date\n{NOTHING}"
    )
    assert headers["Authorization"].endswith(signature_of(request, moment))


def test_an_address_that_is_signed_already_needs_no_header() -> None:
    assert signed(f"wss://{HOST}/v1/data-channel/{SESSION}?role=x&X-Amz-Signature=abc") == {}


def test_the_functions_own_credentials_are_read_when_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    sign = UpgradeSignature(lazy_client.credentials, "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLATER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    headers = sign(f"wss://{HOST}/v1/data-channel/{SESSION}?role=publish_subscribe")

    assert "Credential=AKIDLATER/" in headers["Authorization"]
