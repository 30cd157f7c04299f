"""Ways to leave a session that does not answer: `~.` after Enter, or Ctrl-C four times within a second."""

from collections import deque

CTRL_C = 0x03
PRESSES, WITHIN = 4, 1.0
_TILDE, _DOT = ord("~"), ord(".")
_ENTER = b"\r\n"


class Impatience:
    """Whether somebody pressed Ctrl-C so often that it is meant for us."""

    def __init__(self) -> None:
        self._pressed: deque[float] = deque(maxlen=PRESSES)

    def press(self, now: float) -> bool:
        self._pressed.append(now)
        return len(self._pressed) == PRESSES and now - self._pressed[0] <= WITHIN


class Escapes:
    """`leaves` once one of them was typed; nothing after it is passed on."""

    def __init__(self) -> None:
        self.leaves = False
        self._impatience = Impatience()
        self._after_enter = True
        self._has_tilde = False

    def passed_on(self, typed: bytes, now: float) -> bytes:
        """What of it goes to the command: all but escapes; a tilde after Enter waits for the key that follows."""
        out = bytearray()
        for key in typed:
            if self.leaves:
                break
            self._take(key, now, out)
        return bytes(out)

    def _take(self, key: int, now: float, out: bytearray) -> None:
        if self._has_tilde:
            self._has_tilde = False
            if key == _DOT:
                self.leaves = True
                return
            out.append(_TILDE)
            if key == _TILDE:
                self._after_enter = False
                return
        elif key == _TILDE and self._after_enter:
            self._has_tilde = True
            return
        out.append(key)
        self._after_enter = key in _ENTER
        self.leaves = key == CTRL_C and self._impatience.press(now)
