"""What everything that keeps tasks' output promises to those who read it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from chalicelib.domain import ids
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.ports import LogPage, Logs
from local.process_driver.leftovers import kill_leftovers
from local.process_driver.process_driver import FORK_SERVER
from local.runs.output_logs import OutputLogs
from local.runs.run_folder import RunFolder
from local.runs.run_folders import RunFolders
from local.runs.run_start import TaskToRun, start_run
from local.runs.supervisor_starter import SupervisorStarter
from tests.builders import NOON, a_starting_task, a_task
from tests.local.supervisor.supervised_task import ENVIRONMENT, GENEROUS, until

EVERYTHING = 10_000
LONGEST_LINE = 256 * 1024
JUST_BEFORE = timedelta(seconds=1)  # what prints may round the time


class Output(Protocol):
    """A home's logs, with its own ways of having a task print."""

    logs: Logs

    def of_an_ended_task(self, printed: bytes) -> Task: ...

    def of_a_running_task(self, printed: bytes) -> Task: ...


class LocalOutput:
    """Real tasks print it, under real supervisors."""

    def __init__(self, place: Path) -> None:
        self.logs: Logs = OutputLogs(RunFolders(place / "runs"))
        self._place = place
        self._starter = SupervisorStarter(FORK_SERVER)
        self._folders: list[RunFolder] = []

    def of_an_ended_task(self, printed: bytes) -> Task:
        task, folder = self._start(printed, "cat")
        until((folder.path / "exit.json").exists)
        return task.but(status=Status.SUCCEEDED)

    def of_a_running_task(self, printed: bytes) -> Task:
        task, folder = self._start(printed, "sleep 1000 & cat; wait")
        until(lambda: folder.output.size() == len(printed))
        return task.but(status=Status.RUNNING)

    def clean_up(self) -> None:
        for folder in self._folders:
            until(partial(_is_gone, folder))
        self._starter.close()

    def _start(self, printed: bytes, command: str) -> tuple[Task, RunFolder]:
        task = a_starting_task(id=ids.new_id(NOON))
        (self._place / task.id).write_bytes(printed)
        folder = RunFolders(self._place / "runs").named(task.id, 1)
        self._folders.append(folder)
        to_run = TaskToRun(
            command=f"cat {self._place / task.id}; {command} </dev/null",
            environment=ENVIRONMENT,
            server_pipe=self._place / "nobody",
            stop_timeout=GENEROUS,
        )
        assert start_run(folder, to_run, self._starter)
        return task, folder


def _is_gone(folder: RunFolder) -> bool:
    return not kill_leftovers(folder) and not folder.is_alive()


