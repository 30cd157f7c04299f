"""`python -m local.session_agent FOLDER [COMMAND]`: the main process of an interactive task.

With a command that runs by itself, as without us: same output, same exit code. Without one it is the watchdog of an
attached task, whose command runs in a session: it ends when nobody comes, or when everybody has left.
"""

import asyncio
import os
import signal
import sys

from local.session_agent.agent import Agent

EVERYBODY_LEFT = 0
NOBODY_CAME = 124
KEPT_LC_CTYPE = "TAPIT_LC_CTYPE"  # what LC_CTYPE was before Python began
FIRST = 300.0  # seconds within which somebody has to come
IDLE = 2.0  # seconds without anybody


def main() -> None:
    folder, *command = sys.argv[1:]
    _restore_environment()
    status = asyncio.run(_attend(folder) if not command else _run_beside(folder, command[0]))
    if status < 0:  # die as the command did, so that whoever looks sees the same
        number = signal.Signals(-status)
        if number is not signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(status)


def _restore_environment() -> None:
    """Python itself sets LC_CTYPE where there is no locale; the task is to see what it was given."""
    given = os.environ.pop(KEPT_LC_CTYPE, "")
    os.environ.pop("LC_CTYPE", None)
    if given:
        os.environ["LC_CTYPE"] = given


async def _attend(folder: str) -> int:
    """Return how the watch ended."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def end_with(status: int) -> None:
        if not ended.done():
            ended.set_result(status)

    def left_alone() -> None:
        if told_to_end.is_set():
            end_with(-signal.SIGTERM)
        loop.call_later(IDLE, lambda: end_with(EVERYBODY_LEFT) if agent.is_empty else None)

    def told() -> None:
        told_to_end.set()
        agent.hang_up()
        if agent.is_empty:
            end_with(-signal.SIGTERM)

    told_to_end = asyncio.Event()
    agent = Agent(folder, left_alone, lambda: None)
    loop.add_signal_handler(signal.SIGTERM, told)
    await agent.open()
    loop.call_later(FIRST, lambda: None if agent.was_visited else end_with(NOBODY_CAME))
    return await ended


async def _run_beside(folder: str, command: str) -> int:
    """Return the command's exit code, or minus the number of the signal that killed it."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    child = _start(command)

    def look() -> None:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid and not ended.done():
            ended.set_result(os.waitstatus_to_exitcode(status))

    agent = Agent(folder, lambda: None, look)
    loop.add_signal_handler(
        signal.SIGTERM, lambda: None
    )  # the command was told as well, and may have things to do
    await agent.open()
    look()  # it may have ended before we began to listen
    return await ended


def _start(command: str) -> int:
    child = os.fork()
    if child:
        return child
    try:
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        os.execve("/bin/sh", ["/bin/sh", "-c", command], os.environ)  # noqa: S606 - the shell is what was asked for
    finally:
        os._exit(127)


if __name__ == "__main__":
    main()
