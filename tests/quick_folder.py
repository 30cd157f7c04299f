"""A folder for what is tried hundreds of times and outlives nothing: in memory, where the system has that."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

IN_MEMORY = Path("/dev/shm")


@contextmanager
def quick_folder() -> Iterator[Path]:
    """No disk has to be waited for: a database syncs each of its transactions."""
    with TemporaryDirectory(
        prefix="tapit-", dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    ) as folder:
        yield Path(folder)
