"""What only Linux does for its processes, asked for through its C library; elsewhere nothing happens."""

import os
import sys
from typing import Any

from local.supervisor.signals import SIGKILL

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36

_SIGACTION = {"x86_64": 13, "aarch64": 134, "riscv64": 134}  # the system call's number
_PRIVATE_SIGNALS = (32, 33)  # the C library refuses to touch them, yet lets what it spawns ignore them
_ALL_ZERO = bytes(64)  # the kernel's struct sigaction for SIG_DFL, which is smaller than this anywhere
_MASK_SIZE = 8


def load_c_library() -> Any:
    """Return None where it is not Linux's, or cannot be called."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes
    except ImportError:  # a Python built without libffi
        return None
    return ctypes.CDLL(None)


def adopt_orphans() -> bool:
    """Become the parent of every descendant whose own parent dies; return False where that cannot be."""
    return _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, or end it if that has happened already."""
    if _prctl(_SET_PARENT_DEATH_SIGNAL, SIGKILL) and os.getppid() != parent:
        os._exit(127)


def restore_private_signals() -> None:
    """Undo for the task what `signal` cannot; a machine we do not know is left as it is."""
    number = _SIGACTION.get(os.uname().machine)
    library = load_c_library()
    if library is None or number is None or sys.maxsize < 1 << 32:
        return
    for private in _PRIVATE_SIGNALS:
        library.syscall(number, private, _ALL_ZERO, None, _MASK_SIZE)


def _prctl(option: int, argument: int) -> bool:
    library = load_c_library()
    return library is not None and library.prctl(option, argument, 0, 0, 0) == 0
