"""Tokens on AWS: over API Gateway's events, on DynamoDB, with functions that each remember for themselves."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.builders import NOON
from tests.dynamodb_table import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def home(clock: SetClock) -> Iterator[AwsHome]:
    with aws_home(clock) as made:
        yield made


def status(home: AwsHome, path: str, token: str, function: str = "api_handler") -> int:
    return home.answer("GET", path, function=function, Authorization=f"Bearer {token}").status


def test_a_token_is_made_used_listed_and_deleted(home: AwsHome, clock: SetClock) -> None:
    made = home.ask("POST", "/tokens", {"name": "ci", "role": "viewer", "apps": ["shop"], "expires_in": 3600})
    token = made["token"]

    assert status(home, "/apps/shop", token) == 200
    assert status(home, "/apps/blog", token) == 404
    assert status(home, "/tokens", token) == 403
    listed = {each["name"]: each for each in home.ask("GET", "/tokens")["items"]}
    assert set(listed) == {"alice", "ci"}
    assert (listed["ci"]["created_by"], listed["ci"]["last_used_at"]) == ("alice", "2026-11-24T12:00:00.000Z")

    home.ask("DELETE", "/tokens/ci")
    assert status(home, "/apps/shop", token) == 401
    assert [each["name"] for each in home.ask("GET", "/tokens")["items"]] == ["alice"]


@pytest.mark.parametrize("names", [("Authorization",), ("Authorization", "authorization")])
def test_of_two_tokens_none_is_chosen(home: AwsHome, names: tuple[str, ...]) -> None:
    """API Gateway tells of all values of a header, and of one of them."""
    good = f"Bearer {home.ask('POST', '/tokens', {'name': 'ci', 'role': 'viewer'})['token']}"
    several = [good, "Bearer x"] if len(names) == 1 else [good]

    status, said = home.get("/apps", {names[-1]: good}, dict.fromkeys(names, several))

    assert (status, said["Code"]) == (400, "InvalidRequest")
    assert "2 Authorization headers" in said["Message"]
    assert home.get("/apps", {names[0]: good}, {names[0]: [good]})[0] == 200


def test_a_deleted_token_is_refused_by_every_instance_within_30_seconds(
    home: AwsHome, clock: SetClock
) -> None:
    token = home.ask("POST", "/tokens", {"name": "ci", "role": "viewer"})["token"]
    assert status(home, "/apps", token, "another instance") == 200

    home.ask("DELETE", "/tokens/ci")
    clock.time = NOON + timedelta(seconds=30)

    assert status(home, "/apps", token, "another instance") == 401


def test_a_token_expires_on_time_though_it_is_remembered(home: AwsHome, clock: SetClock) -> None:
    token = home.ask("POST", "/tokens", {"name": "ci", "role": "viewer", "expires_in": 60})["token"]
    clock.time = NOON + timedelta(seconds=59)
    assert status(home, "/apps", token) == 200

    clock.time = NOON + timedelta(seconds=60)

    assert status(home, "/apps", token) == 401


def test_a_check_costs_one_read_and_a_use_one_write_an_hour(home: AwsHome, clock: SetClock) -> None:
    token = home.ask("POST", "/tokens", {"name": "ci", "role": "viewer"})["token"]
    home.requests.clear()
    status(home, "/whoami", token)
    assert home.requests == {"dynamodb.GetItem": 2, "dynamodb.PutItem": 1}

    for seconds in (10, 20, 40):
        clock.time = NOON + timedelta(seconds=seconds)
        status(home, "/whoami", token)

    assert home.requests == {"dynamodb.GetItem": 3, "dynamodb.PutItem": 1}
