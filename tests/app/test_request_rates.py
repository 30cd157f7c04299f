"""A token that asks too often is told when it may ask again; nobody else is held up for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.token_rates import KEPT_AT_MOST, TokenRates
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.request_rate import RequestRate
from chalicelib.domain.token import Token
from chalicelib.ports import Services
from chalicelib.wiring import running_on
from local.home import RATE
from tests.builders import NOON
from tests.dynamodb_table import SetClock
from tests.home_in_process import HomeInProcess

ONE_EVERY_TWO_SECONDS = RequestRate(per_second=0.5, at_once=2)


def a_token(home: HomeInProcess, name: str) -> str:
    return str(home.ask("POST", "/tokens", {"name": name, "role": "viewer"}).json["token"])


def ask_often(services: Services, token: Token) -> None:
    for _ in range(3 * RATE.at_once):
        services.admit(token)


def a_known_token(number: int = 0) -> Token:
    return Token(id=f"{number:08}", name="ci", secret_sha256="0" * 64)


def test_a_token_that_asks_too_often_is_told_when_to_ask_again(inside: HomeInProcess) -> None:
    clock = SetClock(NOON)
    busy, calm = a_token(inside, "busy"), a_token(inside, "calm")
    slow = replace(inside.services, admit=TokenRates(clock, ONE_EVERY_TWO_SECONDS).admit)

    def ask(token: str) -> tuple[int, str | None]:
        answer = inside.ask("GET", "/apps", headers={"Authorization": f"Bearer {token}"})
        return answer.status, answer.headers.get("retry-after")

    with running_on(slow):
        assert [ask(busy), ask(busy), ask(busy), ask(calm)] == [
            (200, None),
            (200, None),
            (429, "2"),
            (200, None),
        ]
        clock.time += timedelta(seconds=2)
        assert [ask(busy), ask(busy)] == [(200, None), (429, "2")]


def test_the_refusal_says_whose_token_and_what_to_do(inside: HomeInProcess) -> None:
    token = a_token(inside, "eager")
    rates = TokenRates(SetClock(NOON), RequestRate(per_second=0.5, at_once=1))
    with running_on(replace(inside.services, admit=rates.admit)):
        _, refused = [
            inside.ask("GET", "/whoami", headers={"Authorization": f"Bearer {token}"}) for _ in range(2)
        ]

    assert refused.json == {
        "Code": "TooManyRequests",
        "Message": "Token eager asks too often: more than 0.5 times a second.",
        "Hint": "Ask again in 2 s, and less often.",
    }


def test_who_shows_no_good_token_uses_up_nobodys(inside: HomeInProcess) -> None:
    """An id is no secret: it stands in lists."""
    token = a_token(inside, "framed")
    wrong = token[:-1] + ("b" if token.endswith("a") else "a")
    rates = TokenRates(SetClock(NOON), RequestRate(per_second=1, at_once=1))
    with running_on(replace(inside.services, admit=rates.admit)):
        for _ in range(3):
            assert inside.ask("GET", "/apps", headers={"Authorization": f"Bearer {wrong}"}).status == 401
        assert inside.ask("GET", "/apps", headers={"Authorization": f"Bearer {token}"}).status == 200


def test_of_more_tokens_than_are_kept_none_is_refused_for_the_others() -> None:
    rates = TokenRates(SetClock(NOON), RequestRate(per_second=1, at_once=1))

    for number in range(KEPT_AT_MOST + 5):
        rates.admit(a_known_token(number))


def test_on_one_machine_a_token_is_bounded_and_the_owners_is_not(inside: HomeInProcess) -> None:
    owner = inside.services.tokens.find(inside.token.split("_")[1])
    assert owner is not None
    ask_often(inside.services, owner)

    with pytest.raises(TooManyRequests):
        ask_often(inside.services, a_known_token())
