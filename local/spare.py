"""A piece of disk kept free, so that what became of tasks can still be written down when the disk is full."""

from contextlib import suppress
from pathlib import Path

SIZE = 4 * 1024 * 1024  # bytes: some hundred changes of records


class Spare:
    """A file of zeros that is given up for more important things."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> None:
        """Take the room, if there is that much."""
        if self._path.exists():
            return
        try:
            self._path.touch(mode=0o600)
            self._path.write_bytes(bytes(SIZE))
        except OSError:
            self.release()

    def release(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
