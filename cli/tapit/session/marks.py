"""Finds, in the output of a session, the marks by which its script says how far it is; passes on all the rest."""

import re

LONGEST = 64  # bytes of a mark


class Mark:
    """`start`: it waits for its first line; `begin`, `done` (piped: nothing more is read), `exit` with its code."""

    def __init__(self, kind: str, value: int) -> None:
        self.kind = kind
        self.value = value


class Marks:
    """Marks may be split anywhere; only what could still become one is held back."""

    def __init__(self, nonce: str) -> None:
        name = re.escape(nonce.encode())
        self._mark = re.compile(rb"\x1b\]777;tapit-(start|begin|done|exit);" + name + rb";(\d{1,3})\x1b\\")
        self._whole = [
            b"\x1b]777;tapit-" + kind + b";" + nonce.encode() + b";"
            for kind in (b"start", b"begin", b"done", b"exit")
        ]
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes | Mark]:
        """Return output and marks in their order."""
        data = self._rest + data
        parts: list[bytes | Mark] = []
        at = 0
        for found in self._mark.finditer(data):
            if found.start() > at:
                parts.append(data[at : found.start()])
            parts.append(Mark(found[1].decode(), int(found[2])))
            at = found.end()
        held_from = self._start_of_possible_mark(data, at)
        if held_from > at:
            parts.append(data[at:held_from])
        self._rest = data[held_from:]
        return parts

    def flush(self) -> bytes:
        """What was held back, when nothing more can come."""
        rest, self._rest = self._rest, b""
        return rest

    def _start_of_possible_mark(self, data: bytes, at: int) -> int:
        position = data.find(b"\x1b", max(at, len(data) - LONGEST))
        while position >= 0:
            if self._could_become_mark(data[position:]):
                return position
            position = data.find(b"\x1b", position + 1)
        return len(data)

    def _could_become_mark(self, tail: bytes) -> bool:
        for head in self._whole:
            if head.startswith(tail):
                return True
            if tail.startswith(head):
                return re.fullmatch(rb"\d{0,3}\x1b?", tail[len(head) :]) is not None
        return False
