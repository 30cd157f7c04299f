"""Who may come in: the files by which the server lets an agent know. A session without one is over."""

# pathlib would cost every agent 10 ms and 1 MB.
# ruff: noqa: PTH108, PTH110

import hashlib
import hmac
import json
import os
import re
import time

FOLDER = "sessions"
SESSION_ID = re.compile(r"local-[0-9a-f]{17}")
_DATA_CHANNEL = re.compile(rf"/v1/data-channel/({SESSION_ID.pattern})(?:\?.*)?")


class Grant:
    """`digest` is that of the token that the client will show."""

    def __init__(self, digest: str, argv: list[str], expires_at: float) -> None:
        self.digest = digest
        self.argv = argv
        self.expires_at = expires_at

    def encoded(self) -> bytes:
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


def remove(folder: str, session_id: str) -> None:
    try:
        os.unlink(path_of(folder, session_id))
    except OSError:
        return
