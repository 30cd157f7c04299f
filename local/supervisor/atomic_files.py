"""Small files that are whole or absent, also when the power is cut or the disk is full."""

import errno
import json
import os
import time

FULL = (errno.ENOSPC, errno.EDQUOT)
RESERVED_BYTES = 8192
LONGEST_TEXT = 500  # characters; at twelve bytes an escaped one, a record stays within what is reserved

Value = str | int | float | bool | None


class ReservedFile:
    """A file whose space is taken while there is some, and whose name appears once it is written."""

    def __init__(self, path: str) -> None:
        """Raise FileExistsError if it was reserved before: whoever reserves it first is the only one."""
        self._path = path
        self._reserved = reserved_name(path)
        self._file = os.open(self._reserved, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            write_all(self._file, b" " * RESERVED_BYTES)
        except OSError:
            self.discard()
            raise

    def publish(self, content: bytes, *, durable: bool) -> None:
        """Overwrite in place, which needs no new space, then rename, so that nobody reads half of it."""
        overwrite(self._file, content)
        if durable:
            os.fsync(self._file)
        os.rename(self._reserved, self._path)
        if durable:
            sync_folder(os.path.dirname(self._path))

    def close(self) -> None:
        """Leave it to others to write."""
        os.close(self._file)

    def discard(self) -> None:
        self.close()
        os.unlink(self._reserved)


def reserved_name(path: str) -> str:
    return f"{path}.reserved"


def write_whole(path: str, content: bytes) -> None:
    """Replace the file in one step: a reader sees the old content or the new."""
    temporary = f"{path}.{os.getpid()}.{time.monotonic_ns()}"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_all(file, content)
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    finally:
        os.close(file)


def write_whole_or_over(path: str, content: bytes) -> None:
    """Do what write_whole does; on a full disk write over what is there, which takes no room if that is as long."""
    try:
        write_whole(path, content)
    except OSError as error:
        if error.errno not in FULL or not os.path.exists(path):
            raise
        _write_over(path, content)


def write_into_reserved(path: str, content: bytes) -> None:
    """Do what write_whole does, in the room that somebody reserved for it."""
    _write_over(reserved_name(path), content)
    os.rename(reserved_name(path), path)


def _write_over(path: str, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        overwrite(file, content)
    finally:
        os.close(file)


def overwrite(file: int, content: bytes) -> None:
    os.pwrite(file, content, 0)
    os.ftruncate(file, len(content))


def write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def read_text(path: str) -> str | None:
    """Return the file's text, or None when there is none to read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(file, 65536).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(file)


def sync_folder(path: str) -> None:
    """A rename survives a power cut only once its folder is on the disk as well."""
    folder = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def as_json(record: dict[str, Value]) -> bytes:
    short = {key: value[:LONGEST_TEXT] if isinstance(value, str) else value for key, value in record.items()}
    return json.dumps(short).encode() + b"\n"
