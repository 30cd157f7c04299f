"""What a command has switched on at the terminal and not off again, for a session that ends before it could."""

import re

_MODE = re.compile(rb"\x1b\[\?([0-9;]{1,40})([hl])")
_BEGINNING = re.compile(rb"\x1b(\[(\?[0-9;]{0,40})?)?\Z")
_LONGEST = 44
_HIDDEN_CURSOR = 25  # the one that is on when nothing happened
# Cursor keys, mouse reports in all their forms, focus reports, alternate screens, bracketed paste.
_RESET = (1, 9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 47, 1047, 1049, 2004)
_ATTRIBUTES = b"\x1b[0m\x1b(B\x0f\x1b>"


class Screen:
    """To be shown all that the terminal is."""

    def __init__(self) -> None:
        self._on: set[int] = set()
        self._cursor_is_hidden = False
        self._beginning = b""
        self._last = b"\n"

    def shows(self, output: bytes) -> None:
        if not output:
            return
        self._last = output[-1:]
        text = self._beginning + output
        if b"\x1b" not in text:
            self._beginning = b""
            return
        for numbers, letter in _MODE.findall(text):
            for number in filter(None, numbers.split(b";")):
                self._switch(int(number), on=letter == b"h")
        beginning = _BEGINNING.search(text, max(0, len(text) - _LONGEST))
        self._beginning = beginning[0] if beginning else b""

    def _switch(self, mode: int, *, on: bool) -> None:
        if mode == _HIDDEN_CURSOR:
            self._cursor_is_hidden = not on
        elif mode in _RESET and on:
            self._on.add(mode)
        else:
            self._on.discard(mode)

    def tidying(self) -> bytes:
        """What brings the terminal back, the cursor at the beginning of a line; for one that is no longer raw."""
        off = b"".join(b"\x1b[?%dl" % mode for mode in _RESET if mode in self._on)
        cursor = b"\x1b[?25h" if self._cursor_is_hidden else b""
        return _ATTRIBUTES + off + cursor + (b"" if self._last == b"\n" else b"\n")
