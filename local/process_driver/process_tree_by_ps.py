"""The same questions put to `ps`, for machines without /proc such as macOS. Unverified there.

macOS shows the environment of the user's own processes only, and of none of the system's own programs.
"""

import os
import subprocess

PS = "/bin/ps"
_KILOBYTE = 1024


def parents() -> list[tuple[int, int]]:
    return [(int(pid), int(parent)) for pid, parent in _rows("-axo", "pid=,ppid=")]


def resident_bytes(processes: list[int]) -> int:
    wanted = set(processes)
    return sum(int(size) * _KILOBYTE for pid, size in _rows("-axo", "pid=,rss=") if int(pid) in wanted)


def tagged(tag: str, task_id: str) -> list[int]:
    mark, own = f"{tag}={task_id}", os.getpid()
    rows = _rows("-axwwE", "-o", "pid=,command=")
    return [int(words[0]) for words in rows if mark in words and int(words[0]) != own]


def _rows(*options: str) -> list[list[str]]:
    """Return the words of each line, which begins with a process id, but for the line of `ps` itself."""
    arguments = [PS, *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, errors="replace") as ps:
        listing, _ = ps.communicate()
    rows = (line.split() for line in listing.splitlines())
    return [row for row in rows if row[0] != str(ps.pid)]
