"""The files of one run, opened before the task starts, while failing is still harmless."""

import os

from local.supervisor.atomic_files import ReservedFile, reserved_name, write_whole
from local.supervisor.output_writer import OutputWriter
from local.supervisor.spec import Spec, to_bytes

SHOWS_LIFE_EVERY = 30.0  # seconds, or a little more
_OF_USE_WHILE_IT_RUNS = (
    "agent.sock",
    "control",
    "lost",
    "max_seconds",
    "started.json",
    reserved_name("started.json"),
    "stop",
    reserved_name("stop"),
    "waiting_for",
)


class RunFiles:
    def __init__(
        self,
        folder: str,
        lock: int,
        started: ReservedFile,
        ended: ReservedFile,
        output: OutputWriter,
        control: int,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self.started = started
        self.ended = ended
        self.output = output
        self.control = control

    def show_life(self) -> None:
        """Leave a trace of this moment: should the machine go down, the task ran until about then."""
        try:
            os.utime(self._lock)
        except OSError:  # as good as it can be
            return

    def tell(self, number: int, what: str) -> None:
        """Say what the task waits for before its start; a full disk just keeps it unsaid."""
        try:
            write_whole(f"{self._folder}/waiting_for", to_bytes(f"{number} {what}"))
        except OSError:
            return

    def tidy_up(self) -> None:
        """What steered the task, or told of it while it ran, is no longer needed now that its end is on record."""
        if not os.path.exists(f"{self._folder}/exit.json"):
            return
        for name in _OF_USE_WHILE_IT_RUNS:
            _remove(f"{self._folder}/{name}")


def has_begun(folder: str) -> bool:
    """Tell whether a task was ever started here; a second start must not run it again."""
    ended = f"{folder}/exit.json"
    return os.path.exists(reserved_name(ended)) or os.path.exists(ended)


def open_files(spec: Spec, lock: int) -> RunFiles:
    """Take all the space that must not be missing later. Raise FileExistsError if the task was begun before."""
    folder = spec.folder
    if os.path.exists(f"{folder}/exit.json"):
        raise FileExistsError(f"{folder}/exit.json")
    ended = ReservedFile(f"{folder}/exit.json")
    try:
        return _open_the_rest(spec, lock, ended)
    except OSError:
        ended.discard()  # nothing has run yet: the same start may be tried again
        raise


def _open_the_rest(spec: Spec, lock: int, ended: ReservedFile) -> RunFiles:
    folder = spec.folder
    _make_fifo(f"{folder}/control")
    if spec.workdir == "":
        spec.workdir = f"{folder}/work"
        os.makedirs(to_bytes(spec.workdir), exist_ok=True)
    # Open for both ways, so that it never looks closed for want of a writer.
    control = os.open(f"{folder}/control", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    output = OutputWriter(folder)
    _reserve_stop(folder)
    return RunFiles(folder, lock, ReservedFile(f"{folder}/started.json"), ended, output, control)


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


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
