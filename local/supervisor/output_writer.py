"""The task's output on the disk: its bytes, when they came, and how many found no room."""

import errno
import os
import struct

TIME = struct.Struct("<QQ")  # offset of a chunk's first byte, milliseconds since the epoch
FINEST_TIME = 10  # milliseconds; chunks that come closer together share a record
LOST_DIGITS = 20
LEFT_TO_RECORDS = 4 << 20  # bytes of the disk, or a part of a small one, that output does not take
_PART_OF_A_SMALL_DISK = 8

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class OutputWriter:
    """Never raises for want of room: a task does not fail because its log cannot grow.

    Nor does it take the last room: on a disk that a task fills, what became of it and of others is still written down.
    """

    def __init__(self, folder: str) -> None:
        self._file = os.open(f"{folder}/output", _APPEND, 0o600)
        self._times = os.open(f"{folder}/output.times", _APPEND, 0o600)
        self._lost_file = os.open(f"{folder}/lost", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = 0
        self._times_size = 0
        self._last_time = -FINEST_TIME
        self._ends_line = True
        self._unreported = 0
        self._why = ""
        self.lost = 0
        self._show_lost()  # its space is taken now: there will be none when it matters

    def write(self, chunk: bytes, now: float) -> None:
        self.report_gap()
        offset = self._size
        written = 0 if self._unreported else self._append(chunk)
        if written:
            self._note_time(offset, int(now * 1000))
        if written < len(chunk):
            self._lose(len(chunk) - written)

    def report_gap(self) -> None:
        """Say in the output itself what is missing there, as soon as there is room for all of the sentence."""
        if not self._unreported:
            return
        note = f"[tapit: {self._unreported} bytes of output lost: {self._why}]\n".encode()
        if not self._ends_line:
            note = b"\n" + note
        before, ended_line = self._size, self._ends_line
        if self._append(note) == len(note):
            self._unreported = 0
            return
        self._size, self._ends_line = before, ended_line
        _cut(self._file, before)

    def _append(self, data: bytes) -> int:
        """Return how many bytes found room."""
        if self._is_the_last_room():
            self._why = os.strerror(errno.ENOSPC).lower()
            return 0
        written = 0
        while written < len(data):
            try:
                written += os.write(self._file, data[written:])
            except OSError as error:
                self._why = os.strerror(error.errno or 0).lower()
                break
        if written:
            self._size += written
            self._ends_line = data[written - 1] == ord("\n")
        return written

    def _is_the_last_room(self) -> bool:
        try:
            disk = os.fstatvfs(self._file)
        except OSError:
            return False
        part_of_it = disk.f_blocks * disk.f_frsize // _PART_OF_A_SMALL_DISK
        return disk.f_bavail * disk.f_frsize < min(LEFT_TO_RECORDS, part_of_it)

    def _lose(self, count: int) -> None:
        self.lost += count
        self._unreported += count
        self._show_lost()

    def _show_lost(self) -> None:
        try:
            os.pwrite(self._lost_file, f"{self.lost:0{LOST_DIGITS}}\n".encode(), 0)
        except OSError:  # a courtesy while the task runs; the exit record has the figure too
            return

    def _note_time(self, offset: int, milliseconds: int) -> None:
        """A chunk whose record finds no room is dated like the one before it."""
        if 0 <= milliseconds - self._last_time < FINEST_TIME:
            return
        try:
            written = os.write(self._times, TIME.pack(offset, milliseconds))
        except OSError:
            return
        if written < TIME.size:
            _cut(self._times, self._times_size)
            return
        self._times_size += TIME.size
        self._last_time = milliseconds


def _cut(file: int, size: int) -> None:
    """Take back half a record; on a disk that refuses even that, it stays."""
    try:
        os.ftruncate(file, size)
    except OSError:
        return
