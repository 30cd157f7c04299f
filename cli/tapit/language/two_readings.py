"""Words that may be tapit's or the command's: refused, with both ways to write what was meant."""

from __future__ import annotations

from itertools import takewhile

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language.did_you_mean import did_you_mean, nearest
from tapit.language.options import (
    END_OF_OPTIONS,
    Option,
    flags_of,
    is_dashed,
    is_swallowed,
    key_of,
    keys_of,
    looks_like_one,
    read_option,
)
from tapit.language.suggested_command import as_typed
from tapit.language.values import OWN_VARIABLES, names_variable

if TYPE_CHECKING:
    from tapit.language.command import Command, Key
    from tapit.language.sorting import Sorted

RULE = "Options and key=value go before the command, or after one in quotes with a space in it."
PART_OF_THE_COMMAND = "If it is part of the command, put -- before the command."
INTO_THE_QUOTES = "If it is part of the command, put it into the quotes."


def refuse_two_readings(command: Command, found: Sorted) -> None:
    """Raise UsageError when a word behind an unquoted command may have been meant for tapit."""
    at = next((at for at, word in enumerate(found.behind) if _may_be_ours(command, word)), None)
    if at is None:
        return
    _refuse_needless_key(command, found)
    word, after = found.behind[at], found.behind[at + 1 :]
    if is_swallowed(command, word) and not looks_like_one(command, word):
        raise swallowed(command, word)
    option = read_option(word, after, flags_of(command), keys_of(command))
    what, why, meant = f"whose is {word}, tapit's or the command's?", _rule(found, at), None
    if needless := _why_needless(command, word):
        why = f"tapit {command.path} needs none: {needless}"
        meant = f"without it: {_line_without(command, word, found)}"
    elif not option.is_known and word != END_OF_OPTIONS:
        what, meant = f"{word} comes after a command without quotes", near_to(command, word)
    ways = (_as_theirs(command, found), _as_ours(command, found), meant)
    raise UsageError(what, why, "\n".join(way for way in ways if way))


def _refuse_needless_key(command: Command, found: Sorted) -> None:
    """Raise UsageError for a key that is taken elsewhere and not here: it is no more the command's than ours."""
    before_mark = takewhile(lambda word: word != END_OF_OPTIONS, found.behind)
    for word in before_mark:
        name, equals, _ = word.partition("=")
        if equals and (why := _why_needless(command, name)):
            options, theirs = sorted_as_ours(command, found)
            line = typed_line(command, options, [one for one in theirs if one != word])
            what = f"tapit {command.path} takes no {name}="
            raise UsageError(what, f"{why} {PART_OF_THE_COMMAND}", f"without it: {line}")


def _rule(found: Sorted, words_before: int) -> str:
    """For a single word with what the shell does to its quotes, which may have been there."""
    if words_before or len(found.bare) != 1:
        return RULE
    return f"{RULE}\nQuotes around a single word ({found.bare[0]}) are not seen: the shell takes them away."


def _may_be_ours(command: Command, word: str) -> bool:
    return word == END_OF_OPTIONS or looks_like_one(command, word) or is_swallowed(command, word)


def swallowed(command: Command, word: str) -> UsageError:
    name, _, value = word.partition("=")
    key = key_of(command, name)
    assert key is not None
    key.reads(name, value)  # what it cannot be is the better thing to say
    return UsageError(
        f"{name}= holds a space, so it would become part of the command",
        "Write it as an option before the command, or put -- before the command if that is what you want.",
        f"--{name} {_quoted([value])}",
    )


def unknown_option(command: Command, word: str, found: Sorted) -> UsageError:
    """For an option that stands where it can only be tapit's."""
    if why := _why_needless(command, word):
        return UsageError(f"tapit {command.path} needs no {word}", why, _line_without(command, word, found))
    return _unknown(command, f"there is no option {word}", None, found, word)


def unknown_key(command: Command, word: str, found: Sorted) -> UsageError:
    name = word.partition("=")[0]
    if why := _why_needless(command, name):
        return UsageError(f"tapit {command.path} takes no {name}=", why)
    known = ", ".join(key.name for key in command.keys)
    if any(map(str.isspace, word)) and key_of(command, "line") and not command.takes_shell_command:
        return UsageError(
            f"there is no key {name}",
            None,
            near_to(command, word) or f"if it is the line: {as_typed(f'line={word}')}",
        )
    all_keys = f"tapit {command.path} knows {known}." if known else f"tapit {command.path} takes no keys."
    return _unknown(command, f"there is no key {name}", all_keys, found, word)


def _unknown(command: Command, what: str, known: str | None, found: Sorted, word: str) -> UsageError:
    meant = near_to(command, word)
    if not command.takes_shell_command or _is_given(command, found):
        return UsageError(what, None if meant else known, meant or f"tapit {command.path} --help")
    line = found.quoted
    if line is not None and _comes_after(line, word, found):
        return UsageError(what, INTO_THE_QUOTES, meant or _within_quotes(command, found, line))
    if is_dashed(word):  # no command begins with an option
        return UsageError(what, None, meant or f"tapit {command.path} --help")
    return UsageError(what, PART_OF_THE_COMMAND, meant or _variable_before(command, found))


