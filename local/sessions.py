"""The server's end of the sessions in a task: the files by which it and the task's agent understand each other."""

import json
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from chalicelib.domain.errors import NotReady, SessionOver, TaskOver
from chalicelib.ports import DataChannel
from local.run_folder import Exited, RunFolder, Running, Vanished
from local.session_agent import grants
from local.session_agent.grants import Grant
from local.session_agent.settings import Settings
from local.supervisor.files import write_whole

SCRIPT = Path(__file__).parent / "session_agent" / "__main__.py"
GOOD_FOR = 300.0  # seconds that a token opens its session
_PATIENCE_WITH_THE_AGENT = 1.0  # it is there a moment after the task's start is on record
_LOOK_EVERY = 0.005


def agent_command(settings: Settings) -> str:
    """Return what the supervisor is to run as the main process of an interactive task."""
    return settings.command_line(sys.executable, str(SCRIPT))


def open_session(folder: RunFolder, argv: Sequence[str]) -> DataChannel:
    """Raise NotReady while the task starts, TaskOver when it has ended."""
    port = _port_of_running(folder)
    (folder.path / grants.FOLDER).mkdir(mode=0o700, exist_ok=True)
    session_id = f"local-{secrets.token_hex(9)[:17]}"
    return _granted(folder, port, session_id, list(argv))


def resume_session(folder: RunFolder, session_id: str) -> DataChannel:
    """Raise SessionOver when there is nothing to come back to."""
    known = _grant(folder, session_id)
    port = _port(folder)
    if known is None or port is None or not isinstance(folder.state(), Running):
        raise SessionOver(session_id)
    return _granted(folder, port, session_id, known.argv)


def end_session(folder: RunFolder, session_id: str) -> None:
    """The agent hangs up when it finds the grant gone. Harmless to repeat."""
    if grants.SESSION_ID.fullmatch(session_id):
        grants.remove(str(folder.path), session_id)


def _granted(folder: RunFolder, port: int, session_id: str, argv: list[str]) -> DataChannel:
    token = secrets.token_urlsafe(32)
    grant = Grant(grants.digest_of(token), argv, time.time() + GOOD_FOR)
    write_whole(grants.path_of(str(folder.path), session_id), grant.encoded())
    url = f"ws://127.0.0.1:{port}/v1/data-channel/{session_id}?role=publish_subscribe"
    return DataChannel(session_id, url, token, headers={})


def _grant(folder: RunFolder, session_id: str) -> Grant | None:
    if not grants.SESSION_ID.fullmatch(session_id):
        return None
    return grants.read(str(folder.path), session_id)


def _port_of_running(folder: RunFolder) -> int:
    patience = time.monotonic() + _PATIENCE_WITH_THE_AGENT
    while True:
        state, port = folder.state(), _port(folder)
        if isinstance(state, Exited | Vanished):
            raise TaskOver(folder.task_id, "over", "its main process has just ended")
        if isinstance(state, Running) and port is not None:
            return port
        if not isinstance(state, Running) or time.monotonic() > patience:
            raise NotReady(folder.task_id, "it is just starting")
        time.sleep(_LOOK_EVERY)


def _port(folder: RunFolder) -> int | None:
    """Return where the agent listens, once it does."""
    try:
        content = (folder.path / "agent.json").read_bytes()
    except FileNotFoundError:
        return None
    port: int = json.loads(content)["port"]
    return port
