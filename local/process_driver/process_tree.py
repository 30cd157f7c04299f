"""Which processes belong to a task, how much memory they hold, and how to end them.

Linux tells through /proc. Anywhere else `ps` is asked, which is unverified.
"""

import os
import sys

from local.supervisor.spec import TASK_ID

HAS_PROC = sys.platform == "linux"
# Kernels may be built without these lists.
_LISTS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def descendants(root: int) -> list[int]:
    """Return the ids of every process below this one; those that come or go meanwhile may be missed."""
    children_of = _children if _LISTS_CHILDREN else _parentage().__getitem__
    seen: dict[int, None] = {}
    waiting = [root]
    while waiting:
        fresh = [child for child in children_of(waiting.pop()) if child not in seen]
        seen.update(dict.fromkeys(fresh))
        waiting.extend(fresh)
    return list(seen)


def tagged(task_id: str) -> list[int]:
    """Return the ids of all processes, except this one, that were born with the task's id in their environment."""
    if not HAS_PROC:
        from local.process_driver.process_tree_by_ps import tagged as tagged_by_ps

        return tagged_by_ps(TASK_ID, task_id)
    mark = f"\0{TASK_ID}={task_id}\0".encode()
    own = os.getpid()
    return [
        pid for pid in _all_processes() if pid != own and mark in b"\0" + read_proc(f"/proc/{pid}/environ")
    ]


def send(signal: int, processes: list[int]) -> None:
    """Signal each of them; one that is gone, or is not ours, is passed over."""
    for pid in processes:
        try:
            os.kill(pid, signal)
        except (ProcessLookupError, PermissionError):
            continue


def resident_bytes(processes: list[int]) -> int:
    """Add up what is in memory; pages they share are counted once for each."""
    if not HAS_PROC:
        from local.process_driver.process_tree_by_ps import resident_bytes as resident_by_ps

        return resident_by_ps(processes)
    fields = (read_proc(f"/proc/{pid}/statm").split() for pid in processes)
    return sum(int(field[1]) * _PAGE for field in fields if field)


def proportional_bytes(processes: list[int]) -> int:
    """Add up what is in memory, shared pages divided among their users; exact, and slower to find out."""
    if not HAS_PROC:
        return resident_bytes(processes)
    return sum(_proportional_bytes(pid) for pid in processes)


def _proportional_bytes(pid: int) -> int:
    for line in read_proc(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return resident_bytes([pid])


def _children(pid: int) -> list[int]:
    """Each thread has a list of its own."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    lists = (read_proc(f"/proc/{pid}/task/{thread}/children") for thread in threads)
    return [int(child) for children in lists for child in children.split()]


class _Parentage(dict[int, list[int]]):
    def __missing__(self, _: int) -> list[int]:
        return []


def _parentage() -> _Parentage:
    """Return every process's children, from one look at all processes."""
    found = _Parentage()
    for pid, parent in _parents():
        found.setdefault(parent, []).append(pid)
    return found


def _parents() -> list[tuple[int, int]]:
    if not HAS_PROC:
        from local.process_driver.process_tree_by_ps import parents

        return parents()
    # The name before the last bracket may hold brackets and spaces itself.
    stats = ((pid, read_proc(f"/proc/{pid}/stat").rpartition(b")")[2].split()) for pid in _all_processes())
    return [(pid, int(fields[1])) for pid, fields in stats if fields]


def _all_processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read_proc(path: str) -> bytes:
    """Return nothing for a process that is gone or not ours to look at."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    parts = []
    try:
        while part := os.read(file, 65536):
            parts.append(part)
    except OSError:
        return b""
    finally:
        os.close(file)
    return b"".join(parts)
