"""Holds a Podman of its own until its standard input ends; nothing is left then of all that it started.

    unshare --mount --net podman_holder.py FOLDER

Each line that it reads is a program to start, as words in JSON; it answers with the id of the process. What they print
goes to FOLDER/engine.log; FOLDER is removed at the end. A namespace of mounts is for crun, which refuses machines with
control groups of both versions; one of networks, so that no bridge and no rule is left on the machine.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")
PR_SET_CHILD_SUBREAPER = 36


def main(folder: Path) -> int:
    adopt_orphans()
    make_room()
    try:
        say(0)
        for line in sys.stdin:
            say(start(json.loads(line), folder))
    finally:
        kill_all()
        remove(folder)
    return 0


def adopt_orphans() -> None:
    """Whoever monitors a container leaves the engine, and becomes our child."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGCHLD, lambda *_: collect())


def make_room() -> None:
    """Daemons of the machine, with sockets in /run, have no part in this."""
    if os.path.ismount(CONTROL_GROUPS / "unified"):
        subprocess.run(["umount", CONTROL_GROUPS / "unified"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def start(words: list[str], folder: Path) -> int:
    with (folder / "engine.log").open("ab") as log:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder).pid


def say(pid: int) -> None:
    sys.stdout.write(f"{pid}\n")
    sys.stdout.flush()


def collect() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def kill_all() -> None:
    """Return once we have no child any more: the children of who is killed become ours."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        collect()
        time.sleep(0.005)


def remove(folder: Path) -> None:
    """Remove the folder, what is mounted in it, and the control groups of its containers."""
    containers = [path.name for path in folder.glob("root/overlay-containers/*") if path.is_dir()]
    for group in groups_of(containers):
        for nested in sorted(group.rglob("*/"), reverse=True):
            with suppress(OSError):
                nested.rmdir()
        with suppress(OSError):
            group.rmdir()
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        if line.split()[1].startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def groups_of(containers: list[str]) -> Iterator[Path]:
    for parent in [*CONTROL_GROUPS.glob("libpod_parent"), *CONTROL_GROUPS.glob("*/libpod_parent")]:
        for container in containers:
            yield from parent.glob(f"libpod-*{container}*")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
