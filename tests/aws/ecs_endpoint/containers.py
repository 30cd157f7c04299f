"""A container: a process group of its own, whose first process's end is the end of all."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread, Timer

from tests.aws.ecs_endpoint.sinks import LogLine, LogSink

LONGEST_EVENT = 262_118  # bytes; what the awslogs driver splits longer lines at
KILLED = 137
MARK = "EMULATED_CONTAINER"


class CannotStartContainer(Exception):
    """There is no such program, or it may not be run."""


@dataclass(frozen=True)
class LogStream:
    """Where a container's output goes; None of it is kept without one."""

    sink: LogSink
    group: str
    name: str


@dataclass(frozen=True)
class ContainerPlan:
    arguments: Sequence[str]
    environment: dict[str, str]
    working_directory: str | None
    stop_timeout: float
    log: LogStream | None


class Container:
    def __init__(self, plan: ContainerPlan) -> None:
        self._plan = plan
        self._folder = TemporaryDirectory(prefix="container-")
        self._process = self._start()
        self._beside: list[subprocess.Popen[str]] = []
        self._reader = Thread(target=self._read_output, daemon=True)
        self._reader.start()

    @property
    def environment(self) -> dict[str, str]:
        return self._plan.environment

    @property
    def folder(self) -> str:
        wanted = self._plan.working_directory
        return wanted if wanted and Path(wanted).is_dir() else self._folder.name

    def beside(self, process: "subprocess.Popen[str]") -> None:
        """Let another process end with it."""
        self._beside.append(process)

    def wait(self) -> int:
        """Return the exit code as a container's: 128 and the signal's number when one ended it."""
        status = self._process.wait()
        self.kill()  # nobody outlives a container's first process
        self._reader.join()
        self._folder.cleanup()
        return status if status >= 0 else 128 - status

    def stop(self) -> None:
        """Return at once; SIGKILL follows SIGTERM after the stop timeout."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        killer = Timer(self._plan.stop_timeout, self.kill)
        killer.daemon = True
        killer.start()

    def kill(self) -> None:
        for pid in (self._process.pid, *(process.pid for process in self._beside)):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        for pid in self._strays():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _strays(self) -> list[int]:
        """What left the group: without a namespace of its own it is known by a variable that it inherited."""
        mark = f"{MARK}={self._folder.name}".encode()
        return [pid for pid in _all_processes() if mark in _environment_of(pid)]

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._plan.arguments,
                env={**self._plan.environment, MARK: self._folder.name},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            self._folder.cleanup()
            raise CannotStartContainer(f'exec: "{self._plan.arguments[0]}": {error.strerror}') from error

    def _read_output(self) -> None:
        """Read on only when what was read is kept: that is what blocking mode means."""
        assert self._process.stdout is not None
        rest = b""
        with self._process.stdout as output:
            while chunk := os.read(output.fileno(), 65536):
                *lines, rest = (rest + chunk).split(b"\n")
                self._write(lines)
        self._write([rest])

    def _write(self, lines: Sequence[bytes]) -> None:
        now, log = int(time.time() * 1000), self._plan.log
        pieces = [piece for line in lines for piece in _pieces(line)]
        if log is not None and pieces:
            log.sink.write(log.group, log.name, [LogLine(now, piece) for piece in pieces])


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it has just ended
        return []


def _pieces(line: bytes) -> list[str]:
    """An empty line is no event: CloudWatch takes none."""
    starts = range(0, len(line), LONGEST_EVENT)
    return [line[at : at + LONGEST_EVENT].decode("utf-8", "replace") for at in starts]
