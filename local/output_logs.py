"""Reads a task's output from its folder, line by line."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.task import Task
from chalicelib.ports import LogLine, LogPage
from local.run_folder import Exited, NotStarted, RunFolder, Running, State, Vanished
from local.run_folders import RunFolders

LONGEST_LINE = 256 * 1024
PAGE_BYTES = 1024 * 1024


class OutputLogs:
    """A position is the offset of the first byte that was not yet read."""

    def __init__(self, folders: RunFolders) -> None:
        self._folders = folders

    def read(self, task: Task, position: str | None, limit: int) -> LogPage:
        return self._read(task, _offset(position), limit)

    def tail(self, task: Task, lines: int) -> LogPage:
        folder = self._folders.of(task)
        if folder is None:
            return self._read(task, 0, lines)
        start = folder.output.start_of_last_lines(lines)
        return self._read(task, max(start, folder.output.size() - PAGE_BYTES), lines)

    def _read(self, task: Task, offset: int, limit: int) -> LogPage:
        folder = self._folders.of(task)
        if folder is None:
            return LogPage([], str(offset), is_complete=task.is_final)
        state = folder.state()  # before the output: what is over by now has written everything
        is_over = _is_over(state, task)
        data = folder.output.read(offset, PAGE_BYTES)
        pieces = _lines(data, limit, take_rest=is_over and len(data) < PAGE_BYTES)
        end = offset + sum(len(piece) for piece in pieces)
        is_complete = is_over and end >= folder.output.size()
        return LogPage(_dated(folder, offset, end, pieces), str(end), is_complete, _lost(state))


def _offset(position: str | None) -> int:
    if position is None:
        return 0
    if not position.isdecimal():
        raise InvalidRequest("The cursor is not one of ours.", {"cursor": "is not valid"})
    return int(position)


def _is_over(state: State, task: Task) -> bool:
    return isinstance(state, Exited | Vanished) or (isinstance(state, NotStarted) and task.is_final)


def _lines(data: bytes, limit: int, *, take_rest: bool) -> list[bytes]:
    """Cut into lines with their ends; an unfinished last one waits for its end, unless there will be none."""
    pieces: list[bytes] = []
    start = 0
    while start < len(data) and len(pieces) < limit:
        end = data.find(b"\n", start, start + LONGEST_LINE + 1) + 1
        if end == 0 and len(data) - start > LONGEST_LINE:
            end = _end_of_character(data, start + LONGEST_LINE)
        elif end == 0 and take_rest:
            end = len(data)
        elif end == 0:
            break
        pieces.append(data[start:end])
        start = end
    return pieces


def _end_of_character(data: bytes, end: int) -> int:
    """Step back to where a character of UTF-8 ends: it has three continuation bytes at the most."""
    for earlier in range(end, end - 4, -1):
        if data[earlier] & 0xC0 != 0x80:
            return earlier
    return end


def _dated(folder: RunFolder, offset: int, end: int, pieces: Sequence[bytes]) -> list[LogLine]:
    times = folder.output.times(offset, end) if pieces else []
    lines = []
    for piece in pieces:
        moment = times[max(0, bisect_right(times, offset, key=lambda time: time[0]) - 1)][1] if times else 0
        message = piece.removesuffix(b"\n").decode("utf-8", "replace")
        lines.append(LogLine(datetime.fromtimestamp(moment / 1000, UTC), message))
        offset += len(piece)
    return lines


def _lost(state: State) -> int:
    return state.lost_output_bytes if isinstance(state, Running | Exited) else 0
