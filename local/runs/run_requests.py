"""How a running task is steered: requests that its supervisor reads from files, and so cannot miss."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from local.runs.run_folder import RunFolder
from local.supervisor.atomic_files import FULL, write_into_reserved, write_whole, write_whole_or_over

_LIMIT_WIDTH = 32  # always, so that one can be written over another


def request_stop(folder: RunFolder, reason: str) -> None:
    """Have the task ended: SIGTERM, and SIGKILL after its stop timeout. The first reason is kept.

    Asked for before the start, it lets nothing run. Once the task has begun it works on a full disk as well, and on one
    that has become read-only, where the reason is lost.
    """
    with _unless_it_is_over(folder):
        try:
            _write_stop(folder, str(folder.path / "stop"), reason.encode())
        except OSError:
            if not _signal(folder, signal.SIGTERM):
                raise
    _poke(folder)


def in_seconds(max_hours: float | None) -> float | None:
    return None if max_hours is None else timedelta(hours=max_hours).total_seconds()


def set_time_limit(folder: RunFolder, seconds: float | None) -> None:
    """Set the limit, counted from the start; None is no limit. Works on a full disk once it was set before."""
    text = "none" if seconds is None else repr(float(seconds))
    with _unless_it_is_over(folder):
        if not folder.has_exited():
            write_whole_or_over(str(folder.path / "max_seconds"), text.ljust(_LIMIT_WIDTH).encode())
    _poke(folder)


@contextmanager
def _unless_it_is_over(folder: RunFolder) -> Iterator[None]:
    """A task that has ended meanwhile needs no request any more, and has removed the room kept for it."""
    try:
        yield
    except OSError:
        if not folder.has_exited():
            raise


def _write_stop(folder: RunFolder, request: str, reason: bytes) -> None:
    if folder.has_exited() or Path(request).exists():
        return
    try:
        write_whole(request, reason)
    except OSError as error:
        if error.errno not in FULL:
            raise
        write_into_reserved(request, reason)


def _poke(folder: RunFolder) -> None:
    """Have the supervisor look at its files now, even if somebody stopped it; unheard, it looks within two seconds."""
    _signal(folder, signal.SIGCONT)
    try:
        control = os.open(folder.path / "control", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # not made yet, or nobody there to read
        return
    with suppress(OSError):
        os.write(control, b"!")
    os.close(control)


def _signal(folder: RunFolder, number: signal.Signals) -> bool:
    """Return whether there was a supervisor to send it to."""
    supervisor = folder.supervisor_pid()
    if supervisor is None:
        return False
    with suppress(ProcessLookupError, PermissionError):
        os.kill(supervisor, number)
        return True
    return False
