"""Which AWS identity a trust is for."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.token import Role
from chalicelib.domain.trust import Trust, principal_of, problem_of_arn, trust_for
from tests.builders import NOON

ACCOUNT = "arn:aws:iam::123456789012"
names = st.text("abcdefXYZ019+=,.@_-", min_size=1, max_size=12)
patterns = st.text("abcXYZ01+=,.@_-*", min_size=1, max_size=12)


def a_trust(arn: str, **changes: Any) -> Trust:
    fields = {"id": "secret", "name": "t", "role": Role.VIEWER, "created_at": NOON, "created_by": "alice"}
    return Trust.model_validate(fields | {"arn": arn} | changes)


@pytest.mark.parametrize(
    ("said", "principal"),
    [
        ("arn:aws:sts::123456789012:assumed-role/deploy/alice@example.com", f"{ACCOUNT}:role/deploy"),
        ("arn:aws-cn:sts::123456789012:assumed-role/deploy/i-0", "arn:aws-cn:iam::123456789012:role/deploy"),
        (f"{ACCOUNT}:user/alice", f"{ACCOUNT}:user/alice"),
        (f"{ACCOUNT}:user/team/alice", f"{ACCOUNT}:user/team/alice"),
        (f"{ACCOUNT}:root", None),
        (f"{ACCOUNT}:role/deploy", None),
        ("arn:aws:sts::123456789012:federated-user/alice", None),
        ("arn:aws:sts::123456789012:assumed-role/deploy", None),
        ("arn:aws:sts::123456789012:assumed-role/deploy/alice/more", None),
        ("arn:aws:sts::123456789012:assumed-role/deploy/alice\n", None),
        ("arn:aws:sts::1234:assumed-role/deploy/alice", None),
        ("", None),
    ],
)
def test_whom_sts_means(said: str, principal: str | None) -> None:
    assert principal_of(said) == principal


@pytest.mark.parametrize(
    ("arn", "principal", "covers"),
    [
        ("role/deploy", "role/deploy", True),
        ("role/deploy", "role/deploy-shop", False),
        ("role/deploy", "role/Deploy", False),
        ("role/deploy-*", "role/deploy-shop", True),
        ("role/*", "role/anything", True),
        ("role/*-shop-*", "role/a-shop-b", True),
        ("role/*", "user/alice", False),
        ("user/*", "user/alice", True),
        ("user/*", "user/team/alice", False),
        ("user/team/*", "user/team/alice", True),
        ("user/team/*", "user/team/more/alice", False),
        ("user/*/alice", "user/team/alice", True),
    ],
)
def test_a_star_is_any_characters_of_a_name_and_goes_past_no_slash(
    arn: str, principal: str, *, covers: bool
) -> None:
    assert a_trust(f"{ACCOUNT}:{arn}").covers(f"{ACCOUNT}:{principal}") is covers


@given(patterns, names)
def test_a_trust_is_for_its_own_account_and_partition_alone(pattern: str, name: str) -> None:
    trust = a_trust(f"{ACCOUNT}:role/{pattern}")

    assert not trust.covers(f"arn:aws:iam::123456789013:role/{name}")
    assert not trust.covers(f"arn:aws-cn:iam::123456789012:role/{name}")


@given(st.lists(names, min_size=2, max_size=4))
def test_whatever_stands_for_a_star_is_covered(parts: list[str]) -> None:
    trust = a_trust(f"{ACCOUNT}:role/{parts[0]}*{parts[-1]}")

    assert trust.covers(f"{ACCOUNT}:role/{''.join(parts)}")


@pytest.mark.parametrize(
    "arn",
    ["role/deploy", "role/deploy-*", "role/*", "user/alice", "user/team/alice", "user/*", "role/a+=,.@_-b"],
)
def test_what_can_be_trusted(arn: str) -> None:
    assert problem_of_arn(f"{ACCOUNT}:{arn}") is None


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        (f"{ACCOUNT}:role/team/deploy", f"write {ACCOUNT}:role/deploy"),
        (f"{ACCOUNT}:role/team/*", "each role's name"),
        (f"{ACCOUNT}:role/team/deploy-*", "each role's name"),
        ("arn:aws:sts::123456789012:assumed-role/deploy/alice", f"trust the role: {ACCOUNT}:role/deploy"),
        ("arn:aws:iam::*:role/deploy", "is not the ARN"),
        ("arn:aws:iam::12345678901*:role/deploy", "is not the ARN"),
        ("arn:*:iam::123456789012:role/deploy", "is not the ARN"),
        (f"{ACCOUNT}:*", "is not the ARN"),
        (f"{ACCOUNT}:r*/deploy", "is not the ARN"),
        (f"{ACCOUNT}:root", "is not the ARN"),
        (f"{ACCOUNT}:role/", "is not the ARN"),
        (f"{ACCOUNT}:role/a[b]?", "is not the ARN"),
        (f"{ACCOUNT}:role/deploy\n", "is not the ARN"),
        ("*", "is not the ARN"),
    ],
)
def test_what_cannot_be_trusted_is_told_and_what_can_instead(arn: str, words: str) -> None:
    assert words in (problem_of_arn(arn) or "")


@given(st.text())
def test_any_text_is_judged(arn: str) -> None:
    assert (problem_of_arn(arn) is None) <= arn.startswith("arn:aws")


def test_a_trust_that_is_over_lets_nobody_in() -> None:
    over = a_trust(f"{ACCOUNT}:role/deploy", expires_at=NOON)

    assert trust_for(f"{ACCOUNT}:role/deploy", [over], NOON) is None
    assert trust_for(f"{ACCOUNT}:role/deploy", [over], NOON - timedelta(seconds=1)) is over


def test_of_equally_exact_trusts_the_first_by_name_counts() -> None:
    later, first = (a_trust(f"{ACCOUNT}:role/d*", name=name) for name in ("b", "a"))

    assert trust_for(f"{ACCOUNT}:role/deploy", [later, first], NOON) is first


def test_whoever_signs_in_has_an_hour_and_no_longer_than_the_trust() -> None:
    forever, short = a_trust("x"), a_trust("x", expires_at=NOON + timedelta(minutes=5))

    assert (forever.until(NOON) - NOON, short.until(NOON) - NOON) == (
        timedelta(hours=1),
        timedelta(minutes=5),
    )
