"""What could come next: `tapit __complete WORDS...` prints `value TAB help`, one a line, for every shell.

The last word is the one being typed. `:files` or `:folders` alone leaves it to the shell, which knows how to quote
them. Silent on any failure: a prompt is no place for an error.
"""

import re
import sys
from collections.abc import Sequence
from contextlib import suppress

from tapit import commands
from tapit.language import vocabulary
from tapit.language.command import GLOBAL_FLAGS, GLOBAL_KEYS, Command, Flag, Key
from tapit.language.options import flags_of, is_dashed, key_named, keys_of, read_option
from tapit.terminal.stream import harmless

Candidate = tuple[str, str]
PLAIN_NAME = r"[A-Za-z0-9][A-Za-z0-9._/-]*"
FILES = [(":files", "")]
LEFT_TO_THE_SHELL = {"files": FILES, "folders": [(":folders", "")]}


def answer(words: list[str]) -> int:
    words = words or [""]
    found: list[Candidate] = []
    with suppress(Exception):  # a bug as well: it would leave a trace behind at each Tab
        found = _candidates(words[:-1], words[-1])
    # whatever its source: the shell shows it as it is
    sys.stdout.write("".join(f"{harmless(value)}\t{harmless(meaning)}\n" for value, meaning in found))
    return 0


def words_of(line: str) -> list[str]:
    """The words after `tapit` of a line up to the cursor, where a quote may still be open."""
    import shlex

    for closing in ("", "'", '"'):
        with suppress(ValueError):
            *words, last = shlex.split(f"{line}x{closing}")  # x: so that a word is being typed in any case
            return [*words, last[:-1]][1:]
    return [""]


def _candidates(before: list[str], word: str) -> list[Candidate]:
    from tapit.language.finding import find_command
    from tapit.language.sorting import sort_words

    typed = find_command(before)
    command = commands.load(typed.path) if typed.path else None
    # before a line in quotes, which may still come, a word is a name
    may_follow = ["a line"] if command and command.name_first else []
    if "--" in before or (command and sort_words(command, [*typed.rest, *may_follow]).has_begun):
        return FILES if command and command.takes_shell_command else []
    if before and (awaiting := _awaits_value(command, before[-1])):
        return _values(awaiting, "", word, before)
    name, equals, begun = _name_and_value(word)
    if name:
        key = _key(command, name)
        return _values(key, name + equals, begun, before) if key else []
    if word.startswith("-"):
        return _spelled_alike(_options(command), word)
    return _of_command(command, before, word, typed.rest) if command else _next_words(typed.before, word)


def _flags(command: Command | None) -> Sequence[Flag]:
    return flags_of(command) if command else GLOBAL_FLAGS


def _keys(command: Command | None) -> Sequence[Key]:
    return keys_of(command) if command else GLOBAL_KEYS


def _key(command: Command | None, name: str) -> Key | None:
    """The key meant by `name`, `--name` or `-n`."""
    wanted = name.lstrip("-")
    return next((key for key in _keys(command) if key.short == wanted), None) or key_named(
        wanted, _keys(command)
    )


def _awaits_value(command: Command | None, word: str) -> Key | None:
    """The key whose value is the next word, after `--name`, `-n` or `-qn`."""
    if not is_dashed(word) or "=" in word:
        return None
    option = read_option(word, [], _flags(command), _keys(command))
    return option.key if option.value is None else None


def _name_and_value(word: str) -> tuple[str, str, str]:
    """`status=RUN` and `--status=RUN` around the `=`, and `-oj` after the letter; empty when it is none of these."""
    name, equals, begun = word.partition("=")
    if equals:
        return name, equals, begun
    short = next(
        (f"-{key.short}" for key in GLOBAL_KEYS if key.short and word.startswith(f"-{key.short}")), ""
    )
    return short, "", word[2:]


def _next_words(before: list[str], word: str) -> list[Candidate]:
    if not before:
        return _starting([(verb, _verb_meaning(verb)) for verb in vocabulary.verbs()], word)
    nouns = vocabulary.nouns_of(before[0])
    return _starting([(noun, vocabulary.SUMMARIES[f"{before[0]} {noun}"]) for noun in nouns], word)


def _verb_meaning(verb: str) -> str:
    nouns = vocabulary.nouns_of(verb)
    return " or ".join(nouns) if nouns else vocabulary.SUMMARIES[verb]


def _of_command(command: Command, before: list[str], word: str, rest: list[str]) -> list[Candidate]:
    found = _starting([(f"{key.name}=", key.meaning) for key in command.keys if _is_open(key, rest)], word)
    first = "task" if command.task_first else command.word
    bare = _key(command, first) if first else None
    if bare is not None and bare.name != "line" and _is_open(bare, rest):
        found = [one for one in _values(bare, "", word, before) if one[0] not in rest] + found
    return found or FILES if command.takes_shell_command else found


def _is_open(key: Key, rest: list[str]) -> bool:
    """A key that was given is not offered again."""
    given = {word.lstrip("-").partition("=")[0].replace("-", "_") for word in rest}
    return key.repeats or not given.intersection(key.names)


def _options(command: Command | None) -> list[Candidate]:
    found = [(flag.option, flag.meaning) for flag in _flags(command)]
    return found + [(f"--{key.name.replace('_', '-')}=", key.meaning) for key in _keys(command)]


def _values(key: Key, head: str, begun: str, before: list[str]) -> list[Candidate]:
    if key.offers in LEFT_TO_THE_SHELL:
        return LEFT_TO_THE_SHELL[key.offers]
    found = [(choice, "") for choice in key.choices] or _known(key, before)
    if key.has_commas and "," in begun:
        listed, _, begun = begun.rpartition(",")
        found = [one for one in found if one[0] not in listed.split(",")]
        head += f"{listed},"
    return [(head + value, meaning) for value, meaning in _starting(found, begun)]


def _known(key: Key, before: list[str]) -> list[Candidate]:
    """What the home and the configuration know by name: plain ones, for bash puts a value on the line as it is."""
    if not key.offers:
        return []
    from tapit.completion.cached_names import NAMES

    names = NAMES[key.offers](before)
    return [(name, meaning) for name, meaning in names if re.fullmatch(PLAIN_NAME, name)]


def _spelled_alike(options: list[Candidate], word: str) -> list[Candidate]:
    """`--max-h` and `--max_h` both go on as they began."""
    if "_" in word:
        options = [("--" + option[2:].replace("-", "_"), meaning) for option, meaning in options]
    return _starting(options, word)


def _starting(found: list[Candidate], word: str) -> list[Candidate]:
    return [(value, " ".join(meaning.split())) for value, meaning in found if value.startswith(word)]
