"""Which sessions a task's agent lets in: one file for each, written by the server, in the task's own folder.

A session lives while its file is there. Whoever removes it ends the session: the server, when somebody said goodbye, or
the agent, when the command is over.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

GOOD_FOR = 300.0  # seconds until a token can no longer be used to come in
_SESSION_ID = re.compile(r"local-[0-9a-f]{17}")


def new_session_id() -> str:
    """Return one that looks like ECS Exec's, which have as many digits."""
    return "local-" + secrets.token_hex(9)[:17]


def grant(folder: str, session_id: str, argv: Sequence[str]) -> str:
    """Let one client in, and return the token by which it is known. Only a digest of it is kept."""
    token = secrets.token_urlsafe(32)
    kept = {"token_sha256": _digest(token), "argv": list(argv), "expires_at": time.time() + GOOD_FOR}
    os.makedirs(_folder(folder), mode=0o700, exist_ok=True)  # noqa: PTH103 - pathlib is not worth its import here
    new = f"{_path(folder, session_id)}.new"
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w") as writing:
        json.dump(kept, writing)
    os.replace(new, _path(folder, session_id))  # noqa: PTH105
    return token


def argv_of(folder: str, session_id: str) -> list[str] | None:
    """Return what the session runs, or None when there is no such session (any more)."""
    kept = _read(folder, session_id)
    return None if kept is None else [str(word) for word in kept["argv"]]


def admits(folder: str, session_id: str, token: str) -> bool:
    kept = _read(folder, session_id)
    if kept is None or time.time() > kept["expires_at"]:
        return False
    return hmac.compare_digest(str(kept["token_sha256"]), _digest(token))


def is_granted(folder: str, session_id: str) -> bool:
    return _SESSION_ID.fullmatch(session_id) is not None and os.path.exists(_path(folder, session_id))  # noqa: PTH110


def revoke(folder: str, session_id: str) -> None:
    """End a session. Harmless to repeat."""
    if _SESSION_ID.fullmatch(session_id) is not None:
        try:
            os.unlink(_path(folder, session_id))  # noqa: PTH108
        except FileNotFoundError:
            return


def _read(folder: str, session_id: str) -> dict[str, Any] | None:
    if _SESSION_ID.fullmatch(session_id) is None:
        return None
    try:
        with open(_path(folder, session_id)) as file:  # noqa: PTH123
            kept: dict[str, Any] = json.load(file)
    except FileNotFoundError:
        return None
    return kept


def _folder(folder: str) -> str:
    return f"{folder}/sessions"


def _path(folder: str, session_id: str) -> str:
    return f"{_folder(folder)}/{session_id}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
