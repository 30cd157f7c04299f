"""Turns a fork of the supervisor into the task's main process."""

import errno
import os
from collections.abc import Sequence

from local.process_driver.linux import die_with_parent, restore_private_signals
from local.supervisor import signals
from local.supervisor.driven_task import CannotStart
from local.supervisor.spec import Spec, to_bytes, to_text

_SHELL = "/bin/sh"
_NOT_JOINED = b"not joined"

_WORKDIR_PROBLEMS = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "is not a directory",
    errno.EACCES: "is not accessible",
}


class CannotJoinGroup(Exception):
    """A control group exists but takes no process of ours."""


def start_main_process(spec: Spec, output: int, group_entrances: Sequence[str]) -> int:
    """Return the id of the main process once it has become the shell."""
    listening, reporting = os.pipe()
    supervisor = os.getpid()  # asked by the child, it might have died already, and its heir be taken for it
    try:
        child = os.fork()
    except OSError as error:
        os.close(listening)
        os.close(reporting)
        raise CannotStart(f"cannot start a process: {_text_of(error)}") from error
    if child == 0:
        _become_task(spec, output, group_entrances, reporting, supervisor)
    os.close(reporting)
    complaint = _read_to_end(listening)
    if complaint:
        os.waitpid(child, 0)
        raise CannotJoinGroup if complaint == _NOT_JOINED else CannotStart(to_text(complaint))
    return child


def _become_task(
    spec: Spec, output: int, group_entrances: Sequence[str], reporting: int, supervisor: int
) -> None:
    """Never return, whatever happens: there must not be two supervisors."""
    try:
        complaint = _set_up(spec, output, group_entrances, supervisor)
        if not complaint:
            arguments = [_SHELL.encode(), b"-c", to_bytes(spec.command)]
            os.execve(_SHELL, arguments, spec.environment)  # noqa: S606 - the shell is what was asked for
        os.write(reporting, complaint)
    except OSError as error:
        os.write(reporting, to_bytes(f"{_SHELL}: {_text_of(error)}"))
    finally:
        os._exit(127)


def _set_up(spec: Spec, output: int, group_entrances: Sequence[str], supervisor: int) -> bytes:
    """Return what went wrong, or nothing."""
    os.setsid()
    die_with_parent(supervisor)
    if not all(map(_joins, group_entrances)):
        return _NOT_JOINED
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.umask(0o022)
    try:
        os.chdir(to_bytes(spec.workdir))
    except OSError as error:
        problem = _WORKDIR_PROBLEMS.get(error.errno or 0, f"cannot be entered: {_text_of(error)}")
        return to_bytes(f"workdir {spec.workdir} {problem}")
    signals.restore_defaults()
    restore_private_signals()
    return b""


def _joins(group_entrance: str) -> bool:
    try:
        entrance = os.open(group_entrance, os.O_WRONLY | os.O_CLOEXEC)
        os.write(entrance, b"0")  # the kernel reads 0 as the writer itself
    except OSError:
        return False
    os.close(entrance)
    return True


def _read_to_end(pipe: int) -> bytes:
    parts = []
    while part := os.read(pipe, 4096):
        parts.append(part)
    os.close(pipe)
    return b"".join(parts)


def _text_of(error: OSError) -> str:
    return error.strerror or str(error)
