"""Makes processes that find the world as a task's main process does."""

import os
import signal
from collections.abc import Mapping

from local.supervisor.signals import restore_defaults

_SHELL = b"/bin/sh"
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def start_command(command: str, environment: Mapping[bytes, bytes]) -> int:
    """Run the task's command as its supervisor would, in a session of its own, and return its id."""
    hold_signals()
    try:
        child = os.fork()
        if child == 0:
            _become_command(command, environment)
    finally:
        release_signals()
    return child


def _become_command(command: str, environment: Mapping[bytes, bytes]) -> None:
    try:
        os.setsid()
        become([_SHELL, b"-c", os.fsencode(command)], environment)
    finally:
        os._exit(_NOT_FOUND)


def hold_signals() -> None:
    """A request to stop that comes between fork and exec must not be lost: the child takes it in `become`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def become(argv: "list[bytes]", environment: Mapping[bytes, bytes]) -> None:
    """Never return."""
    restore_defaults()
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - no shell is what was asked for
    except OSError as error:
        os.write(2, b"tapit: " + argv[0] + b": " + os.strerror(error.errno or 0).encode() + b"\n")
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        os._exit(_NOT_FOUND if missing else _NOT_EXECUTABLE)
