"""A Podman that only these tests use: as Debian installs it, without systemd, and gone with the tests.

CannotRun     there is none on this machine, or it may not run here; the message says why
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from tests.containers.answering import answers
from tests.local.supervisor.supervised_task import GENEROUS, children_of, until

INIT = "tini-static"
PROGRAMS = ("podman", "crun", "conmon", "ip", "iptables", "nsenter", "unshare")
NAMESPACES = ("unshare", "--mount", "--net")
HOLDER = Path(__file__).with_name("podman_holder.py")
REGISTRY, CLOSED_REGISTRY, NO_REGISTRY = "127.0.0.1:5000", "127.0.0.1:5001", "127.0.0.1:5009"
SILENT_REGISTRY = "127.0.0.1:5010"
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
log_driver = "k8s-file"
[engine]
init_path = "{init}"
cgroup_manager = "cgroupfs"
events_logger = "file"
network_backend = "netavark"
[network]
network_config_dir = "{folder}/networks"
"""
REGISTRIES_CONF = "unqualified-search-registries = []\n" + "".join(
    f'[[registry]]\nlocation = "{location}"\ninsecure = true\n'
    for location in (REGISTRY, CLOSED_REGISTRY, NO_REGISTRY, SILENT_REGISTRY)
)


class CannotRun(Exception):
    pass


class Podman:
    """Its `folder` has all it keeps; `host` is what DOCKER_HOST is to be for it."""

    def __init__(self, folder: Path, init: str = INIT) -> None:
        self.folder = folder
        self._init = init
        self._holder: subprocess.Popen[str] | None = None
        self._service = 0

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/engine.sock"

    @property
    def pid(self) -> int:
        """Return whom it runs under, in namespaces of its own."""
        assert self._holder is not None
        return self._holder.pid

    @property
    def log(self) -> str:
        return (self.folder / "engine.log").read_text()

    def open(self, room: int | None) -> None:
        """Raise CannotRun when this machine does not let it."""
        self._configure()
        with (self.folder / "engine.log").open("ab") as log:
            self._holder = subprocess.Popen(
                [*NAMESPACES, sys.executable, HOLDER, self.folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for the tests, which then let go of it
            )
        assert self._holder.stdout is not None
        if not self._holder.stdout.readline():
            raise CannotRun(f"no namespaces can be made here: {self.log.strip()}")
        if room is not None:
            self._root.mkdir()
            self.give_room(room)
        self.start()

    def close(self) -> None:
        """Leave nothing of it on this machine: no process, no mount, no file."""
        if self._holder is not None:
            self._holder.communicate(timeout=GENEROUS)
        shutil.rmtree(self.folder, ignore_errors=True)  # where there never was a holder

    def start(self) -> None:
        """Return once it answers."""
        service = self.run_inside(*self._podman, "system", "service", "--time=0", self.host)
        until(lambda: answers(self.host) or not is_alive(service))
        if not is_alive(service):
            raise CannotRun(f"Podman ended at once: {self.log.strip()}")
        self._service = service

    def kill(self) -> None:
        """End it as a crash would. Its containers go on."""
        kill(self._service)

    def restart(self) -> None:
        self.kill()
        self.start()

    def reboot(self) -> None:
        """Lose what runs, and what is kept in memory, as all does with its machine."""
        assert self._holder is not None
        while running := children_of(self._holder.pid):
            for process in running:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder / "run")
        subprocess.run([*self._enter, "mount", "-t", "tmpfs", "none", "/run"], check=True)
        for mounted in self._mounted():
            subprocess.run([*self._enter, "umount", "--lazy", mounted], check=True)
        self.start()

    def run_inside(self, *words: str) -> int:
        """Start a program where the containers' network is, and return its process; what it says goes into the log."""
        assert self._holder is not None
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.write(f"{json.dumps(words)}\n")
        self._holder.stdin.flush()
        return int(self._holder.stdout.readline())

    def command(self, *words: str) -> str:
        """Return what `podman WORDS` prints."""
        return subprocess.run(
            [*self._enter, *self._podman, *words],
            check=True,
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=GENEROUS,
        ).stdout

    def give_room(self, megabytes: int) -> None:
        """Let its images and containers have so much room, on the disk of their own that they have with `room`."""
        is_mounted = str(self._root) in self._inside("cat", "/proc/self/mounts")
        options = f"{'remount,' if is_mounted else ''}size={megabytes}m"
        self._inside("mount", "-t", "tmpfs", "-o", options, "none", str(self._root))

    def fill_disk(self) -> None:
        """Take all the room that is left, until it is freed."""
        self._inside("sh", "-c", f"cat /dev/zero >{self._root}/filler || true")

    def free_disk(self) -> None:
        self._inside("rm", f"{self._root}/filler")

    def _inside(self, *words: str) -> str:
        return subprocess.run([*self._enter, *words], check=True, capture_output=True, text=True).stdout

    @property
    def _root(self) -> Path:
        return self.folder / "root"

    def _mounted(self) -> list[str]:
        """Return where something is mounted in its folder, what is within before what it is within."""
        mounts = Path(f"/proc/{self.pid}/mounts").read_text().splitlines()
        return [line.split()[1] for line in reversed(mounts) if line.split()[1].startswith(f"{self.folder}/")]

    @property
    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "--mount", "--net"]

    @property
    def _podman(self) -> list[str]:
        return ["podman", f"--root={self._root}", f"--runroot={self.folder}/run"]

    @property
    def _environment(self) -> Mapping[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),  # where it leaves files when it pushes an image
            "CONTAINERS_CONF": f"{self.folder}/containers.conf",
            "CONTAINERS_REGISTRIES_CONF": f"{self.folder}/registries.conf",
        }

    def _configure(self) -> None:
        files, processes = (
            min(resource.getrlimit(kind)[1] % (1 << 63), 20_000)  # what nobody limits is -1
            for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC)
        )
        (self.folder / "containers.conf").write_text(
            CONTAINERS_CONF.format(
                files=files, processes=processes, init=shutil.which(self._init), folder=self.folder
            )
        )
        (self.folder / "registries.conf").write_text(REGISTRIES_CONF)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def kill(pid: int) -> None:
    """Return once it is over."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_alive(pid))


@contextmanager
def podman(room: int | None = None, init: str = INIT) -> Iterator[Podman]:
    """Run one until the block ends, or this process does, with so many megabytes for what it keeps, or no bound.

    `init` is the program that its containers begin with. Raise CannotRun when this machine does not let it.
    """
    if missing := [program for program in (*PROGRAMS, init) if shutil.which(program) is None]:
        raise CannotRun(f"there is no {', no '.join(missing)} on this machine")
    if os.geteuid() != 0:
        raise CannotRun("only root may run a Podman of the tests' own")
    engine = Podman(Path(mkdtemp(prefix="tapit-podman-")), init)
    try:
        engine.open(room)
        yield engine
    finally:
        engine.close()
