"""Signals, and answers from other threads, as bytes to read: a loop that waits for input is woken by them."""

import os
import signal
import threading
from contextlib import suppress

ANSWER = 0  # no signal has this number


class Wakeup:
    """Between enter and exit these signals do nothing but to be read here."""

    def __init__(self, *signals: signal.Signals) -> None:
        self._signals = signals
        self._lock = threading.Lock()  # the number of a closed file may soon be another's

    def __enter__(self) -> "Wakeup":
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._fd_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, _only_noted) or signal.SIG_DFL
            for number in self._signals
            if signal.getsignal(number) is not signal.SIG_IGN  # nohup, or in the background: it stays so
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        with self._lock:
            os.close(self._reader)
            os.close(self._writer)
            self._writer = -1

    def fileno(self) -> int:
        return self._reader

    def ring(self) -> None:
        """From any thread; too late is as good as never."""
        with self._lock, suppress(BlockingIOError):  # full: it is going to be read
            if self._writer >= 0:
                os.write(self._writer, bytes([ANSWER]))

    def read(self) -> bytes:
        """The numbers of the signals that came, each once."""
        try:
            rung = os.read(self._reader, 4096)
        except BlockingIOError:
            return b""
        return bytes(dict.fromkeys(rung))


def _only_noted(_signal: int, _frame: object) -> None:
    pass
