"""Reads a task's output by offset, and finds its last lines and its times without reading all of it."""

import os
from bisect import bisect_right
from pathlib import Path

from local.supervisor.output_writer import TIME

_BLOCK = 65536


class OutputReader:
    """What the task has printed so far; nothing for a task that has not begun."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "output"
        self._times_path = folder / "output.times"

    def size(self) -> int:
        return _size_of(self._path)

    def read(self, offset: int, limit_bytes: int) -> bytes:
        return _read_at(self._path, offset, limit_bytes)

    def times(self, offset: int, end: int) -> list[tuple[int, int]]:
        """Return (offset, milliseconds) of the chunks that make up this range, in order.

        The first may begin before it; each holds until the next one's offset.
        """
        count = _size_of(self._times_path) // TIME.size
        first = max(bisect_right(range(count), offset, key=lambda index: self._record(index)[0]) - 1, 0)
        last = bisect_right(range(count), end - 1, key=lambda index: self._record(index)[0])
        data = _read_at(self._times_path, first * TIME.size, max(last - first, 0) * TIME.size)
        return [(at, milliseconds) for at, milliseconds in TIME.iter_unpack(data)]

    def start_of_last_lines(self, lines: int) -> int:
        """Return the offset where the last lines begin; an unfinished last line counts as one."""
        size = self.size()
        if lines <= 0 or size == 0:
            return size
        end = size - 1  # the newline that ends the last line begins no further one
        missing = lines
        while end > 0:
            start = max(0, end - _BLOCK)
            block = self.read(start, end - start)
            found = block.count(b"\n")
            if found >= missing:
                return start + _nth_last_newline(block, missing) + 1
            missing -= found
            end = start
        return 0

    def _record(self, index: int) -> tuple[int, int]:
        offset, milliseconds = TIME.unpack(_read_at(self._times_path, index * TIME.size, TIME.size))
        return offset, milliseconds


def _nth_last_newline(block: bytes, count: int) -> int:
    position = len(block)
    for _ in range(count):
        position = block.rindex(b"\n", 0, position)
    return position


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _read_at(path: Path, offset: int, limit_bytes: int) -> bytes:
    """A file may give less than was asked for before its end; this does not."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    parts: list[bytes] = []
    try:
        while limit_bytes > 0 and (part := os.pread(file, limit_bytes, offset)):
            parts.append(part)
            offset += len(part)
            limit_bytes -= len(part)
    finally:
        os.close(file)
    return b"".join(parts)
