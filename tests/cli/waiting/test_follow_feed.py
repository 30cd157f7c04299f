"""How often whoever follows a feed looks: at once where there is more, less and less where nothing is new."""

from collections.abc import Callable

import pytest
from tapit.home.choosing import ChosenHome
from tapit.home.client import Client
from tapit.waiting.follow_feed import LONGEST_REST, Following

from tests.cli.conftest import HomeThat
from tests.cli.scripted_home import Asked, Says, a_task_event

Rests = Callable[[list[int], float], list[float]]


@pytest.fixture
def rests(home_that: HomeThat) -> Rests:
    """How long it rests after each look, of which so many events are the answers."""

    def look(news: list[int], poll_after: float) -> list[float]:
        pages = iter(news)
        revision = 0

        def answer(asked: Asked) -> Says:
            nonlocal revision
            count = 0 if "tail" in asked.query else next(pages)
            revision += count
            events = [a_task_event("RUNNING", revision=revision - number) for number in range(count)]
            page = {"items": events, "next": f"c{revision}", "poll_after": poll_after}
            return Says(page, headers={"Connection": "close"})

        home = home_that(answer)
        rested: list[float] = []
        following = Following(a_client(home.url), "demo", lambda _: None, rested.append)
        for _ in news:
            following.next()
            following.rest()
        return rested

    return look


def a_client(url: str) -> Client:
    chosen = ChosenHome()
    chosen.put("url", url, "the test")
    chosen.put("token", "tpt_a_b", "the test")
    return Client(chosen)


def test_what_the_home_says_is_kept_to_while_there_is_news(rests: Rests) -> None:
    assert rests([1, 2, 1], 3.0) == [3.0] * 3
    assert rests([1, 2, 1], 0.0) == [0.0] * 3


@pytest.mark.parametrize(("poll_after", "longest"), [(3.0, LONGEST_REST), (0.0, 1.0)])
def test_in_quiet_it_looks_less_and_less_and_never_too_rarely(
    poll_after: float, longest: float, rests: Rests
) -> None:
    rested = rests([0] * 30, poll_after)

    assert rested == sorted(rested)
    assert rested[0] >= poll_after
    assert rested[0] > 0
    assert rested[-1] == pytest.approx(longest)


def test_with_the_next_news_it_is_quick_again(rests: Rests) -> None:
    *_, news, first, _ = rests([*[0] * 20, 1, 0, 0], 3.0)

    assert news == 3.0
    assert first < 5
