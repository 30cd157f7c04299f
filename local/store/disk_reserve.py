"""A piece of disk kept free, so that what became of tasks can still be written down when the disk is full."""

import os
from contextlib import suppress
from pathlib import Path

SIZE = 4 * 1024 * 1024  # bytes: some hundred changes of records


class DiskReserve:
    """A file of zeros that is given up for more important things."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_given_up = False

    def keep(self) -> None:
        """Take the room, if there is as much again for records: else it would be given up with the next of them."""
        if self._path.exists():
            return
        try:
            if _room_beside(self._path) < 2 * SIZE:
                return
            self._path.touch(mode=0o600)
            self._path.write_bytes(bytes(SIZE))
            self._is_given_up = False
        except OSError:
            self.release()

    def release(self) -> None:
        self._is_given_up = True
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def regain(self) -> None:
        """Take the room again that was given up, once there is some."""
        if self._is_given_up:
            self.keep()


def _room_beside(path: Path) -> int:
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize
