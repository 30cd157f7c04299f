"""Which events a subscription wants, which secrets sign, and when it pauses itself."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.delivery import Answer
from chalicelib.domain.event import EVENT, SENT, SubscriptionEvent, TaskEvent, TrialEvent
from chalicelib.domain.subscription import EVENT_NAMES, Subscription, name_from, note_answer, pause, resume
from tests.builders import NOON, a_subscription, a_task

DAY = timedelta(days=1)
OK, ERROR, GONE = (Answer(status=status, seconds=0.1) for status in (204, 500, 410))
SLOWLY = Answer(status=204, seconds=1.5)


def _saved(subscription: Subscription) -> Subscription:
    """As a store saves it."""
    return subscription.but(revision=subscription.revision + 1)


def test_without_a_choice_it_wants_every_event() -> None:
    assert all(a_subscription().wants(name) for name in EVENT_NAMES)


def test_it_wants_the_events_that_were_chosen_and_no_others() -> None:
    chosen = a_subscription(events=("failed", "lost"))

    assert {name for name in EVENT_NAMES if chosen.wants(name)} == {"failed", "lost"}


def test_events_are_named_by_the_status_they_bring() -> None:
    event = TaskEvent.of(a_task())

    assert event is not None
    assert event.event_name == "pending"
    assert event.event_name in EVENT_NAMES


def test_an_address_that_is_gone_pauses_it_at_once() -> None:
    paused = note_answer(a_subscription(), GONE, NOON).paused

    assert paused is not None
    assert "410" in paused.why


@given(st.lists(st.tuples(st.floats(1, 40_000), st.sampled_from([OK, SLOWLY, ERROR])), max_size=60))
def test_it_pauses_once_every_try_of_a_day_has_failed_and_not_before(
    tries: list[tuple[float, Answer]],
) -> None:
    subscription, now, failing_since = a_subscription(), NOON, None
    for seconds, answer in tries:
        now += timedelta(seconds=seconds)
        subscription = note_answer(subscription, answer, now)
        failing_since = None if answer.is_success else failing_since or now
        has_failed_for_a_day = failing_since is not None and now - failing_since >= DAY

        assert (subscription.paused is not None) == has_failed_for_a_day
        if has_failed_for_a_day:
            return


def test_a_success_takes_back_what_failed_before() -> None:
    failing = note_answer(a_subscription(), ERROR, NOON)

    again = note_answer(note_answer(failing, OK, NOON + 0.9 * DAY), ERROR, NOON + 1.1 * DAY)

    assert again.paused is None
    assert again.failing_since == NOON + 1.1 * DAY


@pytest.mark.parametrize(("answer", "is_slow"), [(OK, False), (SLOWLY, True), (ERROR, True)])
def test_the_last_try_tells_whether_an_address_is_slow(answer: Answer, *, is_slow: bool) -> None:
    assert note_answer(a_subscription(is_slow=not is_slow), answer, NOON).is_slow is is_slow


def test_another_success_like_the_last_one_changes_nothing() -> None:
    """So that nothing has to be written."""
    assert note_answer(a_subscription(), OK, NOON) == a_subscription()


def test_a_resumed_one_gets_another_day() -> None:
    failing = note_answer(note_answer(a_subscription(), ERROR, NOON), ERROR, NOON + DAY)
    assert failing.paused is not None

    resumed = note_answer(resume(failing), ERROR, NOON + 2 * DAY)

    assert resumed.paused is None


def test_a_new_address_does_not_answer_for_the_old_one() -> None:
    failing = note_answer(a_subscription(), ERROR, NOON)

    moved = failing.moved("https://example.org/new")

    assert (moved.url, moved.failing_since, moved.is_slow) == ("https://example.org/new", None, False)
    assert failing.moved(failing.url) == failing


def test_what_a_newer_version_keeps_of_it_is_written_back() -> None:
    text = a_subscription().but(paused=None).model_dump_json()[:-1] + ', "team": "ops"}'
    read = Subscription.model_validate_json(text)

    changed = note_answer(pause(read.moved("https://example.org/"), "Paused.", NOON, "alice"), ERROR, NOON)

    assert '"team":"ops"' in changed.model_dump_json()


def test_that_it_pauses_itself_is_news_once() -> None:
    paused = _saved(note_answer(a_subscription(), GONE, NOON))

    event = SubscriptionEvent.of(paused)

    assert event is not None
    assert (event.subscription, event.revision, event.event_name) == ("hooks", 2, "subscription_paused")
    assert event.event_name in EVENT_NAMES
    assert SubscriptionEvent.of(_saved(paused)) is None
    assert SubscriptionEvent.of(a_subscription()) is None


def test_that_somebody_pauses_it_is_no_news() -> None:
    assert SubscriptionEvent.of(_saved(pause(a_subscription(), "Paused.", NOON, by="alice"))) is None


def test_the_first_reason_for_a_pause_stays() -> None:
    paused = pause(a_subscription(), "Paused.", NOON, by="alice")

    assert pause(paused, "Again.", NOON + DAY) == paused


def test_both_secrets_sign_for_a_day() -> None:
    rotated = a_subscription(secret=4).rotated(6, NOON)

    assert rotated.secrets_at(NOON) == (6, 4)
    assert rotated.secrets_at(NOON + 0.99 * DAY) == (6, 4)
    assert rotated.secrets_at(NOON + DAY) == (6,)
    assert a_subscription().secrets_at(NOON) == (1,)


@given(st.lists(st.floats(0, 2), max_size=8))
def test_a_replaced_secret_signs_for_a_day_however_many_come_after_it(days: list[float]) -> None:
    subscription, now = a_subscription(secret=0), NOON
    replaced: list[tuple[int, datetime]] = []
    for secret, wait in enumerate(days, 1):
        now += wait * DAY
        replaced.append((subscription.secret, now))
        subscription = subscription.rotated(secret, now)
        signing = [version for version, at in reversed(replaced) if now < at + DAY]

        assert subscription.secrets_at(now) == (secret, *signing[:4])


def test_events_are_read_as_what_they_were_written_as() -> None:
    paused = SubscriptionEvent.of(_saved(note_answer(a_subscription(), GONE, NOON)))
    told = [TaskEvent.of(a_task()), paused]
    trial = TrialEvent(
        id="1jd3m8k7x2qh", time=NOON, app="shop", subscription_id="x", subscription="hooks", by="alice"
    )

    for event in told:
        assert event is not None
        assert EVENT.validate_json(event.model_dump_json()).model_dump_json() == event.model_dump_json()
    assert SENT.validate_json(trial.model_dump_json()) == trial


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", "hooks-slack-com"),
        ("https://EXAMPLE.org:8443/", "example-org"),
        ("https://93.184.216.34/", "host-93-184-216-34"),
        (f"https://{'very-' * 9}long.example/", "very-very-very-very-very-very-very-very"),
        ("https://[::1", "host"),
        ("nonsense", "host"),
    ],
)
def test_one_without_a_name_is_called_like_its_host(url: str, name: str) -> None:
    assert name_from(url) == name
