"""Files that only their owner may read, replaced whole or not at all."""

import os
import stat
from pathlib import Path

from tapit.errors import CliError


def write_private(path: Path, content: str) -> None:
    """A reader sees the old file or the new one; a crash leaves no half of either."""
    target = _target(path)  # beside it, not beside the link: a file cannot be renamed across file systems
    make_private_folder(target.parent)
    # a name of our own and O_EXCL: a file or link laid there by someone else is never written through
    beside = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise CliError(f"cannot write {path}", _reason(error)) from error


def make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"cannot make the folder {folder}", _reason(error)) from error


def read_private(path: Path) -> str | None:
    """None when there is no such file; refused when others could have read it."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"cannot read {path}", _reason(error)) from error
    if mode & 0o077:
        raise CliError(
            f"others can read the token in {path}",
            "It may have been seen: make it private, or better, replace the token.",
            f"chmod 600 {path}",
        )
    return content


def _target(path: Path) -> Path:
    """A configuration kept elsewhere and linked to stays linked."""
    return path.resolve() if path.is_symlink() else path


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
