"""The output of a session between pipes, which travels as lines of base64: other bytes would not all arrive."""

import binascii
from collections.abc import Iterator

_GROUP = 4  # characters of base64 that are up to three bytes


class EncodedOutput:
    """What is no base64 comes from the script that carries the command, and is to be shown beside its output."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, some: bytes) -> Iterator[tuple[bytes, bool]]:
        """What arrived with a whole line, each with whether it is output."""
        text, newline, rest = some.rpartition(b"\n")
        if not newline:
            self._rest += some
            return
        lines, self._rest = self._rest + text, rest
        try:
            yield _decoded(lines.replace(b"\n", b"")), True
        except binascii.Error:
            yield from (_told_apart(line) for line in lines.splitlines())

    def end(self) -> bytes:
        """What there is of a line that does not end any more."""
        whole = self._rest[: len(self._rest) - len(self._rest) % _GROUP]
        self._rest = b""
        return _told_apart(whole)[0]


def _told_apart(line: bytes) -> tuple[bytes, bool]:
    try:
        return _decoded(line), True
    except binascii.Error:
        return line + b"\n", False


def _decoded(text: bytes) -> bytes:
    """Raise binascii.Error. Padding ends a group, and not all: output is encoded as it came."""
    parts, at = [], 0
    while (padding := text.find(b"=", at)) >= 0:
        end = padding - padding % _GROUP + _GROUP
        parts.append(binascii.a2b_base64(text[at:end], strict_mode=True))
        at = end
    parts.append(binascii.a2b_base64(text[at:], strict_mode=True))
    return b"".join(parts)