@pytest.fixture(params=["local"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Output]:
    local = LocalOutput(tmp_path)
    yield local
    local.clean_up()


def messages(page: LogPage) -> list[str]:
    return [line.message for line in page.lines]


def read(output: Output, task: Task, position: str | None = None, limit: int = EVERYTHING) -> LogPage:
    return output.logs.read(task, position, limit)


def all_messages(output: Output, task: Task, limit: int = EVERYTHING) -> list[str]:
    page = read(output, task, limit=limit)
    found = messages(page)
    while not page.is_complete:
        page = read(output, task, page.position, limit)
        found += messages(page)
    return found


def test_an_ended_tasks_output_is_complete(output: Output) -> None:
    page = read(output, output.of_an_ended_task(b"one\ntwo\n"))

    assert (messages(page), page.is_complete) == (["one", "two"], True)


def test_a_running_tasks_output_may_go_on(output: Output) -> None:
    page = read(output, output.of_a_running_task(b"one\n"))

    assert (messages(page), page.is_complete) == (["one"], False)


def test_a_lines_time_is_when_it_was_printed(output: Output) -> None:
    before = datetime.now(UTC) - JUST_BEFORE
    (line,) = read(output, output.of_an_ended_task(b"one\n")).lines

    assert before <= line.time <= datetime.now(UTC)


def test_an_unfinished_line_waits_for_its_end(output: Output) -> None:
    task = output.of_a_running_task(b"one\ntw")
    page = read(output, task)

    assert messages(page) == ["one"]
    assert messages(read(output, task, page.position)) == []


def test_an_unfinished_line_is_a_line_once_nothing_can_follow(output: Output) -> None:
    assert all_messages(output, output.of_an_ended_task(b"one\ntw")) == ["one", "tw"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_page_by_page_nothing_is_lost_or_repeated(output: Output, limit: int) -> None:
    task = output.of_an_ended_task(b"one\n\ntwo\nthree\nfour\n")

    assert all_messages(output, task, limit) == ["one", "", "two", "three", "four"]


def test_a_page_with_a_limit_is_not_complete_until_the_last_line_was_given(output: Output) -> None:
    task = output.of_an_ended_task(b"one\ntwo\n")
    first = read(output, task, limit=1)
    last = read(output, task, first.position, limit=1)

    assert (first.is_complete, last.is_complete) == (False, True)


def test_reading_on_after_the_end_gives_nothing_and_stays_complete(output: Output) -> None:
    task = output.of_an_ended_task(b"one\n")
    end = read(output, task).position

    page = read(output, task, end)

    assert (messages(page), page.position, page.is_complete) == ([], end, True)


def test_a_task_that_prints_nothing_is_complete_once_it_ended(output: Output) -> None:
    page = read(output, output.of_an_ended_task(b""))

    assert (messages(page), page.is_complete) == ([], True)


@pytest.mark.parametrize("status", [Status.PENDING, Status.STOPPED])
def test_a_task_that_was_never_launched_has_no_output(output: Output, status: Status) -> None:
    page = read(output, a_task(status=status))

    assert (messages(page), page.is_complete) == ([], status is Status.STOPPED)


@pytest.mark.parametrize("position", ["", "nonsense", "-1", "1.5"])
def test_a_position_that_is_none_of_ours_is_refused(output: Output, position: str) -> None:
    with pytest.raises(InvalidRequest):
        read(output, a_starting_task(), position)


# What lines may look like


def test_characters_arrive_unchanged(output: Output) -> None:
    text = "grüße\t🎉 \x1b[31mred\x1b[0m\r\n\r\x0b\x0c\x85\u2028x\n"

    assert all_messages(output, output.of_an_ended_task(text.encode())) == text.split("\n")[:-1]


def test_what_is_no_utf8_is_replaced(output: Output) -> None:
    assert all_messages(output, output.of_an_ended_task(b"a\xffb\xc3\nc\n")) == ["a\ufffdb\ufffd", "c"]


@pytest.mark.parametrize("length", [LONGEST_LINE - 1, LONGEST_LINE])
def test_a_line_as_long_as_may_be_stays_one(output: Output, length: int) -> None:
    assert all_messages(output, output.of_an_ended_task(b"x" * length + b"\ny\n")) == ["x" * length, "y"]


@pytest.mark.parametrize("length", [LONGEST_LINE + 1, 2 * LONGEST_LINE, 5 * LONGEST_LINE + 7])
def test_a_longer_line_is_split_and_nothing_of_it_lost_or_added(output: Output, length: int) -> None:
    *pieces, after = all_messages(output, output.of_an_ended_task(b"x" * length + b"\ny\n"))

    assert ("".join(pieces), after) == ("x" * length, "y")
    assert len(pieces) == -(-length // LONGEST_LINE)


def test_a_long_line_is_not_split_within_a_character(output: Output) -> None:
    text = "x" + "é" * LONGEST_LINE

    assert "".join(all_messages(output, output.of_an_ended_task(text.encode()))) == text


def test_a_long_unfinished_line_of_a_running_task_is_not_held_back(output: Output) -> None:
    page = read(output, output.of_a_running_task(b"x" * (LONGEST_LINE + 5)))

    assert messages(page) == ["x" * LONGEST_LINE]


# The last lines


@pytest.mark.parametrize(
    ("lines", "expected"), [(1, ["three"]), (2, ["two", "three"]), (3, ["one", "two", "three"])]
)
@pytest.mark.parametrize("end", [b"", b"\n"], ids=["unfinished", "finished"])
def test_the_last_lines_are_found(output: Output, lines: int, expected: list[str], end: bytes) -> None:
    page = output.logs.tail(output.of_an_ended_task(b"one\ntwo\nthree" + end), lines)

    assert (messages(page), page.is_complete) == (expected, True)


def test_more_last_lines_than_there_are_is_all_of_them(output: Output) -> None:
    assert messages(output.logs.tail(output.of_an_ended_task(b"one\ntwo\n"), 1000)) == ["one", "two"]


def test_what_stands_in_an_unfinished_line_is_shown_to_who_asks_for_it(output: Output) -> None:
    task = output.of_a_running_task(b"whole\nhal\xc3")

    page = output.logs.read(task, None, EVERYTHING, unfinished=True)
    text = output.logs.read_text(task, None, unfinished=True)

    assert (messages(page), page.is_unfinished) == (["whole", "hal"], True)
    assert (text.text, text.is_unfinished, text.position) == ("whole\nhal", True, page.position)
    assert messages(output.logs.read(task, page.position, EVERYTHING, unfinished=True)) == []


@pytest.mark.parametrize("unfinished", [False, True])
def test_nothing_is_unfinished_when_all_is_over(output: Output, *, unfinished: bool) -> None:
    task = output.of_an_ended_task(b"whole\nhal\xc3")

    page = output.logs.read(task, None, EVERYTHING, unfinished=unfinished)
    text = output.logs.read_text(task, None, unfinished=unfinished)

    assert (messages(page), page.is_unfinished, page.is_complete) == (["whole", "hal\ufffd"], False, True)
    assert (text.text, text.is_unfinished, text.is_complete) == ("whole\nhal\ufffd\n", False, True)


def test_the_tail_behind_a_very_long_line_is_its_end(output: Output) -> None:
    printed = b"first\n" + b"x" * (LONGEST_LINE * 3 + 1) + b"\nlast but one\nlast\n"

    for lines in (1, 2, 3):
        page = output.logs.tail(output.of_an_ended_task(printed), lines)

        assert messages(page)[-min(lines, 2) :] == ["last but one", "last"][-lines:]
        assert "first" not in messages(page)


def test_text_is_what_the_lines_are_and_goes_on_where_lines_do(output: Output) -> None:
    task = output.of_an_ended_task(b"one\n\nthree \xc3\xa4\nno end")

    first = output.logs.read(task, None, 1)
    rest = output.logs.read_text(task, first.position)
    whole = output.logs.read_text(task, None)

    assert (messages(first), rest.text, whole.text) == (
        ["one"],
        "\nthree ä\nno end\n",
        "one\n\nthree ä\nno end\n",
    )


def test_text_comes_in_whole_lines_until_it_is_complete(output: Output) -> None:
    printed = b"".join(b"%07d\n" % number for number in range(20_000)) + b"the end"
    task = output.of_an_ended_task(printed)

    text, position = "", None
    while True:
        page = output.logs.read_text(task, position)
        assert page.text.endswith("\n") or page.is_complete
        text, position = text + page.text, page.position
        if page.is_complete:
            break

    assert text == printed.decode() + "\n"


def test_bytes_that_are_no_text_are_replaced_in_text_as_in_lines(output: Output) -> None:
    task = output.of_an_ended_task(b"a\xffb\n")

    assert output.logs.read_text(task, None).text == messages(output.logs.read(task, None, 1))[0] + "\n"


def test_an_unfinished_line_is_not_in_the_text_yet(output: Output) -> None:
    task = output.of_a_running_task(b"whole\nhalf")

    assert output.logs.read_text(task, None).text == "whole\n"


def test_the_tail_of_a_long_output_is_its_end(output: Output) -> None:
    long_lines = b"".join(b"%06d" % number + b"x" * 2000 + b"\n" for number in range(1000))

    page = output.logs.tail(output.of_an_ended_task(long_lines), 1000)

    assert messages(page)[-1].startswith("000999")
    assert page.is_complete


def test_reading_goes_on_after_the_last_lines(output: Output) -> None:
    task = output.of_a_running_task(b"one\ntwo\n")

    page = output.logs.tail(task, 1)

    assert messages(page) == ["two"]
    assert messages(read(output, task, page.position)) == []
    assert not page.is_complete


@pytest.mark.parametrize("status", [Status.PENDING, Status.STOPPED])
def test_a_task_that_was_never_launched_has_no_last_lines(output: Output, status: Status) -> None:
    assert messages(output.logs.tail(a_task(status=status), 10)) == []
