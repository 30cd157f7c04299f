"""Makes sure that this is the only supervisor of its run folder, and answers the server, which waits for that alone."""

import fcntl
import os
import resource
import time

from local.supervisor.driven_task import MakeDrivenTask
from local.supervisor.run_files import RunFiles, has_begun, open_files
from local.supervisor.spec import Spec, decode
from local.supervisor.supervision import Supervision

BEGUN = 0
ALREADY_BEGUN = 1
FAILED = 100  # added to the number of the system's error

_SERVER = 0  # standard input, and a socket, so that it takes the answer as well
_PATIENCE_WITH_THE_LOCK = 5.0  # seconds; whoever asks whether we live holds it for an instant


def main(make_task: MakeDrivenTask) -> None:
    """Answer BEGUN once all that is needed is held, and run the task; else ALREADY_BEGUN, or FAILED + errno."""
    spec = decode(_read_spec())
    files = _take_charge(spec)
    if isinstance(files, int):
        answer(_SERVER, files)
        return
    supervision = Supervision(spec, files, make_task)  # it knows the limit and hears signals from here on
    answer(_SERVER, BEGUN)
    _detach(spec.folder)
    supervision.run()


def answer(server: int, status: int) -> None:
    try:
        os.write(server, b"%d\n" % status)
    except OSError:  # it is gone, and will see for itself what was begun
        return


def _take_charge(spec: Spec) -> RunFiles | int:
    try:
        lock = _lock(spec.folder)
        return open_files(spec, lock) if lock is not None else ALREADY_BEGUN
    except FileExistsError:
        return ALREADY_BEGUN
    except OSError as error:
        return FAILED + (error.errno or 0)


def _read_spec() -> bytes:
    parts = []
    while part := os.read(_SERVER, 65536):
        parts.append(part)
    return b"".join(parts)


def _lock(folder: str) -> int | None:
    """Return the lock, which lives as long as this process, or None if there is another supervisor."""
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    patience = time.monotonic() + _PATIENCE_WITH_THE_LOCK
    while not has_begun(folder) and time.monotonic() < patience:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.001)
        else:
            os.pwrite(lock, b"%d\n" % os.getpid(), 0)  # whom to wake, or to end, should it stand still
            return lock
    return None


def _detach(folder: str) -> None:
    """Let go of the server's socket and folders; what Python may have to complain about goes to a file."""
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
