"""What is signed for a home is what botocore would sign, and goes with that home alone."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st
from tapit.errors import UsageError
from tapit.home.aws_credentials import Credentials
from tapit.home.aws_proof import name_of_home, presigned

from chalicelib.domain.aws_proof import read_proof
from tests import sts

REGIONS = ("us-east-1", "eu-central-1", "ap-southeast-4", "us-gov-west-1", "cn-north-1", "il-central-1")
ids = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=128)
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
tokens = st.none() | st.text("abcXYZ019+/=_-", min_size=1, max_size=400)
homes = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,40}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,12}){0,2}", fullmatch=True)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(ids, secrets, tokens, st.sampled_from(REGIONS), homes, moments)
def test_it_is_signed_as_botocore_signs_it(
    key_id: str, secret: str, token: str | None, region: str, home: str, at: datetime
) -> None:
    ours = presigned(Credentials(key_id, secret, token), region, home, at)

    theirs = sts.presigned(
        ReadOnlyCredentials(key_id, secret, token),
        home=home,
        at=at,
        host=urlsplit(ours).netloc,
        region=region,
    )
    assert dict(parse_qsl(urlsplit(ours).query)) == dict(parse_qsl(urlsplit(theirs).query))
    assert read_proof(ours).region == region


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://tapit.example.com", "tapit.example.com"),
        ("https://Tapit.Example.com/", "tapit.example.com"),
        ("https://tapit.example.com:443/dev/", "tapit.example.com/dev"),
        (
            "https://a1.execute-api.eu-west-1.amazonaws.com/api",
            "a1.execute-api.eu-west-1.amazonaws.com/api",
        ),
    ],
)
def test_a_home_is_called_as_its_gateway_calls_it(url: str, name: str) -> None:
    assert name_of_home(url) == name


def test_a_socket_is_no_home_on_aws() -> None:
    with pytest.raises(UsageError):
        name_of_home("unix:/run/tapit/socket")
