"""Ctrl-C while a request is on its way: felt at once, and never lost."""

from __future__ import annotations

import os
import signal

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from tapit.home.client import Client


class Interrupts:
    """Raise KeyboardInterrupt for these signals, also from within a long request. What we were told to ignore we do.

    A signal that comes between Python's last look and the system call is only seen when the call returns, and an
    exception raised while an object is being finalized is dropped. The byte that Python writes into a pipe for
    each signal stays there, and the client looks at it before it waits.
    """

    def __init__(self, client: Client, *signals: signal.Signals) -> None:
        self._client = client
        self._signals = signals

    def __enter__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._client.interrupted_by = self._reader
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, _interrupt)
            for number in self._signals
            if signal.getsignal(number) is not signal.SIG_IGN  # in the background of a script: it stays so
        }

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._client.interrupted_by = None
        os.close(self._reader)
        os.close(self._writer)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
