"""Telling a command's output from the marks around it: `ESC ]777;tapit-KIND;NONCE;VALUE ESC \\`.

The terminal at the other end writes them between the command's bytes, and a frame may end anywhere.
"""

import re
from collections.abc import Iterable, Iterator

START, BEGIN, DONE, EXIT = "start", "begin", "done", "exit"
KINDS = (START, BEGIN, DONE, EXIT)
MOST_WITHHELD = 16_384  # bytes before `begin`; more explains nothing
_ESC = 0x1B
_LONGEST_VALUE = 3  # an exit code


class Mark:
    def __init__(self, kind: str, value: str) -> None:
        self.kind = kind
        self.value = value


class Marks:
    """`withheld` is what came before the command began: it explains why it never did."""

    def __init__(self, nonce: str) -> None:
        self.withheld = b""
        self.has_begun = False
        self.is_over = False
        self._openings = tuple(f"\x1b]777;tapit-{kind};{nonce};".encode() for kind in KINDS)
        name = re.escape(nonce).encode()
        self._mark = re.compile(rb"\x1b\]777;tapit-(start|begin|done|exit);" + name + rb";([0-9]{0,3})\x1b\\")
        self._longest = max(map(len, self._openings)) + _LONGEST_VALUE + len(b"\x1b\\")
        self._held = b""

    def feed(self, some: bytes) -> Iterable[bytes | Mark]:
        """The command's output and the marks in it, in order; only what may become a mark waits for the next bytes."""
        if self.has_begun and not self.is_over and not self._held and _ESC not in some:
            return (some,)
        return self._told_apart(some)

    def _told_apart(self, some: bytes) -> Iterator[bytes | Mark]:
        text = self._held + some
        self._held = b""
        at = 0
        for found in self._mark.finditer(text) if _ESC in text else ():
            yield from self._output(text[at : found.start()])
            at = found.end()
            yield self._pass(Mark(found[1].decode(), found[2].decode()))
        rest = text[at:]
        holds_from = self._may_become_a_mark_from(rest)
        self._held = rest[holds_from:]
        yield from self._output(rest[:holds_from])

    def end(self) -> bytes:
        """What was held for a mark that does not come any more."""
        held, self._held = self._held, b""
        return b"".join(self._output(held))

    def _pass(self, mark: Mark) -> Mark:
        self.has_begun = self.has_begun or mark.kind == BEGIN
        self.is_over = self.is_over or mark.kind == EXIT
        return mark

    def _output(self, some: bytes) -> Iterator[bytes]:
        if not self.has_begun:
            self.withheld = (self.withheld + some)[-MOST_WITHHELD:]
        elif some and not self.is_over:
            yield some

    def _may_become_a_mark_from(self, text: bytes) -> int:
        at = text.find(_ESC, max(0, len(text) - self._longest))
        while at >= 0:
            if any(_is_beginning_of_mark(opening, text[at:]) for opening in self._openings):
                return at
            at = text.find(_ESC, at + 1)
        return len(text)


def _is_beginning_of_mark(opening: bytes, text: bytes) -> bool:
    if len(text) <= len(opening):
        return opening.startswith(text)
    value = text[len(opening) :]
    return text.startswith(opening) and re.fullmatch(rb"[0-9]{0,3}\x1b?", value) is not None
