"""The server's end of the sessions in a task: the files by which it and the task's agent understand each other."""

import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from chalicelib.domain.errors import NotReady, SessionOver, TaskOver
from chalicelib.domain.task import Task
from chalicelib.ports import DataChannel
from local.runs.run_folder import Exited, RunFolder, Running, Vanished
from local.session_agent import grants
from local.session_agent.agent_options import AgentOptions
from local.session_agent.grants import Grant
from local.store.socket_paths import linked_socket_path

SCRIPT = Path(__file__).parents[1] / "session_agent" / "__main__.py"
GOOD_FOR = 300  # seconds that a token opens its session
_PATIENCE_WITH_THE_AGENT = 1.0  # it is there a moment after the task's start is on record
_LOOK_EVERY = 0.005


def agent_command(options: AgentOptions) -> str:
    """Return what the supervisor is to run as the main process of an interactive task."""
    return options.command_line(sys.executable, str(SCRIPT))


def socket_of(folder: RunFolder) -> Path:
    """Return where the agent of a run listens: in its folder, which only its owner can enter."""
    return linked_socket_path(folder.path / "agent.sock")


def open_session(folder: RunFolder, argv: Sequence[str]) -> DataChannel:
    """Raise NotReady while the task starts, TaskOver when it has ended."""
    socket = _socket_of_running(folder)
    (folder.path / grants.FOLDER).mkdir(mode=0o700, exist_ok=True)
    session_id = f"local-{secrets.token_hex(9)[:17]}"
    try:
        grants.reserve_end(str(folder.path), session_id)
        return _granted(folder, socket, session_id, list(argv))
    except OSError:
        grants.remove(str(folder.path), session_id)
        raise


def resume_session(folder: RunFolder, session_id: str) -> DataChannel:
    """Raise SessionOver when there is nothing to come back to."""
    known = _grant(folder, session_id)
    socket = socket_of(folder)
    if known is None or not socket.is_socket() or not isinstance(folder.state(), Running):
        raise SessionOver(session_id)
    return _granted(folder, socket, session_id, known.argv)


def end_session(folder: RunFolder, session_id: str) -> None:
    """The agent hangs up when it finds the grant gone. Harmless to repeat."""
    if grants.SESSION_ID.fullmatch(session_id):
        grants.remove(str(folder.path), session_id)


def exit_code(folder: RunFolder, session_id: str) -> int | None:
    """Return how the command of a session ended, in the word of its agent; None when it has not."""
    is_one = grants.SESSION_ID.fullmatch(session_id)
    return grants.exit_code(str(folder.path), session_id) if is_one else None


def command_exit_code(folder: RunFolder, task: Task) -> int | None:
    """Return how the command of an attached task ended, in the word of its agent; None when it has not."""
    codes = (exit_code(folder, session.id) for session in task.sessions if session.command is None)
    return next((code for code in codes if code is not None), None) if task.attached else None


def _granted(folder: RunFolder, socket: Path, session_id: str, argv: list[str]) -> DataChannel:
    token = secrets.token_urlsafe(32)
    grant = Grant(grants.digest_of(token), argv, int(time.time()) + GOOD_FOR)
    grants.write(str(folder.path), session_id, grant)
    # as nginx writes it; quoted, so that a path may hold colons, and bytes that are no text
    url = f"unix:{quote(os.fsencode(socket))}:/v1/data-channel/{session_id}?role=publish_subscribe"
    return DataChannel(session_id, url, token, headers={})


def _grant(folder: RunFolder, session_id: str) -> Grant | None:
    if not grants.SESSION_ID.fullmatch(session_id):
        return None
    return grants.read(str(folder.path), session_id)


def _socket_of_running(folder: RunFolder) -> Path:
    patience = time.monotonic() + _PATIENCE_WITH_THE_AGENT
    while True:
        state, socket = folder.state(), socket_of(folder)
        if isinstance(state, Exited | Vanished):
            raise TaskOver(folder.task_id, "over", "its main process has just ended")
        if isinstance(state, Running) and socket.is_socket():
            return socket
        if not isinstance(state, Running) or time.monotonic() > patience:
            raise NotReady(folder.task_id, "it is just starting")
        time.sleep(_LOOK_EVERY)
