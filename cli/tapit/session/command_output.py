"""The command's output on its way to stdout, which may be slower than the network."""

import os
import select
import stat

from tapit.session.screen import Screen

MOST_WAITING = 256 * 1024  # bytes; beyond, nothing is read from the other end
_PIPE_TAKES = 4096  # bytes that a pipe which is ready takes without blocking
_FILE_TAKES = 65536


class OutputBuffer:
    def __init__(self, file: int) -> None:
        self.screen = Screen()
        self.has_shown = False
        self._file = file
        self._waiting = bytearray()
        self._at_once = _FILE_TAKES if stat.S_ISREG(os.fstat(file).st_mode) else _PIPE_TAKES

    def fileno(self) -> int:
        return self._file

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING

    def put(self, output: bytes) -> None:
        self._waiting += output

    def write(self) -> None:
        """Write what stdout takes now; raise OSError when it is gone."""
        at = 0
        try:
            while at < len(self._waiting) and select.select([], [self], [], 0)[1]:
                some = bytes(self._waiting[at : at + self._at_once])
                written = os.write(self._file, some)
                self.screen.shows(some[:written])
                self.has_shown = True
                at += written
        except BlockingIOError:
            pass
        finally:
            del self._waiting[:at]
