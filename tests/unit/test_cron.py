"""What is said of a cron expression that cannot be: which field, why, and one that works."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.cron import LONGEST, NICKNAMES, read_cron
from chalicelib.domain.cron_words import cron_in_words
from chalicelib.domain.errors import InvalidRequest

PARTS = st.sampled_from(
    [
        "*",
        "?",
        "L",
        "LW",
        "5L",
        "MON#2",
        "1,2",
        "5-1",
        "*/5",
        "*/99",
        "1/0",
        "FRI-MON",
        "JAN",
        "61",
        "-1",
        "",
        "1,,2",
        "²",
        "L-3",
        "15W",
        "FRI#6",
        "FRIL",
        "7L",
        "MON-",
        "-9",
        "2PM",
        "12:61",
        "H/7",
        "**",
        "@every",
        "'",
        "weekend",
    ]
)
FIVE = "it takes five: minute, hour, day of the month, month, day of the week"
STEPS = "a step counts within them, and begins anew each time"
REFUSED = {
    "61 2 * * *": (
        "cron='61 2 * * *' cannot be: the minute is 61, and minutes go from 0 to 59.",
        "For example cron='0 2 * * *': at 02:00 every day.",
    ),
    "0 24 * * *": (
        "cron='0 24 * * *' cannot be: the hour is 24, and hours go from 0 to 23.",
        "Did you mean cron='0 0 * * *', at 00:00 every day?",
    ),
    "0 2 32 * *": (
        "cron='0 2 32 * *' cannot be: the day of the month is 32, and days of the month go from 1 to 31.",
        "For example cron='0 2 1 * *': at 02:00 on the first day of every month.",
    ),
    "0 2 * JANUARY *": (
        "cron='0 2 * JANUARY *' cannot be: the month is JANUARY, and months go from 1 to 12, or JAN to DEC.",
        "Did you mean cron='0 2 * JAN *', at 02:00 every day in January?",
    ),
    "0 2 * * 8": (
        "cron='0 2 * * 8' cannot be: the day of the week is 8, and days of the week go from 0 to 7, or SUN to SAT.",
        "For example cron='0 2 * * MON': at 02:00 on Monday.",
    ),
    "0 22-2 * * *": (
        "cron='0 22-2 * * *' cannot be: the hour is 22-2, which ends before it begins.",
        "Did you mean cron='0 22-23,0-2 * * *', at minute 0 past hour 22, hour 23, and every hour from 0 through 2?",
    ),
    "0 2 * * FRI-MON": (
        "cron='0 2 * * FRI-MON' cannot be: the day of the week is FRI-MON, which ends before it begins.",
        "Did you mean cron='0 2 * * FRI-SAT,SUN-MON', at 02:00 on Friday, Saturday, Sunday, and Monday?",
    ),
    "*/90 * * * *": (
        f"cron='*/90 * * * *' cannot be: the minute is */90, and minutes go from 0 to 59: {STEPS}.",
        "For a distance of 90 minutes: every=90m.",
    ),
    "0 2 * * MON-MON/2": (
        "cron='0 2 * * MON-MON/2' cannot be: the day of the week is MON-MON/2, a step within a single value.",
        "Did you mean cron='0 2 * * MON', at 02:00 on Monday?",
    ),
    "*/x 2 * * *": (
        "cron='*/x 2 * * *' cannot be: the minute is */X, and what follows the / is a whole number from 1 on.",
        "For example cron='0 2 * * *': at 02:00 every day.",
    ),
    "0 2 * * 1,,3": (
        "cron='0 2 * * 1,,3' cannot be: the day of the week has an empty part: a comma too many.",
        "For example cron='0 2 * * MON': at 02:00 on Monday.",
    ),
    "0 2 ? * *": (
        "cron='0 2 ? * *' cannot be: the day of the month is ?: any day of the month is *.",
        "Did you mean cron='0 2 * * *', at 02:00 every day?",
    ),
    "0 0 2 * * *": (
        f"cron='0 0 2 * * *' has 6 fields, and there is none for seconds; {FIVE}.",
        "For example cron='0 2 * * *': at 02:00 every day.",
    ),
    "cron(15 10 ? * 6L 2026)": (
        f"cron='cron(15 10 ? * 6L 2026)' has 6 fields, and there is none for years; {FIVE}.",
        "For example cron='15 10 * * 6L': at 10:15 on the last Saturday of the month.",
    ),
    "rate(15 minutes)": (
        "cron='rate(15 minutes)' is a distance, and no expression.",
        "Write every=15m in its place.",
    ),
    "@every 5m": ("cron='@every 5m' is a distance, and no expression.", "Write every=5m in its place."),
    "@every 1h30m": (
        "cron='@every 1h30m' is a distance, and no expression.",
        "Write every=1h30m in its place.",
    ),
    "@every 10s": (
        "cron='@every 10s' is a distance, and no expression.",
        "A distance is every=, a minute at least: every=1m.",
    ),
    "every 5 minutes": (
        "cron='every 5 minutes' is a distance, and no expression.",
        "Write every=5m in its place.",
    ),
    "5m": ("cron='5m' is a distance, and no expression.", "Write every=5m in its place."),
    "every hour": ("cron='every hour' is a distance, and no expression.", "Write every=1h in its place."),
    "@every": ("cron='@every' is a distance, and no expression.", "A distance is every=, such as every=15m."),
    "daily": (
        "cron='daily' is a nickname without its @.",
        "Did you mean cron='@daily', at 00:00 every day?",
    ),
    "'0 2 * * *'": (
        "cron= has quotes within its quotes.",
        "Did you mean cron='0 2 * * *', at 02:00 every day?",
    ),
    '"@daily"': ("cron= has quotes within its quotes.", "Did you mean cron='@daily', at 00:00 every day?"),
    "“0 2 * * *”": (
        "cron= has quotes within its quotes.",
        "Did you mean cron='0 2 * * *', at 02:00 every day?",
    ),
    "14:30": (
        "cron='14:30' has 14:30 in one field: the minute is the first, and the hour the second.",
        "Did you mean cron='30 14 * * *', at 14:30 every day?",
    ),
    "0 14:30 * * MON": (
        "cron='0 14:30 * * MON' has 14:30 in one field: the minute is the first, and the hour the second.",
        "Did you mean cron='30 14 * * MON', at 14:30 on Monday?",
    ),
    "0 2pm * * *": (
        "cron='0 2pm * * *' cannot be: the hour is 2PM, and hours go from 0 to 23.",
        "Did you mean cron='0 14 * * *', at 14:00 every day?",
    ),
    "0 0 2 * * ? 2027": (
        f"cron='0 0 2 * * ? 2027' has 7 fields, and there is none for seconds or years; {FIVE}.",
        "For example cron='0 2 * * *': at 02:00 every day.",
    ),
    "0 2 * * MON FRI": (
        f"cron='0 2 * * MON FRI' has 6 fields, and days have commas between them; {FIVE}.",
        "For example cron='0 2 * * MON,FRI': at 02:00 on Monday and Friday.",
    ),
    "0 2 * * FRI#6": (
        (
            "cron='0 2 * * FRI#6' cannot be: the day of the week is FRI#6, and a month has five of a day at most: "
            "FRI#1 to FRI#5, and 5L is the last."
        ),
        "For example cron='0 2 * * 5L': at 02:00 on the last Friday of the month.",
    ),
    "0 2 * * #2": (
        "cron='0 2 * * #2' cannot be: the day of the week is #2, without the day before its #.",
        "For example cron='0 2 * * MON#2': at 02:00 on the second Monday of the month.",
    ),
    "0 2 * * FRIL": (
        "cron='0 2 * * FRIL' cannot be: the day of the week is FRIL, and the last one of a month is a number and an L.",
        "Did you mean cron='0 2 * * 5L', at 02:00 on the last Friday of the month?",
    ),
    "0 2 * * L": (
        (
            "cron='0 2 * * L' cannot be: the day of the week is L, which does not say of which day the last one: "
            "5L is the last Friday."
        ),
        "For example cron='0 2 * * 5L': at 02:00 on the last Friday of the month.",
    ),
    "0 2 L-3 * *": (
        (
            "cron='0 2 L-3 * *' cannot be: the day of the month is L-3, and no day is counted back from the last one, "
            "which is L."
        ),
        "For example cron='0 2 L * *': at 02:00 on the last day of every month.",
    ),
    "0 2 15W * *": (
        (
            "cron='0 2 15W * *' cannot be: the day of the month is 15W, and no working day near another day is looked "
            "for; LW is the month's last working day."
        ),
        "For example cron='0 2 15 * *': at 02:00 on the 15th day of every month.",
    ),
    "0 2 * * MON-": (
        "cron='0 2 * * MON-' cannot be: the day of the week is MON-, a range without its end.",
        "For example cron='0 2 * * MON-FRI': at 02:00 on Monday through Friday.",
    ),
    "0 9- * * *": (
        "cron='0 9- * * *' cannot be: the hour is 9-, a range without its end.",
        "For example cron='0 9-23 * * *': at minute 0 past every hour from 9 through 23.",
    ),
    "-5 * * * *": (
        "cron='-5 * * * *' cannot be: the minute is -5, a range without its beginning.",
        "For example cron='0-5 * * * *': every minute from 0 through 5 of every hour.",
    ),
    "H 2 * * *": (
        "cron='H 2 * * *' cannot be: the minute is H, and no moment is drawn here: jitter=10m spreads runs.",
        "For example cron='0 2 * * *': at 02:00 every day.",
    ),
    "0 2 * * weekdays": (
        (
            "cron='0 2 * * weekdays' cannot be: the day of the week is WEEKDAYS, and days are named one by one or as a "
            "range."
        ),
        "Did you mean cron='0 2 * * MON-FRI', at 02:00 on Monday through Friday?",
    ),
    "@dayly": (
        f"cron='@dayly' is no nickname; those are {', '.join(NICKNAMES)}.",
        "Did you mean cron='@daily'?",
    ),
    "": ("cron is empty.", "For example cron='0 2 * * *': at 02:00 every day."),
    "0 0 30 2 *": (
        "cron='0 0 30 2 *' never comes: none of its months has such a day.",
        "For example cron='0 0 L 2 *': at 00:00 on the last day of February.",
    ),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=[repr(text) for text in REFUSED])
def test_a_refusal_says_which_field_is_wrong_and_why_and_shows_one_that_works(
    text: str, said: tuple[str, str]
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_cron(text)

    assert (str(refusal.value), refusal.value.hint) == said
    assert list(refusal.value.fields) == ["cron"]


@given(st.one_of(st.text(max_size=LONGEST + 9), st.lists(PARTS, min_size=4, max_size=6).map(" ".join)))
def test_whatever_is_written_is_understood_or_refused_with_an_expression_that_works(text: str) -> None:
    try:
        assert cron_in_words(read_cron(text))
    except InvalidRequest as refusal:
        shown = re.search("cron='(.*?)'", refusal.hint or "")
        assert shown is None or read_cron(shown.group(1))


@pytest.mark.parametrize("nickname", NICKNAMES)
def test_nicknames_are_understood(nickname: str) -> None:
    assert read_cron(nickname) == NICKNAMES[nickname]


def test_days_of_both_kinds_are_said_as_they_are_meant() -> None:
    assert cron_in_words("0 9 1 * MON") == "At 09:00 on the first day of the month, and also on Monday"
    both = "At 09:00 on every second day of the month from the first on, but only on Monday"
    assert cron_in_words("0 9 */2 * MON") == both
