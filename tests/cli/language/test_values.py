"""Times and lengths of time, however they were typed."""

import time

import pytest
from tapit.errors import UsageError
from tapit.language import values

from tests.cli.language.typed import read, refusal


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("90", 90),
        ("45s", 45),
        ("10m", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("3d", 259200),
        ("1w", 604800),
        ("1h0m", 3600),
    ],
)
def test_a_length_of_time_has_units(given: str, seconds: float) -> None:
    assert read("wait", "abc", f"timeout={given}").settings["timeout"] == seconds


@pytest.mark.parametrize("given", ["", "x", "10x", "0", "-1", "m", "1.2.3s", "nan"])
def test_what_is_no_length_of_time_is_refused(given: str) -> None:
    refusal("wait", "abc", f"timeout={given}")


@pytest.mark.parametrize(
    ("given", "meant"),
    {
        "15": "15m",
        "1": "1m",
        "15min": "15m",
        "15 minutes": "15m",
        "5M": "5m",
        "2 hours": "2h",
        "1.5h x": None,
    }.items(),
)
def test_a_length_of_time_written_otherwise_is_recognised(given: str, meant: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        values.whole_seconds("1m", "7d")("every", given)

    assert refused.value.then == (meant and f"did you mean every={meant}?")


def test_a_number_alone_is_called_seconds() -> None:
    with pytest.raises(UsageError) as refused:
        values.whole_seconds("1m", "7d")("every", "15")

    assert refused.value.what == "every=15 is 15 seconds, which is out of range"


@pytest.mark.parametrize(
    ("given", "meant"),
    {
        "spots": "spot",
        "75": "exit:75",
        "exit=75": "exit:75",
        "exit75": "exit:75",
        "exit: 75": "exit:75",
        "exit:5-3": "exit:3-5",
        "exit:1,2,3": "exit:1,exit:2,exit:3",
        "spot exit:75": "spot,exit:75",
        "any": "exit:1-255",
        "exit": "exit:1-255",
        "failed,spot": "exit:1-255,spot",
        "exit:256": None,
        "exit:0": None,
        "nonsense,spot": None,
    }.items(),
)
def test_a_reason_to_try_again_that_is_written_otherwise_is_recognised(given: str, meant: str | None) -> None:
    refused = refusal("create", "task", "echo hi", "retries=1", f"retry_on={given}")

    assert refused.what.endswith("is no reason to try again")
    assert refused.then == (meant and f"did you mean retry_on={meant}?")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("timeout", "What runs into its time limit would do so again: give it more of max_hours=."),
        ("exit:0", "0 is the exit code of a task that succeeded."),
    ],
)
def test_what_looks_like_a_reason_to_try_again_is_told_why_it_is_none(given: str, why: str) -> None:
    assert refusal("create", "task", "echo hi", "retries=1", f"retry_on={given}").why == why


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["set", "command", "migrate", "unset=memry"], "did you mean unset=memory?"),
        (["set", "command", "migrate", "unset=tag"], "did you mean unset=tags?"),
        (["set", "command", "migrate", "unset=env"], "did you mean unset_env=NAME?"),
        (["create", "task", "echo hi", "retry=2"], "did you mean retries=2?"),
        (["create", "task", "echo hi", "tags=a:b c,"], "did you mean tags='a:b c'?"),
        (["set", "app", "unset_tag=a b, c"], "unset_tag='a b' unset_tag=c"),
        (
            ["create", "schedule", "name=x", "echo hi", "every=*/5 * * * *"],
            "did you mean cron='*/5 * * * *'?",
        ),
        (["create", "schedule", "name=x", "echo hi", "every=@daily"], "did you mean cron=@daily?"),
        (["create", "command", "Nightly", "echo hi"], "did you mean name=nightly?"),
        (["create", "command", "name=café crème", "echo hi"], "did you mean name=cafe-creme?"),
    ],
)
def test_what_was_probably_meant_can_be_copied(words: list[str], then: str) -> None:
    assert refusal(*words).then == then


@pytest.mark.parametrize("name", ["if_locked=wait", "memory=4", "env=A=1"])
def test_a_start_of_a_schedule_takes_no_options_of_tasks_and_says_why(name: str) -> None:
    refused = refusal("start", "schedule", "nightly", name)

    key = name.partition("=")[0]
    assert refused.what == f"tapit start schedule takes no {key}="
    assert "schedule" in (refused.why or "")


def test_a_number_that_is_none_is_told_its_bounds() -> None:
    assert refusal("create", "task", "echo hi", "retries=two").why == "retries goes from 0 to 10."


def test_since_takes_a_time_or_how_long_ago() -> None:
    assert (
        read("list", "tasks", "since=2026-11-24T01:00:00+01:00").settings["since"]
        == "2026-11-24T00:00:00.000Z"
    )
    for ago in ("2h", "1w", "1w2d"):
        assert str(read("list", "tasks", f"since={ago}").settings["since"]).endswith("Z")
    refusal("list", "tasks", "since=yesterday")


@pytest.mark.parametrize(
    ("day", "zone"),
    [("0001-01-01", "XXX-12"), ("9999-12-31T23:59", "XXX+12"), ("0001-01-01T00:00+05:00", "UTC")],
)
def test_a_time_outside_the_calendar_is_refused(day: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert refusal("list", "tasks", f"since={day}").what == f"since={day} is outside the calendar"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("given", "seconds"), [("30", 30), ("30s", 30), ("1m", 60), ("2m", 120)])
def test_what_is_counted_in_seconds_may_say_so(given: str, seconds: float) -> None:
    assert read("create", "app", "name=a", f"stop_timeout={given}").settings["stop_timeout"] == seconds
    assert "goes from 2 to 120 seconds" in str(refusal("create", "app", "name=a", "stop_timeout=5m").why)
