"""Files that only their owner can read, written whole or not at all."""

import os
from pathlib import Path

from local.supervisor.atomic_files import sync_folder


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step, on the disk once this returns; readable to nobody else at any moment."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)  # of whoever was killed meanwhile
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as writing:
            writing.write(text)
            writing.flush()
            os.fsync(file)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_folder(str(path.parent))
