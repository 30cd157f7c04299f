"""Which words can be a task's id, or the beginning of one."""

import re

from tapit.errors import UsageError

LENGTH = 12
LEAST = 4  # of a beginning: fewer say no more than which year it was
# Crockford's base32; an id begins with the time, whose first digit stays one until the year 2313
_REST = "[0-9a-hjkmnp-tv-z]"
ID = rf"[0-9]{_REST}{{{LEAST - 1},{LENGTH - 1}}}"
TOO_LITTLE = rf"[0-9]{_REST}{{0,{LEAST - 2}}}"


def could_be_id(word: str) -> bool:
    """Tell whether the word is an id, or how one begins."""
    return re.fullmatch(ID, word) is not None


def is_beginning(word: str) -> bool:
    return len(word) < LENGTH and could_be_id(word)


def refuse_unfit(word: str) -> None:
    """Raise UsageError for what was meant as a task's id, or several for one, and cannot be asked about."""
    if "," in word:
        first = word.strip(", ").partition(",")[0].strip()
        raise UsageError(
            f"{word} is no task's id", "This is about one task at a time.", f"task={first}" if first else None
        )
    if re.fullmatch(TOO_LITTLE, word):
        raise UsageError(
            f"{word} says too little",
            f"Of a task's id the first {LEAST} characters are the least.",
            "tapit list tasks",
        )


def named(task_ids: list[str]) -> str:
    """The tasks as they are typed behind a verb."""
    return f"task={task_ids[0]}" if len(task_ids) == 1 else " ".join(task_ids)
