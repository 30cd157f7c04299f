"""Which exit code a command ends with: the task's own, or one of ours that no script can take for it."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import OWN_FAILURE, CliError, WaitTimedOut

if TYPE_CHECKING:
    from tapit.home.answers import Task

PASSING_VERBS = ("wait", "run", "shell")


def exit_code_of(task: Task) -> int:
    """The task's own; 0 only for a task that succeeded."""
    code = task.get("exit_code")
    if task["status"] == "SUCCEEDED":
        return int(code or 0)
    return int(code) if code else OWN_FAILURE


def exit_code_for(error: CliError, words: list[str]) -> int:
    if isinstance(error, WaitTimedOut) or not passes_a_code_through(words):
        return error.exit_code
    return OWN_FAILURE


def passes_a_code_through(words: list[str]) -> bool:
    """Whether a script takes our exit code for the task's: judged by the words, which may not parse."""
    said = words[: words.index("--")] if "--" in words else words
    return (
        said[0:1] in ([verb] for verb in PASSING_VERBS)
        or ("create" in said and any(map(_says_wait, said)))
        or _verb_passes(said)
    )


def _says_wait(word: str) -> bool:
    from tapit.language.command import FLAGS, GLOBAL_KEYS
    from tapit.language.options import read_option

    return "wait" in [flag.name for flag in read_option(word, [], FLAGS, GLOBAL_KEYS).flags]


def _verb_passes(said: list[str]) -> bool:
    from tapit.language.finding import find_command

    try:
        return find_command(said).path in PASSING_VERBS
    except CliError:
        return False
