"""What could come next: `tapit __complete WORDS...` prints `value TAB help`, one a line, for every shell.

The last word is the one being typed. Silent on any failure: a prompt is no place for an error.
"""

import sys
from contextlib import suppress

from tapit import commands
from tapit.grammar import GLOBAL_FLAGS, GLOBAL_KEYS, Command, Key
from tapit.terminal import harmless

Candidate = tuple[str, str]


def answer(words: list[str]) -> int:
    words = words or [""]
    found: list[Candidate] = []
    with suppress(Exception):  # a bug as well: it would leave a trace behind at each Tab
        found = _candidates(words[:-1], words[-1])
    # whatever its source: the shell shows it as it is
    sys.stdout.write("".join(f"{harmless(value)}\t{harmless(meaning)}\n" for value, meaning in found))
    return 0


def _candidates(before: list[str], word: str) -> list[Candidate]:
    from tapit.words import find_command

    if "--" in before:
        return []
    if before and _waiting_for_value(before[-1]):
        return _values(before[-1].lstrip("-"), word, before, "")
    typed = find_command(before)
    if typed.path is None:
        return _starting(_next_words(typed.before), word) + _starting(
            _options(None), word, only_after_dash=True
        )
    return _of_command(commands.load(typed.path), before, word, typed.rest)


def _waiting_for_value(word: str) -> bool:
    """Whether this option takes the next word; the keys of commands are written with `=` far more often."""
    return any(word in (f"-{key.short}", f"--{key.name}") for key in GLOBAL_KEYS)


def _next_words(before: list[str]) -> list[Candidate]:
    if not before:
        return [(verb, _verb_meaning(verb)) for verb in commands.verbs()]
    return [(noun, commands.SUMMARIES[f"{before[0]} {noun}"]) for noun in commands.nouns_of(before[0])]


def _verb_meaning(verb: str) -> str:
    nouns = commands.nouns_of(verb)
    return " or ".join(nouns) if nouns else commands.SUMMARIES[verb]


def _of_command(command: Command, before: list[str], word: str, rest: list[str]) -> list[Candidate]:
    name, equals, begun = word.partition("=")
    if equals:
        return _values(name.lstrip("-"), begun, before, f"{name}=", command)
    if word.startswith("-"):
        return _starting(_options(command), word)
    found = [(f"{key.name}=", key.meaning) for key in command.keys if _is_open(key, rest)]
    bare = next((key for key in command.keys if key.name == command.word), None)
    if bare is not None and _is_open(bare, rest) and not command.takes_shell_command:
        return _starting(found, word) + _values(bare.name, word, before, "", command)
    return _starting(found, word)


def _is_open(key: Key, rest: list[str]) -> bool:
    """A key that was given is not offered again."""
    given = {word.lstrip("-").partition("=")[0].replace("-", "_") for word in rest}
    return key.repeats or not given.intersection(key.names)


def _options(command: Command | None) -> list[Candidate]:
    flags = (*(command.flags if command else ()), *GLOBAL_FLAGS)
    keys = (*(command.keys if command else ()), *GLOBAL_KEYS)
    return [(flag.option, flag.meaning) for flag in flags] + [(f"--{key.name}=", key.meaning) for key in keys]


def _values(
    name: str, begun: str, before: list[str], head: str, command: Command | None = None
) -> list[Candidate]:
    keys = (*(command.keys if command else ()), *GLOBAL_KEYS)
    key = next((one for one in keys if name in (*one.names, one.short)), None)
    if key is None:
        return []
    found = [(choice, "") for choice in key.choices] or _known(key.name, command, before)
    return [(head + value, meaning) for value, meaning in _starting(found, begun)]


def _known(name: str, command: Command | None, before: list[str]) -> list[Candidate]:
    from tapit import known_names

    if name == "task":
        return known_names.tasks(before)
    if name == "app" or (
        name == "name" and command is not None and command.noun == "app" and command.verb != "create"
    ):
        return known_names.apps(before)
    if name in ("profile", "default_profile"):
        return known_names.profiles()
    return []


def _starting(found: list[Candidate], word: str, *, only_after_dash: bool = False) -> list[Candidate]:
    if only_after_dash and not word.startswith("-"):
        return []
    return [(value, " ".join(meaning.split())) for value, meaning in found if value.startswith(word)]
