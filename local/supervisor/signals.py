"""Which signals a supervisor hears, and how what it starts gets rid of what it ignores."""

import os
import signal

SIGCONT = int(signal.SIGCONT)
SIGHUP = int(signal.SIGHUP)
SIGKILL = int(signal.SIGKILL)
SIGSTOP = int(signal.SIGSTOP)
SIGTERM = int(signal.SIGTERM)

_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE)


def watch_signals() -> int:
    """Return a descriptor that becomes readable, holding signal numbers, on SIGCHLD and SIGTERM."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    os.set_blocking(write_end, False)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, _wake_up)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    return read_end


def ignore_children() -> None:
    """Have the system forget each child as it ends; a fork of this process must watch signals before it has its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def restore_defaults() -> None:
    """Undo, for the task's own process, whatever the server and Python ignore or block."""
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def die_by(number: int) -> None:
    """Have whoever waits for this process see that a signal ended it."""
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _wake_up(*_: object) -> None:
    """Do nothing: a handler must exist for the wake-up descriptor to be written to."""
