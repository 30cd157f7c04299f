"""What the system allows this process, lowered for a while."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def limited(kind: int, most: int) -> Iterator[None]:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def files_below(more: int) -> int:
    """Return the limit under which so many more files can be opened."""
    with Path("/dev/null").open() as next_one:
        return next_one.fileno() + more
