"""Makes sure that this is the only supervisor of its run folder, then leaves the server's family.

The process the server started ends as soon as the supervisor proper, its fork, holds everything it needs; its exit
status is the server's answer. So the server waits for next to nothing, and no zombie of it remains.
"""

# pathlib would cost every supervisor 10 ms and 1 MB.
# ruff: noqa: PTH103, PTH110

import fcntl
import os
import resource
import time

from local.supervisor.files import ReservedFile, reserved_name
from local.supervisor.output import Output
from local.supervisor.spec import Spec, decode, to_bytes
from local.supervisor.supervision import RunFiles, Supervision

ALREADY_BEGUN = 2
FAILED = 100  # added to the number of the system's error

_PATIENCE_WITH_THE_LOCK = 5.0  # seconds; whoever asks whether we live holds it for an instant


def main(folder: str) -> int:
    """Return 0 when a supervisor holds the lock and runs the task, ALREADY_BEGUN, or FAILED + errno."""
    spec = decode(_read_spec())
    try:
        lock = _lock(folder)
        files = _open_files(folder, spec) if lock is not None else None
    except FileExistsError:
        return ALREADY_BEGUN
    except OSError as error:
        return FAILED + (error.errno or 0)
    if files is None:
        return ALREADY_BEGUN
    try:
        if os.fork():
            return 0
    except OSError as error:
        files.ended.discard()
        files.started.discard()
        return FAILED + (error.errno or 0)
    _leave_home(folder)
    Supervision(folder, spec, files).run()
    return 0


def has_begun(folder: str) -> bool:
    """Tell whether a task was ever started here; a second start must not run it again."""
    ended = f"{folder}/exit.json"
    return os.path.exists(reserved_name(ended)) or os.path.exists(ended)


def _read_spec() -> bytes:
    parts = []
    while part := os.read(0, 65536):
        parts.append(part)
    return b"".join(parts)


def _lock(folder: str) -> int | None:
    """Return the lock, which lives as long as this process and its fork, or None if there is another supervisor."""
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    patience = time.monotonic() + _PATIENCE_WITH_THE_LOCK
    while not has_begun(folder) and time.monotonic() < patience:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.001)
        else:
            return lock
    return None


def _open_files(folder: str, spec: Spec) -> RunFiles:
    """Take all the space that must not be missing later. Raise FileExistsError if the task was begun before."""
    if os.path.exists(f"{folder}/exit.json"):
        raise FileExistsError(f"{folder}/exit.json")
    ended = ReservedFile(f"{folder}/exit.json")
    try:
        return _open_the_rest(folder, spec, ended)
    except OSError:
        ended.discard()  # nothing has run yet: the same start may be tried again
        raise


def _open_the_rest(folder: str, spec: Spec, ended: ReservedFile) -> RunFiles:
    _make_fifo(f"{folder}/control")
    if spec.workdir == "":
        spec.workdir = f"{folder}/work"
        os.makedirs(to_bytes(spec.workdir), exist_ok=True)
    # Open for both ways, so that it never looks closed for want of a writer.
    control = os.open(f"{folder}/control", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    output = Output(folder)
    _reserve_stop(folder)
    return RunFiles(ReservedFile(f"{folder}/started.json"), ended, output, control)


def _reserve_stop(folder: str) -> None:
    """Make room for the server's request, which must get through when the task has filled the disk."""
    try:
        ReservedFile(f"{folder}/stop").close()
    except FileExistsError:  # left by a start that found no room for the rest
        return


def _make_fifo(path: str) -> None:
    try:
        os.mkfifo(path, 0o600)
    except FileExistsError:
        return


def _leave_home(folder: str) -> None:
    """Let go of the server's pipes and folders; what Python may have to complain about goes to a file."""
    os.chdir("/")
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    complaints = os.open(
        f"{folder}/supervisor.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
    )
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(complaints, 2)
    os.close(nothing)
    os.close(complaints)
