"""Tags: names and values that people give tasks, to find them by and to tell costs apart.

The rules are those of ECS for its own tags, which these become, but for a colon in a key: the first one of
`release:42` is where the value begins.
"""

import re
from collections.abc import Mapping

from chalicelib.domain.errors import InvalidRequest

MOST = 10
LONGEST_KEY = 128
LONGEST_VALUE = 256
_STRANGE = re.compile(r"[^\w .+=_/@:-]")
_OF_AWS = "aws:"


def problem_with_key(key: str) -> str | None:
    """Return what is wrong with it, if anything is."""
    if not key:
        return "is empty, and a tag has a key"
    if ":" in key:
        return "has a colon in its key, and at the first one the value begins"
    return _problem(key, LONGEST_KEY, "its key")


def problem_with_value(value: str) -> str | None:
    if value.lower().startswith(_OF_AWS):
        return f"has a value that begins with {_OF_AWS}, as only AWS's own may"
    return _problem(value, LONGEST_VALUE, "its value")


def _problem(text: str, longest: int, where: str) -> str | None:
    found = _STRANGE.search(text)
    if found:
        return f"has {found[0]!r} in {where}: letters, digits, spaces and + - = . _ : / @ are what AWS takes"
    if len(text) > longest:
        return f"has {len(text)} characters in {where}; {longest} is the most"
    return f"has a space at an end of {where}" if text.strip(" ") != text else None


def written(key: str, value: str) -> str:
    """Return a tag as it is written, and looked for."""
    return f"{key}:{value}"


def all_written(tags: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(written(key, value) for key, value in tags.items())


def with_defaults(own: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Return a task's tags and those of its app that it does not have itself; raise InvalidRequest for too many."""
    together = {**defaults, **own}
    refuse_too_many(together)
    return together


def refuse_too_many(together: Mapping[str, str]) -> None:
    """Raise InvalidRequest: fewer may have been given at a time."""
    if len(together) > MOST:
        problem = f"would be {len(together)} in all; {MOST} is the most"
        raise InvalidRequest(f"The tags {problem}.", {"tags": problem})
