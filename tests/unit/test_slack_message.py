"""What a channel of Slack's gets to read."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.event import ScheduleEvent, SubscriptionEvent, TrialEvent
from chalicelib.domain.retry import tried_again
from chalicelib.domain.slack_message import slack_message
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import Task, lose, observe
from tests.builders import (
    BY_ALICE,
    BY_DEADLINE,
    NOON,
    TASK_ID,
    a_finished_task,
    a_running_task,
    a_start_failure,
    a_starting_task,
    a_stopping_task,
    a_task,
    an_end,
    an_event,
)

SHOW = f"`tapit show task task={TASK_ID}`"


def attachment(task: Task) -> Any:
    (only,) = slack_message(an_event(task))["attachments"]
    return only


def stopped(cause: StopCause) -> Task:
    return observe(a_stopping_task(cause), an_end(stop_code="UserInitiated", exit_code=143), NOON)


@pytest.mark.parametrize(
    ("task", "colour", "line"),
    [
        (a_task(), "#8d8d8d", f"*shop*: `true` *is waiting to start* · started by alice · {SHOW}"),
        (a_starting_task(), "#8d8d8d", f"*shop*: `true` *is starting* · started by alice · {SHOW}"),
        (a_running_task(), "#439fe0", f"*shop*: `true` *is running* · started by alice · {SHOW}"),
        (a_stopping_task(), "warning", f"*shop*: `true` *is being stopped* · started by alice · {SHOW}"),
        (
            a_finished_task(),
            "good",
            f"*shop*: `true` *succeeded* · started by alice · ran 1 h 0 min · {SHOW}",
        ),
        (
            a_finished_task(exit_code=3),
            "danger",
            (
                "*shop*: `true` *failed*: The command failed with exit code 3. → Look at the end of its output."
                f" · started by alice · ran 1 h 0 min · {SHOW}"
            ),
        ),
        (
            stopped(BY_ALICE),
            "warning",
            (
                "*shop*: `true` *was stopped*: alice stopped it. → Run it again if that was a mistake."
                f" · started by alice · ran 1 h 0 min · {SHOW}"
            ),
        ),
        (
            stopped(BY_DEADLINE),
            "danger",
            (
                "*shop*: `true` *timed out*: It reached its time limit, max_hours=24, and was stopped. → Run it again"
                " with a larger max_hours=; tapit set task extends a task that still runs."
                f" · started by alice · ran 1 h 0 min · {SHOW}"
            ),
        ),
        (
            observe(a_starting_task(), a_start_failure(), NOON),
            "danger",
            (
                "*shop*: `true` *failed*: It never started: Timeout waiting for network interface provisioning"
                " to complete. → "
            ),
        ),
        (
            observe(
                a_running_task(),
                an_end(stop_code="SpotInterruption", reason="Interrupted", exit_code=143),
                NOON,
            ),
            "danger",
            "*shop*: `true` *failed*: AWS took back the Spot capacity that it ran on: Interrupted. → ",
        ),
        (
            observe(a_running_task(), an_end(out_of_memory=True, exit_code=137), NOON),
            "danger",
            (
                "*shop*: `true` *failed*: It ran out of memory: it needed more than its 0.5 GB and was killed. → Run it"
                " again with more, for example memory=1."
            ),
        ),
        (
            tried_again(a_finished_task(exit_code=75), a_task(id="1jd3m8k7x2qz", try_number=2, retries=2)),
            "danger",
            (
                "*shop*: `true` *failed*: The command failed with exit code 75. → It was tried again as task"
                " 1jd3m8k7x2qz, attempt 2 of 3. How that went: tapit show task task=1jd3m8k7x2qz"
            ),
        ),
        (
            lose(a_running_task(), NOON + timedelta(minutes=3)),
            "danger",
            "*shop*: `true` *was lost*: Nothing is known of its end: what ran it no longer knows it. → ",
        ),
    ],
)
def test_each_status_is_one_line_that_says_all(task: Task, colour: str, line: str) -> None:
    said = attachment(task)

    assert said["color"] == colour
    assert said["text"].startswith(line)
    assert said["text"].endswith(SHOW)
    assert "\n" not in said["text"]


def test_a_notification_has_the_same_words_without_their_marks() -> None:
    fallback = attachment(a_finished_task(exit_code=3))["fallback"]

    assert fallback.startswith("shop: true failed: The command failed with exit code 3.")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ('python3 -c "x=[0]*10**9"', 'python3 -c "x=[0]*10**9"'),
        ("rm -rf /tmp/*", "rm -rf /tmp/*"),
        ("kill `cat pid` && echo *", "kill `cat pid` &amp;&amp; echo *"),
    ],
)
def test_a_notification_has_the_command_as_it_is(command: str, said: str) -> None:
    """`rm -rf /tmp/` is another command."""
    fallback = attachment(a_finished_task(exit_code=3, command=command))["fallback"]

    assert fallback.startswith(f"shop: {said} failed: ")
    assert fallback.endswith(f" · tapit show task task={TASK_ID}")


def ended(task: Task, **end: Any) -> Task:
    return observe(task, an_end(**end), NOON)


@pytest.mark.parametrize(
    ("task", "reasons"),
    [
        (
            ended(a_running_task(), reason="Essential container in task exited", exit_code=3),
            "The command failed with exit code 3. → Look at the end of its output.",
        ),
        (
            ended(
                a_stopping_task(BY_ALICE), stop_code="UserInitiated", reason="stopped by alice", exit_code=143
            ),
            "alice stopped it. → Run it again if that was a mistake.",
        ),
        (
            ended(
                a_stopping_task(BY_DEADLINE),
                stop_code="UserInitiated",
                reason="tapit: max_hours=24 exceeded",
                exit_code=143,
            ),
            (
                "It reached its time limit, max_hours=24, and was stopped. → Run it again with a larger max_hours=;"
                " tapit set task extends a task that still runs."
            ),
        ),
        (
            ended(a_running_task(), reason="OutOfMemoryError: killed", out_of_memory=True, exit_code=137),
            (
                "It ran out of memory: it needed more than its 0.5 GB and was killed. → Run it again with more, for"
                " example memory=1."
            ),
        ),
        (
            ended(
                a_running_task(),
                stop_code="UserInitiated",
                reason="its run folder was removed",
                exit_code=143,
            ),
            "Somebody stopped it. its run folder was removed. → Run it again if that was a mistake.",
        ),
    ],
    ids=["exit", "user", "deadline", "memory", "unknown"],
)
def test_the_reason_is_told_only_where_it_says_more_than_the_diagnosis(task: Task, reasons: str) -> None:
    assert f"*: {reasons} · started by" in attachment(task)["text"]


@pytest.mark.parametrize("mention", ["@all", "@channel", "@here", "hello @alice", "(@everyone)"])
def test_nobody_is_mentioned_by_a_plain_word(mention: str) -> None:
    """Mattermost obeys these as they stand, outside of code."""
    by_name = a_running_task(initiated_by=mention, command=f"echo {mention}")
    by_reason = observe(a_starting_task(), a_start_failure(reason=mention), NOON)

    broken = mention.replace("@", "@\u200b")
    for task in (by_name, by_reason):
        said = attachment(task)
        outside_of_code = "".join(said["text"].split("`")[::2])
        assert broken in outside_of_code
        assert mention not in outside_of_code
        assert mention not in said["fallback"]
    assert f"`echo {mention}`" in attachment(by_name)["text"]


def test_an_address_of_mail_can_be_copied() -> None:
    assert "carol@example.com" in attachment(a_running_task(initiated_by="carol@example.com"))["text"]


def test_a_long_command_is_cut_to_120_characters_on_one_line() -> None:
    said = attachment(a_running_task(command="python manage.py\n  migrate " + "x" * 500))["text"]

    command = said.split("`")[1]
    assert len(command) == 120
    assert command.startswith("python manage.py migrate xxx")
    assert command.endswith("x…")


def test_what_slack_would_obey_is_only_shown() -> None:
    said = attachment(a_running_task(command="echo <!channel> && cat `x` <https://evil.example|ok>"))["text"]

    assert "`echo &lt;!channel&gt; &amp;&amp; cat ˋxˋ &lt;https://evil.example|ok&gt;`" in said


def test_whoever_a_token_acts_for_is_named_beside_it() -> None:
    said = attachment(a_running_task(initiated_by="carol <c@example.com>", created_by="ci"))["text"]

    assert "started by carol &lt;c@example.com&gt; (token ci)" in said


def test_one_that_never_ran_has_no_length() -> None:
    assert " · never ran · " in attachment(observe(a_starting_task(), a_start_failure(), NOON))["text"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.03, "0.1 s"),
        (0.4, "0.4 s"),
        (0.96, "1 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (180000, "2 d 2 h"),
    ],
)
def test_how_long_it_ran_is_told_in_two_units(seconds: float, said: str) -> None:
    task = ended(a_running_task(), stopped_at=NOON + timedelta(seconds=seconds))

    assert f" · ran {said} · " in attachment(task)["text"]


def test_a_subscription_that_paused_itself_is_told_with_what_to_do() -> None:
    event = SubscriptionEvent(
        id="s-2",
        time=NOON,
        app="shop",
        subscription_id="s",
        subscription="hooks",
        why="It is <gone>",
        revision=2,
    )

    assert slack_message(event)["attachments"][0]["text"] == (
        "*shop*: subscription `hooks` *paused itself*: It is &lt;gone&gt;."
        " · `tapit -a shop set subscription name=hooks paused=false`"
    )


def test_a_schedule_that_paused_itself_is_told_with_what_to_do() -> None:
    event = ScheduleEvent(
        id="s-2", time=NOON, app="shop", schedule_id="s", schedule="nightly", why="It failed.", revision=2
    )

    assert slack_message(event)["attachments"][0]["text"] == (
        "*shop*: schedule `nightly` *paused itself*: It failed."
        " · `tapit -a shop set schedule name=nightly enabled=true`"
    )


def test_a_test_says_that_it_is_one() -> None:
    event = TrialEvent(id="t", time=NOON, app="shop", subscription_id="s", subscription="hooks", by="alice")

    assert slack_message(event)["attachments"][0]["text"] == (
        "*shop*: a test of subscription `hooks`, sent by alice; nothing has happened"
    )


@given(command=st.text(), reason=st.text(), who=st.text(min_size=1))
def test_any_words_make_one_bounded_line_without_links_or_mentions(
    command: str, reason: str, who: str
) -> None:
    task = observe(
        a_starting_task(command=command or "x", initiated_by=who), a_start_failure(reason=reason), NOON
    )

    said = attachment(task)["text"]

    assert "<" not in said
    assert len(said.splitlines()) == 1
    assert len(said) < 4000
