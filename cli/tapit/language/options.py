"""Which words are tapit's own: `key=value`, `--key value`, flags, and short flags in one word."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.language.command import GLOBAL_FLAGS, GLOBAL_KEYS, Command, Flag, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

END_OF_OPTIONS = "--"


class Option:
    """One option or setting as it was typed, and what it says: flags, or a key with its value, or both (`-qo json`).

    It says nothing when tapit knows none by that name.
    """

    def __init__(
        self,
        typed: list[str],
        *,
        flags: Sequence[Flag] = (),
        key: Key | None = None,
        value: str | None = None,
    ) -> None:
        self.typed = typed
        self.flags = flags
        self.key = key
        self.value = value  # None beside a key: there was no next word

    @property
    def is_known(self) -> bool:
        return bool(self.flags) or self.key is not None


def looks_like_one(command: Command, word: str) -> bool:
    """Tell whether a word is meant as an option or a setting, known or not."""
    if command.takes_shell_command and any(map(str.isspace, word)):
        return _is_setting_with_spaces(command, word)
    return is_dashed(word) or is_setting(word)


def is_dashed(word: str) -> bool:
    return word.startswith("-") and word != "-"


def is_setting(word: str) -> bool:
    """`name=anything`, where the name could be a key's."""
    name, equals, _ = word.partition("=")
    plain = name.replace("_", "").replace("-", "")
    return bool(equals) and plain.isalnum() and plain.isascii() and name[0].isalpha()


def is_swallowed(command: Command, word: str) -> bool:
    """`key=value` with a space: it is read as the command, and was more likely meant as a setting beside one."""
    name, equals, _ = word.partition("=")
    return (
        bool(equals)
        and is_setting(word)
        and any(map(str.isspace, word))
        and key_of(command, name) is not None
    )


def _is_setting_with_spaces(command: Command, word: str) -> bool:
    """`--key=any words`, or `key=any words` where the key's value is prose.

    No size and no tag holds a space: `memory=4 echo hi` is a shell line that begins with a variable.
    """
    name, equals, _ = word.removeprefix("--").partition("=")
    key = key_of(command, name) if equals else None
    return key is not None and (word.startswith("--") or key.may_hold_spaces)


def read_option(word: str, after: list[str], flags: Sequence[Flag], keys: Sequence[Key]) -> Option:
    """What the word says, with the word after it where that is its value."""
    flag = next((flag for flag in flags if word.replace("_", "-") == flag.option), None)
    if flag is not None:
        return Option([word], flags=[flag])
    if is_dashed(word) and not word.startswith("--"):
        return _read_letters(word, after, flags, keys)
    name, equals, value = word.removeprefix("--").partition("=")
    key = key_named(name, keys)
    if key is None:
        return Option([word])
    return Option([word], key=key, value=value) if equals else _with_next_word(word, after, key=key)


def _read_letters(word: str, after: list[str], flags: Sequence[Flag], keys: Sequence[Key]) -> Option:
    """`-q`, `-qw`, `-o json`, `-ojson`, `-a=shop` and `-qo json`: what follows a key's letter is its value."""
    found: list[Flag] = []
    for at, letter in enumerate(word[1:], start=2):
        key = next((key for key in keys if key.short == letter), None)
        if key is not None:
            value = word[at:]
            if value:
                return Option([word], flags=found, key=key, value=value.removeprefix("="))
            return _with_next_word(word, after, flags=found, key=key)
        flag = next((flag for flag in flags if flag.short == letter), None)
        if flag is None:
            return Option([word])
        found.append(flag)
    return Option([word], flags=found)


def _with_next_word(word: str, after: list[str], *, key: Key, flags: Sequence[Flag] = ()) -> Option:
    if not after or after[0] == END_OF_OPTIONS:
        return Option([word], flags=flags, key=key)
    return Option([word, after[0]], flags=flags, key=key, value=after[0])


def flags_of(command: Command) -> Sequence[Flag]:
    return (*command.flags, *GLOBAL_FLAGS)


def keys_of(command: Command) -> Sequence[Key]:
    own = [key.name for key in command.keys]  # it may say more exactly what a key means there
    return (*command.keys, *(key for key in GLOBAL_KEYS if key.name not in own))


def key_of(command: Command, name: str) -> Key | None:
    return key_named(name, keys_of(command))


def key_named(name: str, keys: Sequence[Key]) -> Key | None:
    wanted = name.replace("-", "_")
    return next((key for key in keys if wanted in key.names), None)
