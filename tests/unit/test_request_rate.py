"""A token may ask at once as often as its bucket holds, and then as fast as that fills."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.request_rate import Bucket, RequestRate, take

rates = st.builds(RequestRate, per_second=st.integers(1, 100).map(float), at_once=st.integers(1, 50))
pauses = st.lists(st.floats(0, 5), max_size=200)


@given(rates, pauses)
def test_never_are_more_let_through_than_a_full_bucket_and_what_came_in_since(
    rate: RequestRate, waited: list[float]
) -> None:
    bucket: Bucket | None = None
    now, passed = 0.0, 0
    for seconds in waited:
        now += seconds
        bucket, wait = take(bucket, rate, now)
        passed += wait == 0
        assert passed <= rate.at_once + rate.per_second * now + 1e-6


@given(rates, pauses)
def test_whoever_waits_as_long_as_told_is_let_through(rate: RequestRate, waited: list[float]) -> None:
    bucket: Bucket | None = None
    now = 0.0
    for seconds in waited:
        now += seconds
        bucket, wait = take(bucket, rate, now)
        assert wait == 0 or take(bucket, rate, now + wait + 1e-6)[1] == 0


@given(rates, st.floats(0, 1000))
def test_whoever_asks_no_faster_than_the_rate_is_never_refused(rate: RequestRate, start: float) -> None:
    bucket: Bucket | None = None
    for number in range(3 * rate.at_once):
        bucket, wait = take(bucket, rate, start + number * (1 / rate.per_second + 1e-6))
        assert wait == 0


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    bucket, _ = take(None, RequestRate(1, 2), 100.0)

    assert take(bucket, RequestRate(1, 2), 50.0)[1] == 0
