"""What a person, or a pipe, has to say to the other side."""

import base64
import os

from tapit.session.escapes import Escapes

END_OF_INPUT = b"\x04"
_CHUNK = 48 * 1024
_BYTES_A_LINE = 384  # 512 characters of base64; a terminal takes lines of up to 4095


class Keyboard:
    """Keys as they are typed."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._escapes = Escapes()
        self.wants_out = False
        self.has_ended = False

    def fileno(self) -> int:
        return self._source

    def read(self, now: float) -> bytes:
        """Return what is to be sent."""
        typed = os.read(self._source, _CHUNK)
        self.has_ended = not typed
        passed = self._escapes.feed(typed, now)
        self.wants_out = self._escapes.wants_out
        return passed

    def finish(self) -> bytes:
        return b""


class Pipe:
    """Bytes of any kind, through a terminal that would act on some of them: as lines of base64."""

    wants_out = False

    def __init__(self, source: int) -> None:
        self._source = source
        self._rest = b""
        self.has_ended = False

    def fileno(self) -> int:
        return self._source

    def read(self, now: float) -> bytes:  # noqa: ARG002 - as a keyboard has it
        data = os.read(self._source, _CHUNK)
        if not data:
            return self.finish()
        self._rest += data
        whole = len(self._rest) - len(self._rest) % 3  # padding may only come at the very end
        ready, self._rest = self._rest[:whole], self._rest[whole:]
        return _lines(ready)

    def finish(self) -> bytes:
        """The rest, and the end; nothing more is read after that."""
        if self.has_ended:
            return b""
        self.has_ended = True
        return _lines(self._rest) + END_OF_INPUT


def _lines(data: bytes) -> bytes:
    pieces = (data[at : at + _BYTES_A_LINE] for at in range(0, len(data), _BYTES_A_LINE))
    return b"".join(base64.b64encode(piece) + b"\n" for piece in pieces)