def _comes_after(line: str, word: str, found: Sorted) -> bool:
    words = [said if isinstance(said, str) else said.typed[0] for said in found.said]
    return words.index(word) > words.index(line)


def _is_given(command: Command, found: Sorted) -> bool:
    """Tell whether it was said which words the command is, so that nothing else can be part of it."""
    return found.marked is not None or command.word in [
        option.key.name for option in found.options if option.key
    ]


def near_to(command: Command, word: str) -> str | None:
    """Which option or key was meant, were it one of ours; the dashes alone make no two alike."""
    name, equals, value = word.partition("=")
    if not is_dashed(word):
        names = [known for key in keys_of(command) if _takes(key, value) for known in key.names]
        meant = nearest(name, names)
        return f"did you mean {as_typed(meant + equals + value)}?" if meant else None
    options = [flag.option for flag in flags_of(command)] + [f"--{key.name}" for key in keys_of(command)]
    return did_you_mean(name.lstrip("-"), [option.lstrip("-") for option in options], before="--")


def _takes(key: Key, value: str) -> bool:
    """Of a key with a few values no other is suggested: whoever types task=1jd3 means no status."""
    if not key.choices:
        return True
    try:
        key.reads(key.name, value)
    except UsageError:
        return False
    return True


def _why_needless(command: Command, word: str) -> str | None:
    return next((why for words, why in command.needless if word in words), None)


def _line_without(command: Command, word: str, found: Sorted) -> str:
    """Of what stands before the command all that is needless goes at once."""
    options = [option for option in found.options if not _why_needless(command, option.typed[0])]
    theirs = [one for one in (*found.bare, *found.behind, *(found.marked or [])) if one != word]
    return typed_line(command, options, theirs, mark=found.marked is not None or any(map(is_dashed, theirs)))


def _within_quotes(command: Command, found: Sorted, line: str) -> str:
    """The command with what is none of ours as its end."""
    import shlex

    strange = [word for option in found.options if not option.is_known for word in option.typed]
    known = [option for option in found.options if option.is_known]
    return typed_line(command, known, [" ".join([line, *map(shlex.quote, strange)])], mark=False)


def _variable_before(command: Command, found: Sorted) -> str:
    """What may be set for the command alone, or for the whole task."""
    known = [option for option in found.options if option.is_known]
    strange = [word for option in found.options if not option.is_known for word in option.typed]
    theirs = [*found.bare, *found.behind]
    whole = [*strange, *theirs] if found.quoted is None else [" ".join([*strange, found.quoted])]
    ways = [f"the command's: {typed_line(command, known, whole, mark=found.quoted is None)}"]
    if theirs and any(key.name == "env" for key in command.keys) and all(map(_sets_variable, strange)):
        variables = [Option([f"env={word}"]) for word in strange]
        mark = bool(found.behind)
        ways.append(f"a variable of the task: {typed_line(command, [*known, *variables], theirs, mark=mark)}")
    return "\n".join(ways)


def _sets_variable(word: str) -> bool:
    name = word.partition("=")[0]
    return names_variable(name) and not name.startswith(OWN_VARIABLES)


def _as_theirs(command: Command, found: Sorted) -> str:
    return f"the command's: {typed_line(command, found.options, [*found.bare, *found.behind])}"


def _as_ours(command: Command, found: Sorted) -> str | None:
    """The same words, with all that tapit knows before the command; None when it knows none of them."""
    options, theirs = sorted_as_ours(command, found)
    if any(flag.name == "help" for option in options for flag in option.flags):
        return f"tapit's own: tapit {command.path} --help"
    has_more = len(options) > len(found.options) or END_OF_OPTIONS in found.behind
    return f"tapit's own: {typed_line(command, options, theirs)}" if has_more else None


def sorted_as_ours(command: Command, found: Sorted) -> tuple[list[Option], list[str]]:
    """All that tapit knows, wherever it stands, and the words that are left."""
    options, theirs = list(found.options), list(found.bare)
    at = 0
    while at < len(found.behind):
        word, after = found.behind[at], found.behind[at + 1 :]
        at += 1
        if word == END_OF_OPTIONS:
            theirs += after
            break
        option = read_option(word, after, flags_of(command), keys_of(command))
        if looks_like_one(command, word) and option.is_known:
            options.append(option)
            at += len(option.typed) - 1
        else:
            theirs.append(word)
    return options, theirs


def typed_line(command: Command, options: list[Option], theirs: list[str], *, mark: bool = True) -> str:
    from shlex import quote

    ours = [word for option in options for word in _without_value_of_variable(option)]
    if not all(map(str.isprintable, theirs)):
        theirs = ["..."]  # what goes over several lines is not repeated in one
    known = ["tapit", *command.path.split(), *map(as_typed, ours), *([END_OF_OPTIONS] if mark else [])]
    return " ".join([*known, *map(quote, theirs)])


def _without_value_of_variable(option: Option) -> list[str]:
    """It may be a secret, and what is suggested ends in the log of a CI job."""
    if option.key is None or option.key.name not in ("env", "secret") or option.value is None:
        return option.typed
    return [f"{option.key.name}={option.value.partition('=')[0]}=..."]


def _quoted(words: list[str]) -> str:
    import shlex

    return shlex.join(words)
