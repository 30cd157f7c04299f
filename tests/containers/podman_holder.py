"""Holds namespaces for a Podman of its own until its standard input ends; nothing is left then of all that ran there.

    podman_holder.py FOLDER     prints the id of the process to enter (`nsenter`); FOLDER is removed at the end

A namespace of processes, so that no container outlives the tests, however those end; one of mounts, for crun refuses
machines with control groups of both versions; one of networks, so that no bridge and no rule is left on the machine.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
ENDS_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
CONTROL_GROUPS = Path("/sys/fs/cgroup")
# The shell is the first process there, and collects the ends of those whose parent has gone. Daemons of the machine,
# with sockets in /run, have no part in this.
FIRST_PROCESS = """
set -e
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
mount -t tmpfs none /run
ip link set lo up
echo ready
exec >/dev/null
sleep infinity & wait
"""


def main(folder: Path) -> int:
    holder = subprocess.Popen(
        [*ENDS_WITH_US, *NAMESPACES, "bash", "-c", FIRST_PROCESS],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert holder.stdout is not None
        if holder.stdout.readline() != b"ready\n":
            return holder.wait()
        (first,) = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
        sys.stdout.write(f"{first}\n")
        sys.stdout.flush()
        sys.stdin.read()
        os.kill(int(first), signal.SIGKILL)  # and with it all that runs there
        holder.wait()
    finally:
        remove(folder)
    return 0


def remove(folder: Path) -> None:
    """Remove the folder, and the control groups of the containers in it."""
    containers = [path.name for path in folder.glob("root/overlay-containers/*") if path.is_dir()]
    for group in groups_of(containers):
        for nested in sorted(group.rglob("*/"), reverse=True):
            with suppress(OSError):
                nested.rmdir()
        with suppress(OSError):
            group.rmdir()
    shutil.rmtree(folder, ignore_errors=True)


def groups_of(containers: list[str]) -> Iterator[Path]:
    for parent in [*CONTROL_GROUPS.glob("libpod_parent"), *CONTROL_GROUPS.glob("*/libpod_parent")]:
        for container in containers:
            yield from parent.glob(f"libpod-*{container}*")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
