"""What AWS's agent makes of a command's output before it sends it: characters of UTF-8, and no byte order of its own.

Bytes that are no UTF-8 pass as they are. A character U+FFFD that was really there does not: of its three bytes the
first is sent, for the agent takes it for the sign of a broken one.
"""

_BROKEN = b"\xef\xbf\xbd"
_LONGEST_CHARACTER = 4  # bytes


class AgentOutput:
    """The last bytes wait for more when they may be half a character; at the end they are lost."""

    def __init__(self) -> None:
        self._waiting = b""

    def passes(self, some: bytes) -> bytes:
        text, at, out = self._waiting + some, 0, bytearray()
        if text.isascii():
            self._waiting = b""
            return text
        while at < len(text):
            size = _size_of_character(text[at : at + _LONGEST_CHARACTER])
            if size is None or text[at : at + size] == _BROKEN:
                if len(text) - at < _LONGEST_CHARACTER:
                    break
                out.append(text[at])
                at += size or 1
            else:
                out += text[at : at + size]
                at += size
        self._waiting = text[at:]
        return bytes(out)


def _size_of_character(text: bytes) -> int | None:
    """None for what is no whole character."""
    for size in range(1, len(text) + 1):
        try:
            text[:size].decode()
        except UnicodeDecodeError:
            continue
        return size
    return None
