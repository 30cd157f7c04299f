"""Watches what is typed for the two ways out of a session that hangs."""

from collections import deque

TIMES, WITHIN = 4, 1.0  # Ctrl-C so often within so many seconds
CTRL_C = 0x03
_NEW_LINE = b"\r\n"


class Interruptions:
    """Counts Ctrl-C."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=TIMES)

    def count(self, now: float) -> bool:
        """Return whether this was one too many."""
        self._times.append(now)
        return len(self._times) == TIMES and now - self._times[0] <= WITHIN


class Escapes:
    """`~.` at the start of a line leaves, `~~` types one `~`; every other key goes through as it is."""

    def __init__(self) -> None:
        self._interruptions = Interruptions()
        self._at_line_start = True
        self._after_tilde = False
        self.wants_out = False

    def feed(self, typed: bytes, now: float) -> bytes:
        """Return what is for the other side."""
        passed = bytearray()
        for key in typed:
            if self._after_tilde:
                self._after_tilde = False
                if key == ord("."):
                    self.wants_out = True
                    break
                passed.append(ord("~"))
                if key == ord("~"):
                    self._at_line_start = False
                    continue
            elif self._at_line_start and key == ord("~"):
                self._after_tilde = True
                continue
            if key == CTRL_C and self._interruptions.count(now):
                self.wants_out = True
                break
            passed.append(key)
            self._at_line_start = key in _NEW_LINE
        return bytes(passed)
