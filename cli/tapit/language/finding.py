"""Which command the words are for: its verb and its noun, wherever they stand among the options."""

from __future__ import annotations

from tapit.errors import UsageError
from tapit.language import vocabulary
from tapit.language.command import FLAGS, GLOBAL_FLAGS, GLOBAL_KEYS
from tapit.language.did_you_mean import did_you_mean
from tapit.language.options import END_OF_OPTIONS, is_dashed, is_setting, read_option


class Typed:
    """What was typed, sorted: which command, and the words meant for it."""

    def __init__(self, path: str | None, rest: list[str], before: list[str]) -> None:
        self.path = path
        self.rest = rest
        self.before = before  # the verb, when it was typed without its noun


def find_command(argv: list[str]) -> Typed:
    """Take the verb and its noun out of the words; every other word stays, in its order."""
    rest: list[str] = []
    verb: str | None = None
    at = 0
    while at < len(argv):
        word = argv[at]
        width = _option_width(word, vocabulary.nouns_of(verb) if verb else vocabulary.verbs(), argv[at + 1 :])
        if word == END_OF_OPTIONS:
            break
        if width == 0 and verb is None:
            verb = _verb(word, argv[at + 1 :])
        elif width == 0 and verb is not None:
            return _with_noun(verb, word, argv[at + 1 :], rest)
        else:
            rest += argv[at : at + width]
        at += max(width, 1)
        if verb is not None and not vocabulary.nouns_of(verb):
            return Typed(verb, rest + _without_noun(verb, argv[at:]), [])
    return Typed(None, rest + argv[at:], [verb] if verb else [])


def _option_width(word: str, awaited: list[str], after: list[str]) -> int:
    """How many words an option or a setting takes up; 0 when it is neither.

    The command is not known yet, so an option takes a value unless the word awaited follows it.
    """
    if not is_dashed(word):
        return 1 if is_setting(word) else 0
    option = read_option(word, [], FLAGS, GLOBAL_KEYS)
    if "=" in word or (option.is_known and (option.key is None or option.value is not None)):
        return 1
    return 1 if after and after[0] in awaited else 2


def refuse_unknown_option(typed: Typed) -> None:
    """Where there is no command to ask, an option must be one of those that go with all of them."""
    for word in typed.rest[:1]:
        if is_dashed(word) and not read_option(word, [], FLAGS, GLOBAL_KEYS).is_known:
            options = [flag.option for flag in GLOBAL_FLAGS] + [f"--{key.name}" for key in GLOBAL_KEYS]
            meant = did_you_mean(word.lstrip("-"), [option.lstrip("-") for option in options], before="--")
            raise UsageError(f"there is no option {word}", then=meant or "tapit --help")


def _verb(word: str, after: list[str]) -> str:
    if word in vocabulary.verbs():
        return word
    elsewhere = vocabulary.turned_around(word, after[0] if after else "") or vocabulary.OTHER_PROGRAMS.get(
        word
    )
    meant = (
        f"did you mean tapit {elsewhere}?"
        if elsewhere
        else did_you_mean(word, vocabulary.verbs(), before="tapit ")
    )
    raise UsageError(
        f"there is no command {word}",
        None if meant else f"The commands are {', '.join(vocabulary.verbs())}.",
        meant or "tapit --help",
    )


def _with_noun(verb: str, word: str, after: list[str], rest: list[str]) -> Typed:
    noun = vocabulary.noun_of(verb, word)
    if noun is not None:
        return Typed(f"{verb} {noun}", rest + after, [])
    nouns = vocabulary.nouns_of(verb)
    raise UsageError(
        f"tapit {verb} does not know {word!r}",
        f"It goes with {' or '.join(nouns)}.",
        did_you_mean(word, nouns, before=f"tapit {verb} ") or f"tapit {verb} --help",
    )


def _without_noun(verb: str, after: list[str]) -> list[str]:
    """`tapit logs task ID` says no more than `tapit logs ID`; in `tapit run task`, task is a program."""
    return after[1:] if verb in vocabulary.ABOUT_TASKS and after[:1] == ["task"] else after
