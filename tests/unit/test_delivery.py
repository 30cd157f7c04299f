"""When a delivery is tried again, and when it is over."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.delivery import JITTER, OVER_AFTER, WAITS, Answer, Delivery, State
from tests.builders import NOON, a_delivery

JITTERS = st.floats(-1, 1)
FAILURES = st.one_of(
    st.builds(
        Answer,
        status=st.sampled_from([301, 404, 429, 500, 503]),
        seconds=st.floats(0, 10),
        retry_after=st.none() | st.floats(0, 1e12),
    ),
    st.builds(Answer, problem=st.just("no answer within 10 s"), seconds=st.just(10.0)),
)
OK, ERROR, GONE = (Answer(status=status, seconds=0.1) for status in (204, 500, 410))


def _tried(
    delivery: Delivery, answers: list[Answer], jitters: list[float]
) -> list[tuple[datetime, Delivery]]:
    """Return each try's time and what came of it, until it is over."""
    tried = []
    for answer, jitter in zip(answers, jitters, strict=True):
        if delivery.due_at is None:
            break
        now = delivery.due_at + timedelta(seconds=answer.seconds)
        delivery = delivery.after(answer, now, jitter)
        tried.append((now, delivery))
    return tried


MANY = len(WAITS) + 5


@given(st.lists(FAILURES, min_size=MANY, max_size=MANY), st.lists(JITTERS, min_size=MANY, max_size=MANY))
def test_whatever_a_receiver_answers_it_is_over_within_a_day(
    answers: list[Answer], jitters: list[float]
) -> None:
    tried = _tried(a_delivery(), answers, jitters)

    last, delivery = tried[-1]
    assert delivery.state is State.FAILED
    assert delivery.due_at is None
    assert last <= NOON + OVER_AFTER + timedelta(seconds=10)


@given(st.lists(FAILURES, min_size=MANY, max_size=MANY), st.lists(JITTERS, min_size=MANY, max_size=MANY))
def test_nothing_is_tried_before_the_receiver_asked_for_it_within_the_day(
    answers: list[Answer], jitters: list[float]
) -> None:
    for now, delivery in _tried(a_delivery(), answers, jitters):
        assert delivery.answer is not None
        asked = delivery.answer.retry_after
        if delivery.due_at is not None and asked is not None and asked <= OVER_AFTER.total_seconds():
            end = (NOON + OVER_AFTER - now).total_seconds()
            # Times have whole microseconds.
            assert (delivery.due_at - now).total_seconds() >= min(asked, end) - 1e-6


@given(st.lists(FAILURES, min_size=len(WAITS), max_size=len(WAITS)), JITTERS)
def test_no_answer_ends_it_that_a_receiver_gives_in_the_first_minutes(
    answers: list[Answer], jitter: float
) -> None:
    (_, first), *_ = _tried(a_delivery(), answers[:1], [jitter])

    assert first.state is State.WAITING


@given(st.lists(JITTERS, min_size=len(WAITS), max_size=len(WAITS)))
def test_the_waits_are_those_promised_give_or_take_a_fifth(jitters: list[float]) -> None:
    tried = _tried(a_delivery(), [ERROR] * len(WAITS), jitters)

    assert len(tried) == len(WAITS)
    for wait, (now, delivery) in zip(WAITS, tried, strict=True):
        assert delivery.due_at is not None
        assert abs(delivery.due_at - now - wait) <= JITTER * wait + timedelta(microseconds=1)


def test_without_jitter_it_is_tried_nine_times() -> None:
    tried = _tried(a_delivery(), [ERROR] * MANY, [0.0] * MANY)

    assert len(tried) == 9
    assert [round((delivery.due_at - now).total_seconds()) for now, delivery in tried if delivery.due_at] == [
        5, 30, 120, 600, 1800, 7200, 18000, 36000,
    ]  # fmt: skip


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_an_answer_of_success_ends_it(status: int) -> None:
    delivered = a_delivery().after(Answer(status=status, seconds=0.1), NOON, 0)

    assert (delivered.state, delivered.due_at, delivered.tries) == (State.DELIVERED, None, 1)
    assert delivered.last_at == NOON


@pytest.mark.parametrize("status", [100, 300, 301, 307, 400, 404, 429, 500, 599])
def test_every_other_answer_is_a_failure_that_is_tried_again(status: int) -> None:
    tried = a_delivery().after(Answer(status=status, seconds=0.1), NOON, 0)

    assert (tried.state, tried.due_at) == (State.WAITING, NOON + timedelta(seconds=5))


def test_an_address_that_is_gone_is_not_tried_again() -> None:
    assert a_delivery().after(GONE, NOON, 0).state is State.FAILED


def _busy(asked: float) -> Answer:
    return Answer(status=429, seconds=0.1, retry_after=asked)


@pytest.mark.parametrize("asked", [23 * 3600, 86_399, 86_400])
def test_who_asks_for_a_day_is_tried_once_more_when_it_is_over(asked: float) -> None:
    now = NOON + timedelta(hours=1)

    waiting = a_delivery().after(_busy(asked), now, 0)

    assert (waiting.state, waiting.due_at) == (State.WAITING, NOON + OVER_AFTER)
    assert waiting.after(_busy(asked), NOON + OVER_AFTER, 0).state is State.FAILED


@pytest.mark.parametrize("asked", [86_401, 1e12, float("inf")])
def test_who_asks_for_more_than_a_day_is_tried_as_anybody_else(asked: float) -> None:
    waiting = a_delivery().after(_busy(asked), NOON, 0)

    assert (waiting.state, waiting.due_at) == (State.WAITING, NOON + WAITS[0])


def test_a_success_counts_however_late_it_is() -> None:
    assert a_delivery().after(OK, NOON + timedelta(days=3), 0).state is State.DELIVERED


def test_of_what_was_said_only_the_beginning_is_kept() -> None:
    assert Answer(status=500, seconds=1, text="x" * 70_000).text == "x" * 200
