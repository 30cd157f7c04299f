"""Reads a task's output from its folder, line by line."""

import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.task import Task
from chalicelib.ports import LogLine, LogPage, LogText
from local.runs.run_folder import Exited, NotStarted, RunFolder, Running, State, Vanished
from local.runs.run_folders import RunFolders

LONGEST_LINE = 256 * 1024
PAGE_BYTES = 1024 * 1024
TEXT_BYTES = 4 * 1024 * 1024


class OutputLogs:
    """A position is the offset of the first byte that was not yet read."""

    def __init__(self, folders: RunFolders) -> None:
        self._folders = folders

    def read(self, task: Task, position: str | None, limit: int, *, unfinished: bool = False) -> LogPage:
        return self._read(task, _offset(position), limit, unfinished=unfinished)

    def read_text(self, task: Task, position: str | None, *, unfinished: bool = False) -> LogText:
        offset = _offset(position)
        folder = self._folders.of(task)
        if folder is None:
            return LogText("", str(offset), is_complete=task.is_final)
        part = _part(folder, task, offset, TEXT_BYTES)
        length = part.whole_characters() if unfinished else part.whole_lines()
        end = offset + length
        text = part.data[:length].decode("utf-8", "replace")
        is_unfinished = length > 0 and not text.endswith("\n")
        if part.is_last and is_unfinished:
            text, is_unfinished = f"{text}\n", False
        is_complete = part.is_over and end >= folder.output.size()
        return LogText(text, str(end), is_complete, _lost(part.state), is_unfinished)

    def tail(self, task: Task, lines: int) -> LogPage:
        folder = self._folders.of(task)
        if folder is None:
            return self._read(task, 0, lines)
        start = max(folder.output.start_of_last_lines(lines), folder.output.size() - TEXT_BYTES)
        return self._read(
            task, start, sys.maxsize, TEXT_BYTES
        )  # to the end, in however many pieces long lines come

    def _read(
        self, task: Task, offset: int, limit: int, limit_bytes: int = PAGE_BYTES, *, unfinished: bool = False
    ) -> LogPage:
        folder = self._folders.of(task)
        if folder is None:
            return LogPage([], str(offset), is_complete=task.is_final)
        part = _part(folder, task, offset, limit_bytes)
        data = part.data[: part.whole_characters()] if unfinished else part.data
        pieces = _lines(data, limit, take_rest=part.is_last or unfinished)
        end = offset + sum(len(piece) for piece in pieces)
        is_complete = part.is_over and end >= folder.output.size()
        is_unfinished = not part.is_last and bool(pieces) and not pieces[-1].endswith(b"\n")
        return LogPage(
            _dated(folder, offset, end, pieces), str(end), is_complete, _lost(part.state), is_unfinished
        )


@dataclass(frozen=True)
class _Part:
    """What there is of the output from an offset on; `is_last` means that it ends where the output does, for good."""

    data: bytes
    state: State
    is_over: bool
    is_last: bool

    def whole_characters(self) -> int:
        """Return how many bytes there are without a last character that is only half there."""
        if self.is_last or not self.data:
            return len(self.data)
        begun = _end_of_character(self.data, len(self.data) - 1)  # where the last character begins
        needs = 1 + sum(self.data[begun] >= lead for lead in (0xC0, 0xE0, 0xF0))
        return begun if begun + needs > len(self.data) else len(self.data)

    def whole_lines(self) -> int:
        """Return how many bytes are whole lines; a line that is longer than all there is room for is cut."""
        if self.is_last:
            return len(self.data)
        end = self.data.rfind(b"\n") + 1
        if end == 0 and len(self.data) > LONGEST_LINE:
            return _end_of_character(self.data, len(self.data) - 1)
        return end


def _part(folder: RunFolder, task: Task, offset: int, limit_bytes: int) -> _Part:
    state = folder.state()  # before the output: what is over by now has written everything
    is_over = _is_over(state, task)
    data = folder.output.read(offset, limit_bytes)
    return _Part(data, state, is_over, is_over and len(data) < limit_bytes)


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
