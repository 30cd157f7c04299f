"""The proof of an AWS identity: whatever comes is refused in words, and what passes is made anew."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.aws_proof import Proof, read_proof
from chalicelib.domain.errors import InvalidRequest
from tests.aws_clients import REGION
from tests.sts import HOST, presigned

KEYS = ReadOnlyCredentials(
    "AKIDEXAMPLEEXAMPLE00", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZXIv+/x=="
)
GOOD = presigned(KEYS, home="tapit.example.com", at=datetime(2026, 11, 24, 8, tzinfo=UTC))


def read(url: str) -> Proof | None:
    try:
        return read_proof(url)
    except InvalidRequest:
        return None


def test_a_good_one_is_made_anew_of_its_parts() -> None:
    proof = read_proof(GOOD)

    assert (proof.host, proof.region, proof.signed_at) == (
        HOST,
        REGION,
        datetime(2026, 11, 24, 8, tzinfo=UTC),
    )
    assert dict(parse_qsl(urlsplit(proof.target).query)) == dict(parse_qsl(urlsplit(GOOD).query))


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert read(text) is None


@given(st.integers(0, len(GOOD)), st.text(max_size=4), st.integers(0, 4))
def test_whatever_is_changed_asks_for_nothing_else(at: int, put: str, cut: int) -> None:
    """One line, to the same action, with the same parameters."""
    proof = read(GOOD[:at] + put + GOOD[at + cut :])

    if proof is not None:
        query = dict(parse_qsl(urlsplit(proof.target).query))
        assert (query["Action"], query["X-Amz-SignedHeaders"]) == ("GetCallerIdentity", "host;x-tapit-home")
        assert query.keys() - {"X-Amz-Security-Token"} == dict(parse_qsl(urlsplit(GOOD).query)).keys() - {
            "X-Amz-Security-Token"
        }
        assert proof.target.startswith("/?")
        assert proof.target.isascii()
        assert proof.target.isprintable()
        assert " " not in proof.target


@pytest.mark.parametrize(
    "url", ["https://[", "https://[::1", "https://sts\x00/?a=b", f"https://{'x' * 9000}/?a=b"]
)
def test_odd_addresses_are_refused(url: str) -> None:
    assert read(url) is None
