"""From words to a request: each setting read by its key, and everything refused that cannot be meant."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language.options import is_setting, is_swallowed, key_of
from tapit.language.sorting import sort_words

if TYPE_CHECKING:
    from typing import Any

    from tapit.language.command import Command, Key
    from tapit.language.options import Option
    from tapit.language.sorting import Sorted


class Request:
    """What was typed, understood."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.settings: dict[str, Any] = {}
        self.flags: set[str] = set()


def understand(command: Command, words: list[str]) -> Request:
    """Sort the words into settings and flags; refuse what is unknown, doubled, unreadable or has two readings."""
    request = Request(command)
    found = sort_words(command, words)
    for option in found.options:
        if not option.is_known:
            raise _unknown(command, option.typed[0], found)
        request.flags.update(flag.name for flag in option.flags)
        if option.key is not None:
            _put(request, option.key, _value_of(option, option.key))
    if found.behind:
        from tapit.language.two_readings import refuse_two_readings

        _refuse_beside_a_line(command, found)
        refuse_two_readings(command, found)
    _take_bare(request, found)
    return request


def _unknown(command: Command, word: str, found: Sorted) -> UsageError:
    from tapit.language import two_readings

    if word.startswith("-"):
        return two_readings.unknown_option(command, word, found)
    return two_readings.unknown_key(command, word, found)


def _value_of(option: Option, key: Key) -> str:
    if option.value is None:
        word = option.typed[0]
        raise UsageError(f"{word} needs a value", then=f"{word} {key.placeholder}")
    return option.value


def _put(request: Request, key: Key, given: str) -> None:
    value = _read(request.command, key, given)
    if key.repeats:
        kept = request.settings.setdefault(key.name, [])
        assert isinstance(kept, list)
        if isinstance(value, tuple) and value[0] in [one[0] for one in kept]:
            raise UsageError(f"{key.name}={value[0]} is given twice", then="give it once")
        kept.append(value)
    elif key.name in request.settings:
        raise UsageError(
            f"{key.name} is given twice",
            then="give it once" + (", with commas between" if key.has_commas else ""),
        )
    else:
        request.settings[key.name] = value


def _read(command: Command, key: Key, given: str) -> object:
    try:
        return key.reads(key.name, given)
    except UsageError:
        unset = key_of(command, "unset")
        if given.strip() or unset is None or key.name not in unset.choices:
            raise
        raise UsageError(
            f"{key.name}= is empty", then=f"to put it back to its default: unset={key.name}"
        ) from None


def _take_bare(request: Request, found: Sorted) -> None:
    command, bare = request.command, _without_line(request, found)
    if not bare:
        return
    key = key_of(command, command.word) if command.word else None
    if key is not None and key.repeats:
        for word in bare:
            _put(request, key, word)
        return
    is_said = key is not None and key.name in request.settings and not command.takes_shell_command
    if key is None or is_said or (len(bare) > 1 and not command.takes_shell_command):
        raise UsageError(
            f"unexpected word {bare[-1]!r}", then=_as_line(request, bare if is_said else bare[1:])
        )
    if len(bare) > 1:
        _refuse_swallowed_setting(command, found.bare)
    if command.name_first or (command.takes_shell_command and len(bare) > 1):
        _refuse_beside_a_line(command, found)
    _put(request, key, bare[0] if len(bare) == 1 else _quoted(bare))


def _without_line(request: Request, found: Sorted) -> list[str]:
    """The bare words; where the line is not what they fill, one in quotes is the line all the same."""
    command, bare = request.command, [*found.bare, *found.behind, *(found.marked or [])]
    key = key_of(command, "line")
    if key is None or command.takes_shell_command or "line" in request.settings:
        return bare
    lines = [word for word in bare if any(map(str.isspace, word))]
    if len(lines) != 1:
        return bare
    _put(request, key, lines[0])
    return [word for word in bare if word != lines[0]]


def _as_line(request: Request, words: list[str]) -> str:
    """What was meant by words too many: the line to run, where that is a key of the command."""
    command = request.command
    if "line" in request.settings or key_of(command, "line") is None:
        return f"tapit {command.path} --help"
    return f"if it is the line: line={_quoted([' '.join(words)])}"


def _refuse_beside_a_line(command: Command, found: Sorted) -> None:
    from tapit.language.beside_a_line import refuse_more_than_a_line, refuse_without_name

    refuse_without_name(command, found)
    refuse_more_than_a_line(command, found)


def _refuse_swallowed_setting(command: Command, bare: list[str]) -> None:
    """A word with a space is the command; beside another one it was more likely meant as a setting."""
    from tapit.language import two_readings

    for word in bare:
        if is_swallowed(command, word):
            raise two_readings.swallowed(command, word)
        if is_setting(word) and (meant := two_readings.near_to(command, word)):
            raise UsageError(f"there is no key {word.partition('=')[0]}", then=meant)


def _quoted(words: list[str]) -> str:
    import shlex

    return shlex.join(words)


def require(request: Request) -> None:
    for name in request.command.required:
        if name not in request.settings:
            command = request.command
            raise UsageError(f"tapit {command.path} needs {name}=", then=command.example)
