"""What only Linux does for its processes, asked for through prctl; elsewhere nothing happens."""

import os
import sys

from local.supervisor.signals import SIGKILL

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Become the parent of every descendant whose own parent dies; return False where that cannot be."""
    return _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, or end it if that has happened already."""
    if _prctl(_SET_PARENT_DEATH_SIGNAL, SIGKILL) and os.getppid() != parent:
        os._exit(127)


def _prctl(option: int, argument: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        import ctypes
    except ImportError:  # a Python built without libffi
        return False
    result: int = ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)
    return result == 0
