"""What Linux tells of processes: whose children, how they ended, what SIGTERM is to them, which pipes they are at."""

import os
import stat
from collections.abc import Iterable, Sequence
from functools import cached_property

from local.process_driver.process_tree import read_proc
from local.supervisor.signals import SIGTERM

_SHELLS = frozenset({"sh", "ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "yash", "zsh"})
_ENDED = (b"Z", b"X")
_STOPPED = (b"T", b"t")
_MASKS = (b"SigIgn:", b"SigCgt:")
_STDIN, _STDOUT, _STDERR = 0, 1, 2

Pipe = tuple[int, int]  # device and inode


class Process:
    """As it was when it was looked at; of its signals, program and pipes, when it is asked for them."""

    def __init__(self, pid: int, fields: Sequence[bytes]) -> None:
        """`fields` are those of /proc/PID/stat from the third one on."""
        self.pid = pid
        self.is_alive = fields[0] not in _ENDED
        self.is_stopped = fields[0] in _STOPPED
        self.parent = int(fields[1])
        self.has_terminal = int(fields[4]) != 0
        self.began = (int(fields[19]), pid)  # in the order of their beginnings
        self._wait_status = int(fields[49])

    @property
    def wait_status(self) -> int | None:
        """How it ended, which nobody may have asked for yet; None of another user's, of whom the kernel says 0."""
        return self._wait_status if self._wait_status or self._is_ours else None

    @property
    def is_shell(self) -> bool:
        try:
            return os.path.basename(os.readlink(f"/proc/{self.pid}/exe")) in _SHELLS
        except OSError:
            return False

    @property
    def ends_by_sigterm(self) -> bool:
        """Whether it neither handles nor ignores the signal."""
        lines = (line.split() for line in read_proc(f"/proc/{self.pid}/status").splitlines())
        masks = [int(words[1], 16) for words in lines if words and words[0] in _MASKS]
        return bool(masks) and not any(mask >> (SIGTERM - 1) & 1 for mask in masks)

    @cached_property
    def input_pipe(self) -> Pipe | None:
        return _pipe(self.pid, _STDIN)

    @cached_property
    def output_pipes(self) -> Sequence[Pipe | None]:
        return _pipe(self.pid, _STDOUT), _pipe(self.pid, _STDERR)

    def is_fed_by(self, other: "Process") -> bool:
        """Whether it reads what the other one writes, as the stages of a pipeline do."""
        return self.pid != other.pid and self.input_pipe is not None and self.input_pipe in other.output_pipes

    @property
    def _is_ours(self) -> bool:
        try:
            return os.stat(f"/proc/{self.pid}").st_uid == os.geteuid()
        except OSError:
            return False


class Family:
    """Processes as they were at one moment; the dead are those whose parents have not waited for them yet."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._by_pid = {pid: found for pid in pids if (found := _look_at(pid)) is not None}
        self.alive = [process for process in self._by_pid.values() if process.is_alive]
        self.dead = [process for process in self._by_pid.values() if not process.is_alive]

    def living(self, pid: int) -> Process | None:
        found = self._by_pid.get(pid)
        return found if found is not None and found.is_alive else None

    def children(self, parent: int) -> list[Process]:
        """Return the living and the dead."""
        return [process for process in self._by_pid.values() if process.parent == parent]

    def below(self, root: int) -> list[Process]:
        """Return the living among it and its descendants, parents before their children."""
        found = [self._by_pid[root]] if root in self._by_pid else []
        for process in found:
            found.extend(self.children(process.pid))
        return [process for process in found if process.is_alive]

    def writers(self, reader: Process) -> list[Process]:
        return [process for process in self.alive if reader.is_fed_by(process)] if reader.input_pipe else []


def _look_at(pid: int) -> Process | None:
    # The name before the last bracket may hold brackets and spaces itself.
    fields = read_proc(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return Process(pid, fields) if fields else None


def _pipe(pid: int, descriptor: int) -> Pipe | None:
    try:
        found = os.stat(f"/proc/{pid}/fd/{descriptor}")
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISFIFO(found.st_mode) else None
