"""What a container prints: read from the engine as it comes, and handed on without ever waiting for a reader.

Outputs of a container without a terminal come in frames: a byte that names the stream, three of padding, four with the
length of what follows. docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerAttach
"""

import os
import struct
from socket import MSG_DONTWAIT, MSG_PEEK
from typing import Any

_HEADER = struct.Struct(">BxxxL")
_CHUNK = 65536


class ContainerOutput:
    """`source` is readable when there is something to `hear`; it stays the same file when the line is another."""

    def __init__(self, line: Any, output: int) -> None:
        self._line = line
        self._output = os.dup(output)
        os.set_blocking(self._output, False)
        self.source = os.dup(line.fileno())
        self.is_at_end = False
        self.taken = 0  # bytes of both streams together
        self._is_framed = True
        self._frame_left = 0
        self._header = b""
        self._waiting = bytearray()
        self._never_written: int | None = None

    @property
    def is_passed_on(self) -> bool:
        return self.is_at_end and not self._waiting

    @property
    def is_from_record(self) -> bool:
        return not self._is_framed

    def go_on_with(self, line: Any) -> None:
        """Read on from a line without frames, which begins where the one that has ended broke off."""
        self._line.close()
        self._line, self._is_framed = line, False
        os.dup2(line.fileno(), self.source)
        self.is_at_end = False

    def first_words(self) -> bytes | None:
        """Return how a line begins that nothing was taken from, and leave it there; None before anything has come."""
        try:
            return bytes(self._line.recv(_CHUNK, MSG_PEEK | MSG_DONTWAIT)[_HEADER.size :])
        except BlockingIOError:
            return None
        except OSError:  # the engine is gone
            return b""

    def hear(self) -> None:
        """Take what the source has, once all that came before is handed on."""
        if not self._waiting and not self.is_at_end:
            self._take()
        self.pass_on()

    def pass_on(self) -> None:
        """Hand on as much as is taken now."""
        try:
            while self._waiting:
                del self._waiting[: os.write(self._output, self._waiting[:_CHUNK])]
        except BlockingIOError:
            return

    def take_rest(self) -> None:
        """Take what there is until the line ends; whoever asked for this wants it all."""
        while not self.is_at_end:
            self._take()

    def give_up(self) -> None:
        """Expect no more."""
        if not self.is_at_end:
            self._end()

    def rest(self) -> bytes:
        """Return what nobody has read yet."""
        left, self._waiting = bytes(self._waiting), bytearray()
        return left

    def _take(self) -> None:
        try:
            data = self._line.recv(_CHUNK)
        except OSError:  # the engine is gone
            data = b""
        if not data:
            self._end()
        payload = self._unframed(data) if self._is_framed else data
        self.taken += len(payload)
        self._waiting += payload

    def _unframed(self, data: bytes) -> bytes:
        """Return what is in the frames, however they are cut."""
        parts = []
        while data:
            if self._frame_left:
                part = data[: self._frame_left]
                parts.append(part)
                self._frame_left -= len(part)
                data = data[len(part) :]
                continue
            missing = _HEADER.size - len(self._header)
            self._header, data = self._header + data[:missing], data[missing:]
            if len(self._header) == _HEADER.size:
                _, self._frame_left = _HEADER.unpack(self._header)
                self._header = b""
        return b"".join(parts)

    def _end(self) -> None:
        """Leave a file in the place of the line that is never readable, for whoever still waits for it."""
        self.is_at_end = True
        quiet, never_written = os.pipe()
        os.dup2(quiet, self.source)
        os.close(quiet)
        if self._never_written is not None:
            os.close(self._never_written)
        self._never_written = never_written
