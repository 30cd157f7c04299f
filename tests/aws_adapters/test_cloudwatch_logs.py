"""Output in CloudWatch Logs: page by page, and where it ends."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from chalicelib.adapters.cloudwatch_logs import CloudWatchLogs
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.domain.errors import InvalidRequest, OutputForbidden, Unavailable
from chalicelib.domain.task import Task, accept_launch, begin_attempt, lose, observe
from chalicelib.ports import LogPage
from tests.aws_adapters.ecs_account import client
from tests.builders import ARN, NOON, a_sighting, a_task, an_end
from tests.dynamodb_table import SetClock

GROUP = "/tapit/test/shop"
STREAM = "tapit/main/8f0b2a9c1d3e4f5a6b7c8d9e0f1a2b3c"
PLAN = {"log_group": GROUP, "log_prefix": "tapit/main"}
ENDED = datetime.now(UTC) + timedelta(hours=1)  # long after moto takes in what a test prints


@pytest.fixture
def client_of_logs() -> Iterator[Any]:
    with mock_aws():
        made = client("logs")
        LogGroups(made).make(GROUP)
        yield made


@pytest.fixture
def logs(client_of_logs: Any, clock: SetClock) -> CloudWatchLogs:
    return CloudWatchLogs(client_of_logs, clock)


def a_running_task() -> Task:
    started = accept_launch(begin_attempt(a_task(), PLAN, NOON), ARN, NOON)
    return observe(started, a_sighting(version=2, started_at=NOON), NOON)


def a_finished_task() -> Task:
    return observe(a_running_task(), an_end(stopped_at=ENDED), NOON)


def prints(client_of_logs: Any, *messages: str) -> None:
    if not client_of_logs.describe_log_streams(logGroupName=GROUP)["logStreams"]:
        client_of_logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    there = client_of_logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM)["events"]
    # CloudWatch takes nothing that is two weeks old, or two hours ahead; and it sorts by time
    moment = int(time.time() * 1000) + len(there)
    events = [{"timestamp": moment + number, "message": line} for number, line in enumerate(messages)]
    client_of_logs.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)


def test_output_is_read_where_the_last_page_ended(client_of_logs: Any, logs: CloudWatchLogs) -> None:
    prints(client_of_logs, "one", "two", "three")

    first = logs.read(a_running_task(), None, 2)
    second = logs.read(a_running_task(), first.position, 2)

    assert [line.message for line in first.lines] == ["one", "two"]
    assert [line.message for line in second.lines] == ["three"]
    assert first.lines[1].time == first.lines[0].time + timedelta(milliseconds=1)
    assert not second.is_complete


def test_before_the_first_line_there_is_no_stream_and_nothing_is_wrong(logs: CloudWatchLogs) -> None:
    page = logs.read(a_running_task(), None, 100)

    assert (page.lines, page.is_complete) == ([], False)
    assert logs.tail(a_running_task(), 10).lines == []


def test_a_reader_who_came_before_the_first_line_misses_nothing(
    client_of_logs: Any, logs: CloudWatchLogs
) -> None:
    before = logs.read(a_running_task(), None, 100)
    prints(client_of_logs, "one")

    after = logs.read(a_running_task(), before.position, 100)

    assert [line.message for line in after.lines] == ["one"]


@pytest.mark.parametrize(("seconds", "is_complete"), [(3.9, False), (4, True)])
def test_output_is_complete_a_moment_after_the_end(
    client_of_logs: Any,
    logs: CloudWatchLogs,
    clock: SetClock,
    seconds: float,
    is_complete: bool,  # noqa: FBT001
) -> None:
    prints(client_of_logs, "done")
    clock.time = ENDED + timedelta(seconds=seconds)

    last = logs.read(a_finished_task(), None, 100)
    end = logs.read(a_finished_task(), last.position, 100)

    assert [last.is_complete, end.is_complete] == [is_complete] * 2


@pytest.mark.parametrize(("ago", "is_complete"), [(1.9, False), (2, True)])
def test_output_that_still_comes_in_is_not_complete(
    client_of_logs: Any,
    clock: SetClock,
    ago: float,
    is_complete: bool,  # noqa: FBT001
) -> None:
    clock.time = ENDED + timedelta(seconds=9)
    came_in_at = clock.time - timedelta(seconds=ago)
    with Stubber(client_of_logs) as stub:
        stub.add_response("get_log_events", a_page("f/1", "late", came_in_at=came_in_at))
        stub.add_response("get_log_events", a_page("f/1"))

        page = CloudWatchLogs(client_of_logs, clock).read(a_finished_task(), None, 100)

    assert page.is_complete is is_complete


def test_a_page_with_more_behind_it_is_not_complete(client_of_logs: Any, clock: SetClock) -> None:
    clock.time = ENDED + timedelta(seconds=9)
    with Stubber(client_of_logs) as stub:
        stub.add_response("get_log_events", a_page("f/1", "one"))
        stub.add_response("get_log_events", a_page("f/2", "two"))

        page = CloudWatchLogs(client_of_logs, clock).read(a_finished_task(), None, 100)

    assert ([line.message for line in page.lines], page.is_complete, page.position) == (["one"], False, "f/1")


def test_behind_a_full_page_nobody_looks(client_of_logs: Any, clock: SetClock) -> None:
    clock.time = ENDED + timedelta(seconds=9)
    with Stubber(client_of_logs) as stub:
        stub.add_response("get_log_events", a_page("f/1", "one", "two"))

        assert not CloudWatchLogs(client_of_logs, clock).read(a_finished_task(), None, 2).is_complete


def test_a_task_that_printed_nothing_is_complete_too(logs: CloudWatchLogs, clock: SetClock) -> None:
    clock.time = ENDED + timedelta(seconds=4)

    assert logs.read(a_finished_task(), None, 100).is_complete


def test_a_task_that_never_had_a_container_is_complete_at_once(logs: CloudWatchLogs) -> None:
    assert logs.read(lose(a_task(), NOON), None, 100).is_complete


def test_the_tail_is_the_last_lines_and_goes_on_from_there(client_of_logs: Any, logs: CloudWatchLogs) -> None:
    prints(client_of_logs, *(str(number) for number in range(9)))

    tail = logs.tail(a_running_task(), 3)
    prints(client_of_logs, "next")
    after = logs.read(a_running_task(), tail.position, 100)

    assert [line.message for line in tail.lines] == ["6", "7", "8"]
    assert [line.message for line in after.lines] == ["next"]


def test_the_tail_of_settled_output_is_complete(
    client_of_logs: Any, logs: CloudWatchLogs, clock: SetClock
) -> None:
    prints(client_of_logs, "one", "two", "three")
    clock.time = ENDED + timedelta(seconds=3.9)
    early = logs.tail(a_finished_task(), 2)
    clock.time = ENDED + timedelta(seconds=4)
    settled = logs.tail(a_finished_task(), 2)

    assert [line.message for line in settled.lines] == ["two", "three"]
    assert [early.is_complete, settled.is_complete] == [False, True]


def test_the_tail_of_a_running_task_is_not_complete_and_costs_nothing_more(
    client_of_logs: Any, clock: SetClock
) -> None:
    with Stubber(client_of_logs) as stub:
        stub.add_response("get_log_events", a_page("f/1", "one"))

        assert not CloudWatchLogs(client_of_logs, clock).tail(a_running_task(), 1).is_complete


@pytest.mark.parametrize("after", [("f/2",), ("f/2", "late")])
def test_a_tail_with_more_behind_it_is_not_complete(
    client_of_logs: Any, clock: SetClock, after: tuple[str, ...]
) -> None:
    clock.time = ENDED + timedelta(seconds=10)
    with Stubber(client_of_logs) as stub:
        stub.add_response("get_log_events", a_page("f/1", "one"))
        stub.add_response("get_log_events", a_page(*after))

        page = CloudWatchLogs(client_of_logs, clock).tail(a_finished_task(), 1)

    assert (page.is_complete, page.position) == (False, "f/1")


def test_empty_pages_before_the_next_line_are_passed_over(client_of_logs: Any, clock: SetClock) -> None:
    with Stubber(client_of_logs) as stub:
        for token in ("f/1", "f/2"):
            stub.add_response("get_log_events", a_page(token))
        stub.add_response("get_log_events", a_page("f/3", "late"))

        page = CloudWatchLogs(client_of_logs, clock).read(a_running_task(), None, 100)

    assert [line.message for line in page.lines] == ["late"]
    assert page.position == "f/3"


def a_page(token: str, *messages: str, came_in_at: datetime = NOON) -> dict[str, Any]:
    came_in = int(came_in_at.timestamp() * 1000)
    events = [{"timestamp": 0, "ingestionTime": came_in, "message": message} for message in messages]
    return {"events": events, "nextForwardToken": token, "nextBackwardToken": "b/0"}


def test_a_cursor_that_is_too_old_is_the_callers_to_renew(client_of_logs: Any, clock: SetClock) -> None:
    logs = CloudWatchLogs(client_of_logs, clock)
    with Stubber(client_of_logs) as stub:
        stub.add_client_error(
            "get_log_events", "InvalidParameterException", "The specified nextToken is invalid."
        )
        with pytest.raises(InvalidRequest, match="not valid any more"):
            logs.read(a_running_task(), "f/1", 100)


def reading(logs: CloudWatchLogs) -> LogPage:
    return logs.read(a_running_task(), None, 100)


def the_tail(logs: CloudWatchLogs) -> LogPage:
    return logs.tail(a_running_task(), 20)


@pytest.mark.parametrize("read", [reading, the_tail])
def test_a_group_that_may_not_be_read_is_named_with_the_parameter_to_change(
    client_of_logs: Any, clock: SetClock, read: Callable[[CloudWatchLogs], LogPage]
) -> None:
    with Stubber(client_of_logs) as stub:
        stub.add_client_error(
            "get_log_events", "AccessDeniedException", "not authorized to perform: logs:GetLogEvents", 400
        )
        with pytest.raises(OutputForbidden, match=f"{GROUP}.*logs:GetLogEvents") as refused:
            read(CloudWatchLogs(client_of_logs, clock))

    assert f"{GROUP} among its LogGroups" in str(refused.value.hint)


@pytest.mark.parametrize("code", ["ThrottlingException", "ServiceUnavailableException"])
def test_weather_is_not_a_bug(client_of_logs: Any, clock: SetClock, code: str) -> None:
    logs = CloudWatchLogs(client_of_logs, clock)
    with Stubber(client_of_logs) as stub:
        stub.add_client_error("get_log_events", code, "not now")
        with pytest.raises(Unavailable, match=code):
            logs.read(a_running_task(), None, 100)


def test_making_a_log_group_again_is_harmless(client_of_logs: Any) -> None:
    LogGroups(client_of_logs).make(GROUP)

    (group,) = client_of_logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 90
