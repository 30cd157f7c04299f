"""How much room each part of a record may take, so that a task's end can be written down whatever came before.

An item of DynamoDB holds 400 KB. The parts below are what grows while a task lives; together with the longest command
and its plan they stay below 300 KB, which leaves room for what newer versions keep. All of them are counted as JSON.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel

LARGEST_PLAN = 64 * 1024
LARGEST_TASK_ENVIRONMENT = 16 * 1024
LARGEST_HISTORY = 32 * 1024
LARGEST_SESSIONS = 64 * 1024
_CUT = "…"

Part = TypeVar("Part", bound=BaseModel)


def size_of(value: object) -> int:
    """Return how many bytes a plain value takes as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def shortened(text: str, most: int) -> str:
    """Return a text that takes at most that many bytes; one that is too long ends with an ellipsis."""
    if size_of(text) <= most:
        return text
    room = most - len(_CUT.encode())
    return text[: bisect_right(range(len(text)), room, key=lambda end: size_of(text[:end])) - 1] + _CUT


def fitting(
    parts: Sequence[Part], most_bytes: int, most_parts: int, is_wanted: Callable[[Part], tuple[bool, ...]]
) -> tuple[Part, ...]:
    """Return the parts that there is room for: of too many, those go first that are least wanted, the oldest first."""
    kept = [(len(part.model_dump_json().encode()) + 1, part) for part in parts]
    while kept and (len(kept) > most_parts or sum(size for size, _ in kept) > most_bytes):
        kept.remove(min(kept, key=lambda each: is_wanted(each[1])))
    return tuple(part for _, part in kept)


# What AWS says of one thing is at most 1,024 characters, and a reason may be made of two.
Reason = Annotated[str, AfterValidator(lambda text: shortened(text, 4096))]
Remark = Annotated[str, AfterValidator(lambda text: shortened(text, 8192))]  # a reason, and words about it
Shown = Annotated[str, AfterValidator(lambda text: shortened(text, 1024))]
