"""What the kernel says of a control group's memory: how many it has killed for want of it, and whose want that was.

Both versions count in `oom_kill` what any killer took: the group's own, that of a group above it, the machine's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION_2 = ("memory.events",)
_LIMIT, _MOST = "memory.limit_in_bytes", "memory.max_usage_in_bytes"
_MOST_WITH_SWAP = "memory.memsw.max_usage_in_bytes"
VERSION_1 = ("memory.oom_control", _LIMIT, _MOST, _MOST_WITH_SWAP)
_GRAIN = 1 << 20  # bytes; the kernel gives memory out in batches, and refuses one that does not fit


@dataclass(frozen=True)
class MemoryKills:
    """`met_limit`: the group had all that it may have, at some time."""

    number: int
    met_limit: bool

    @property
    def are_machines(self) -> bool:
        """Say whether there are any, and it was not this group that had too much."""
        return self.number > 0 and not self.met_limit


def memory_kills(files: Mapping[str, str]) -> MemoryKills | None:
    """Read the files of one version, as far as there are any; None when they do not say."""
    counted = dict(line.split(" ", 1) for text in files.values() for line in text.splitlines() if " " in line)
    if "oom_kill" not in counted:
        return None
    return MemoryKills(int(counted["oom_kill"]), _met_limit(files, counted))


def _met_limit(files: Mapping[str, str], counted: Mapping[str, str]) -> bool:
    """Version 2 counts in `oom` how often it was at its limit, and in need; version 1 knows the most it ever had."""
    if "oom" in counted:
        return int(counted["oom"]) > 0
    most = max(int(files.get(name) or 0) for name in (_MOST, _MOST_WITH_SWAP))
    return most > int(files.get(_LIMIT) or 0) - _GRAIN
