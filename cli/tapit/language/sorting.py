"""Sort what follows `VERB NOUN` into tapit's own options and the words of a command, without judging any of it.

Of a command for the shell without quotes tapit touches nothing: options and settings stand before it, or after one in
quotes. What looks like one behind it is refused, for it may be the command's as well as ours.
"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.language.options import (
    END_OF_OPTIONS,
    Option,
    flags_of,
    key_of,
    keys_of,
    looks_like_one,
    read_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tapit.language.command import Command

WHAT_RUNS = ("line", "command")  # beside one of these no bare word is the line


class Sorted:
    """The words in their order: options and settings, bare words; and what stands behind an unquoted command."""

    def __init__(self) -> None:
        self.said: list[Option | str] = []
        self.has_begun = False  # the command, in words without quotes
        self.behind: list[str] = []
        self.marked: list[str] | None = None  # the words after `--`

    @property
    def options(self) -> list[Option]:
        return [said for said in self.said if isinstance(said, Option)]

    @property
    def bare(self) -> list[str]:
        return [said for said in self.said if isinstance(said, str)]

    @property
    def quoted(self) -> str | None:
        """The shell line that stands in one word, where the command is one."""
        return None if self.has_begun else next(iter(self.bare), None)


def sort_words(command: Command, words: list[str]) -> Sorted:
    found = Sorted()
    at = 0
    while at < len(words):
        word, after = words[at], words[at + 1 :]
        at += 1
        if word == END_OF_OPTIONS:
            found.marked = after
            break
        if looks_like_one(command, word):
            option = read_option(word, after, flags_of(command), keys_of(command))
            found.said.append(option)
            at += len(option.typed) - 1
        elif command.task_first and not found.bare and _could_be_id(word) and not _has_key(found, "task"):
            found.said.append(Option([word], key=key_of(command, "task"), value=word))
        elif command.name_first and not found.bare and _is_name(command, word, after, found):
            found.said.append(Option([word], key=key_of(command, "name"), value=word))
        else:
            found.said.append(word)
            if command.takes_shell_command and not _is_quoted(word):
                found.has_begun, found.behind = True, after
                break
    return found


def _is_name(command: Command, word: str, after: Sequence[str], found: Sorted) -> bool:
    """`nightly 'python manage.py report'`: a line in quotes is the whole line, so the word before it is none of it."""
    if _has_key(found, "name") or _has_word_for(("name",), after) or any(map(str.isspace, word)):
        return False
    if any(_has_key(found, name) for name in WHAT_RUNS) or _has_word_for(WHAT_RUNS, after):
        return True
    return any(map(str.isspace, _first_bare(command, after) or ""))


def _first_bare(command: Command, words: Sequence[str]) -> str | None:
    at = 0
    while at < len(words) and words[at] != END_OF_OPTIONS:
        if not looks_like_one(command, words[at]):
            return words[at]
        at += len(read_option(words[at], list(words[at + 1 :]), flags_of(command), keys_of(command)).typed)
    return None


def _has_word_for(names: Sequence[str], words: Sequence[str]) -> bool:
    return any(
        word.removeprefix("--").startswith(f"{name}=") or word == f"--{name}"
        for word in words
        for name in names
    )


def could_be_name(word: str) -> bool:
    import re

    from tapit.language.values import NAME

    return re.fullmatch(NAME, word) is not None


def _has_key(found: Sorted, name: str) -> bool:
    return any(option.key is not None and option.key.name == name for option in found.options)


def _is_quoted(word: str) -> bool:
    """Tell whether a whole shell line stands in one word, as far as can be seen."""
    return not word or any(map(str.isspace, word))


def asks_for(flag: str, command: Command, words: list[str]) -> bool:
    """Tell whether a flag was given, also where the other words cannot be understood."""
    return any(flag == one.name for option in sort_words(command, words).options for one in option.flags)


def _could_be_id(word: str) -> bool:
    from tapit.language.task_ids import could_be_id

    return could_be_id(word)
