"""Who may come in, and how their commands ended: the files by which the server and an agent let each other know.

A session without a grant is over.
"""

# pathlib would cost every agent 10 ms and 1 MB.
# ruff: noqa: PTH108, PTH110

import hashlib
import hmac
import json
import os
import re
import time

from local.supervisor.atomic_files import (
    ReservedFile,
    reserved_name,
    write_into_reserved,
    write_whole_or_over,
)

FOLDER = "sessions"
SESSION_ID = re.compile(r"local-[0-9a-f]{17}")
_DATA_CHANNEL = re.compile(rf"/v1/data-channel/({SESSION_ID.pattern})(?:\?.*)?")


class Grant:
    """`digest` is that of the token that the client will show."""

    def __init__(self, digest: str, argv: list[str], expires_at: int) -> None:
        self.digest = digest
        self.argv = argv
        self.expires_at = expires_at

    def encoded(self) -> bytes:
        """Return as many bytes for every grant of the same session."""
        return json.dumps(vars(self)).encode()

    def lets_in(self, token: str) -> bool:
        is_right = hmac.compare_digest(digest_of(token), self.digest)
        return is_right and time.time() < self.expires_at


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def session_in(path: str) -> str | None:
    """Return the id of the session that a client asks for, if it can be one."""
    found = _DATA_CHANNEL.fullmatch(path)
    return found.group(1) if found else None


def path_of(folder: str, session_id: str) -> str:
    return f"{folder}/{FOLDER}/{session_id}"


def read(folder: str, session_id: str) -> Grant | None:
    try:
        with open(path_of(folder, session_id), "rb") as file:  # noqa: PTH123
            return Grant(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None


def is_there(folder: str, session_id: str) -> bool:
    return os.path.exists(path_of(folder, session_id))


def write(folder: str, session_id: str, grant: Grant) -> None:
    """Let a client in; letting it in again works on a full disk as well."""
    write_whole_or_over(path_of(folder, session_id), grant.encoded())


def reserve_end(folder: str, session_id: str) -> None:
    """Make room for how the command will end, before it begins: when it does, it may have filled the disk."""
    ReservedFile(_end_of(folder, session_id)).close()


def keep_end(folder: str, session_id: str, exit_code: int) -> None:
    """Keep how the command of a session ended; the first end counts."""
    try:
        write_into_reserved(_end_of(folder, session_id), b"%d" % exit_code)
    except OSError:  # a disk that fails, or an end that is kept already
        return


def exit_code(folder: str, session_id: str) -> int | None:
    """Return how the command of a session ended, as the agent saw it; None as long as it has not."""
    try:
        with open(_end_of(folder, session_id), "rb") as file:  # noqa: PTH123
            return int(file.read())
    except (FileNotFoundError, ValueError):
        return None


def _end_of(folder: str, session_id: str) -> str:
    return f"{path_of(folder, session_id)}.end"


def remove(folder: str, session_id: str) -> None:
    _remove(path_of(folder, session_id))
    _remove(reserved_name(_end_of(folder, session_id)))


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
