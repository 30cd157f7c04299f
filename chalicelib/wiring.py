"""Where ports meet adapters. The home is chosen once, by whoever starts the program."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.ports import Services

_home: Services | None = None


def services() -> Services:
    """Return the home in use; without one the program was started in a way it does not know."""
    if _home is None:
        raise RuntimeError("no home is wired: start tapit-local")
    return _home


@contextmanager
def running_on(home: Services) -> Iterator[None]:
    """Use a home until the block ends."""
    global _home  # noqa: PLW0603 - the one place where the program's home is kept
    before, _home = _home, home
    try:
        yield
    finally:
        _home = before
