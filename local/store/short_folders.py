"""Folders with short paths, for sockets whose own are too long for the system: each stands for one of a home's."""

import hashlib
import os
import re
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from local.store.private_folder import make_private_folder

LONGEST = 100  # bytes of a socket's path; Linux takes 107, macOS 103
LINK = "of"  # in it, to the folder that it stands for
_YOUNG = 3600.0  # seconds in which one without a link may be about to get it
_PATIENCE = 1.0


def short_folder(meant: Path) -> Path:
    """Return the private folder of the owner's that stands for another one, with a link to that."""
    root = _runtime_folder() or _temporary()
    folder = root / f"{_prefix()}{hashlib.sha256(os.fsencode(meant)).hexdigest()[:16]}"
    make_private_folder(folder)
    with suppress(FileExistsError):
        (folder / LINK).symlink_to(meant)
    return folder


def remove_abandoned() -> None:
    """Remove the owner's whose homes were removed: nobody else would. Those where somebody listens are in use."""
    for root in filter(None, {_runtime_folder(), _temporary()}):
        for folder in _all_in(root):
            with suppress(OSError):  # somebody else removes it, or keeps something of his own in it
                if _is_abandoned(folder):
                    _remove(folder)


def _prefix() -> str:
    return f"tapit-{os.geteuid()}-"


def _all_in(root: Path) -> Iterator[Path]:
    named = re.compile(re.escape(_prefix()) + r"[0-9a-f]{16}")
    with suppress(OSError), os.scandir(root) as entries:
        found = [entry for entry in entries if named.fullmatch(entry.name)]
        yield from (Path(entry) for entry in found if entry.is_dir(follow_symlinks=False))


def _is_abandoned(folder: Path) -> bool:
    seen = folder.lstat()
    if seen.st_uid != os.geteuid() or _somebody_listens(folder / "api.sock"):
        return False
    try:
        (folder / LINK).lstat()
    except FileNotFoundError:
        return time.time() - seen.st_mtime > _YOUNG
    try:
        (folder / LINK).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def _somebody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PATIENCE)
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:  # busy, say
            return True
    return True


def _remove(folder: Path) -> None:
    """Nothing but what was made there: links and sockets."""
    for entry in list(folder.iterdir()):
        kind = entry.lstat().st_mode
        if stat.S_ISLNK(kind) or stat.S_ISSOCK(kind):
            entry.unlink()
    folder.rmdir()


def _runtime_folder() -> Path | None:
    """Return the user's own, where there is one: after `su` or `sudo` it may be somebody else's, or be gone."""
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    if not named.startswith("/") or len(os.fsencode(named)) > LONGEST // 3:
        return None
    folder = Path(named)
    try:
        found = folder.stat()
    except OSError:
        return None
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return folder if is_ours and os.access(folder, os.W_OK | os.X_OK) else None


def _temporary() -> Path:
    """Not TMPDIR: the server and whoever looks for its socket may have different ones, or long ones."""
    return Path("/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir())  # noqa: S108 - the folder in it is private
