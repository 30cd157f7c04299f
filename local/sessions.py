"""Sessions in tasks of this machine, as the server sees them: it grants them, and the task's own agent serves them."""

import json
import shlex
import sys
from collections.abc import Sequence

from chalicelib.domain.errors import NotReady, SessionOver, TaskOver
from chalicelib.domain.task import Task
from chalicelib.ports import DataChannel
from local.run_folder import RunFolder
from local.session_agent import grants
from local.session_agent.agent import HOST, PATH

_AGENT = (sys.executable, "-I", "-m", "local.session_agent")


def main_process(task: Task, folder: RunFolder) -> str:
    """Return the shell line that a task's main process runs: the command itself, or our agent beside it or for it."""
    if not task.interactive:
        return task.command
    words = [*_AGENT, str(folder.path), *([] if task.attached else [task.command])]
    return f'TAPIT_LC_CTYPE="${{LC_CTYPE-}}" exec {shlex.join(words)}'


def open_session(task: Task, folder: RunFolder, argv: Sequence[str]) -> DataChannel:
    return _granted(task, folder, grants.new_session_id(), argv)


def resume_session(task: Task, folder: RunFolder, session_id: str) -> DataChannel:
    argv = grants.argv_of(str(folder.path), session_id)
    if argv is None or folder.has_exited():
        raise SessionOver(session_id)
    return _granted(task, folder, session_id, argv)


def end_session(folder: RunFolder, session_id: str) -> None:
    """The agent looks every second."""
    grants.revoke(str(folder.path), session_id)


def _granted(task: Task, folder: RunFolder, session_id: str, argv: Sequence[str]) -> DataChannel:
    port = _port_of(task, folder)
    token = grants.grant(str(folder.path), session_id, argv)
    url = f"ws://{HOST}:{port}{PATH}{session_id}?role=publish_subscribe"
    return DataChannel(session_id, url, token, headers={})


def _port_of(task: Task, folder: RunFolder) -> int:
    if folder.has_exited():
        raise TaskOver(task.id, "ending", None)
    try:
        port: int = json.loads((folder.path / "agent.json").read_text())["port"]
    except FileNotFoundError:
        raise NotReady(task.id, "its agent is starting") from None
    return port
