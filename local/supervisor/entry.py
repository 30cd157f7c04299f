"""Makes sure that this is the only supervisor of its run folder, and answers the server, which waits for that alone."""

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

BEGUN = 0
ALREADY_BEGUN = 1
FAILED = 100  # added to the number of the system's error

_SERVER = 0  # standard input, and a socket, so that it takes the answer as well
_PATIENCE_WITH_THE_LOCK = 5.0  # seconds; whoever asks whether we live holds it for an instant


def main() -> None:
    """Answer BEGUN once all that is needed is held, and run the task; else ALREADY_BEGUN, or FAILED + errno."""
    spec = decode(_read_spec())
    files = _take_charge(spec)
    if isinstance(files, int):
        answer(_SERVER, files)
        return
    supervision = Supervision(spec.folder, spec, files)  # it knows the limit and hears signals from here on
    answer(_SERVER, BEGUN)
    _leave_home(spec.folder)
    supervision.run()


def answer(server: int, status: int) -> None:
    try:
        os.write(server, b"%d\n" % status)
    except OSError:  # it is gone, and will see for itself what was begun
        return


def has_begun(folder: str) -> bool:
    """Tell whether a task was ever started here; a second start must not run it again."""
    ended = f"{folder}/exit.json"
    return os.path.exists(reserved_name(ended)) or os.path.exists(ended)


def _take_charge(spec: Spec) -> RunFiles | int:
    try:
        lock = _lock(spec.folder)
        return _open_files(spec.folder, spec) if lock is not None else ALREADY_BEGUN
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
