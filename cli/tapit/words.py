"""Read `VERB NOUN [words] [key=value ...]`, with options and keys in any place and any spelling."""

from tapit import commands
from tapit.errors import UsageError, nearest
from tapit.grammar import GLOBAL_FLAGS, GLOBAL_KEYS, WAIT_FLAGS, Command, Flag, Key


class Typed:
    """What was typed, sorted: which command, and the words meant for it."""

    def __init__(self, path: str | None, rest: list[str], before: list[str]) -> None:
        self.path = path
        self.rest = rest
        self.before = before  # the verb, when it was typed without its noun


class Request:
    """What was typed, understood."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.settings: dict[str, object] = {}
        self.flags: set[str] = set()


def find_command(argv: list[str]) -> Typed:
    """Take the verb and its noun out of the words, wherever they stand."""
    rest: list[str] = []
    verb: str | None = None
    at = 0
    while at < len(argv):
        word = argv[at]
        width = _option_width(word, commands.nouns_of(verb) if verb else commands.verbs(), argv[at + 1 :])
        if word == "--":
            break
        if width == 0 and verb is None:
            verb = _verb(word)
        elif width == 0 and verb is not None:
            return _with_noun(verb, word, argv[at + 1 :], rest)
        else:
            rest += argv[at : at + width]
        at += max(width, 1)
        if verb is not None and not commands.nouns_of(verb):
            return Typed(verb, rest + _without_noun(argv[at:]), [])
    return Typed(None, rest + argv[at:], [verb] if verb else [])


def _option_width(word: str, awaited: list[str], after: list[str]) -> int:
    """How many words an option or a setting takes up; 0 when it is neither.

    The command is not known yet, so an option takes a value unless the word awaited follows it.
    """
    if not word.startswith("-") or word == "-":
        return 1 if _is_setting(word) else 0
    if "=" in word or _short_with_value(word) or _is_flag(word):
        return 1
    return 1 if after and after[0] in awaited else 2


def _is_setting(word: str) -> bool:
    """`name=anything`, where the name could be a key's."""
    name, equals, _ = word.partition("=")
    plain = name.replace("_", "").replace("-", "")
    return bool(equals) and plain.isalnum() and plain.isascii() and name[0].isalpha()


def _is_flag(word: str) -> bool:
    known = (
        *GLOBAL_FLAGS,
        *WAIT_FLAGS,
        Flag("follow", "", short="f"),
        Flag("all", ""),
        Flag("timestamps", ""),
    )
    return any(_is(flag, word) for flag in known)


def _verb(word: str) -> str:
    if word in commands.verbs():
        return word
    near = nearest(word, commands.verbs())
    raise UsageError(
        f"there is no command {word}",
        None if near else f"The commands are {', '.join(commands.verbs())}.",
        f"did you mean tapit {near}?" if near else "tapit --help",
    )


def _with_noun(verb: str, word: str, after: list[str], rest: list[str]) -> Typed:
    noun = commands.noun_of(verb, word)
    if noun is not None:
        return Typed(f"{verb} {noun}", rest + after, [])
    nouns = commands.nouns_of(verb)
    near = nearest(word, nouns)
    raise UsageError(
        f"tapit {verb} does not know {word!r}",
        f"It goes with {' or '.join(nouns)}.",
        f"did you mean tapit {verb} {near}?" if near else f"tapit {verb} --help",
    )


def _without_noun(after: list[str]) -> list[str]:
    """`tapit logs task ID` says no more than `tapit logs ID`."""
    return after[1:] if after[:1] == ["task"] else after


def understand(command: Command, words: list[str]) -> Request:
    """Sort the words into settings and flags; refuse what is unknown, doubled or unreadable."""
    request = Request(command)
    bare: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            bare += words[at + 1 :]
            break
        at += 1
        if _is_bare(command, word):
            bare.append(word)
        elif word.startswith("-"):
            at += _take_option(request, word, words[at:], words)
        else:
            given_name, _, value = word.partition("=")
            _put(request, _key_or_refuse(command, given_name, word, words), value)
    _take_bare(request, bare)
    return request


def _is_bare(command: Command, word: str) -> bool:
    if command.takes_shell_command and any(map(str.isspace, word)):
        return not _is_setting_with_spaces(command, word)
    return (not word.startswith("-") and not _is_setting(word)) or word == "-"


def _is_setting_with_spaces(command: Command, word: str) -> bool:
    """`--key=any words`, or `key=any words` where the key's value is prose.

    No size and no tag holds a space: `memory=4 echo hi` is a shell line that begins with a variable.
    """
    name, equals, _ = word.removeprefix("--").partition("=")
    key = _key(command, name) if equals else None
    return key is not None and (word.startswith("--") or key.may_hold_spaces)


def _take_option(request: Request, word: str, after: list[str], words: list[str]) -> int:
    """Take one option, and say how many of the words after it were its value."""
    command = request.command
    for flag in (*command.flags, *GLOBAL_FLAGS):
        if _is(flag, word):
            request.flags.add(flag.name)
            return 0
    if short := _short_with_value(word):
        _put(request, short, word[2:].removeprefix("="))
        return 0
    name, equals, value = word.lstrip("-").partition("=")
    key = _short_key(word) or (_key(command, name) if word.startswith("--") else None)
    if key is None:
        raise _unknown_option(command, word, words)
    if not equals and (not after or after[0] == "--"):
        raise UsageError(f"{word} needs a value", then=f"{word} {key.placeholder}")
    _put(request, key, value if equals else after[0])
    return 0 if equals else 1


def _is(flag: Flag, word: str) -> bool:
    return word.replace("_", "-") == flag.option or (flag.short is not None and word == f"-{flag.short}")


def _short_key(word: str) -> Key | None:
    return next((key for key in GLOBAL_KEYS if key.short and word == f"-{key.short}"), None)


def _short_with_value(word: str) -> Key | None:
    """`-ojson` and `-a=shop`."""
    if len(word) < 3 or word.startswith("--"):
        return None
    return _short_key(word[:2])


def _key(command: Command, name: str) -> Key | None:
    wanted = name.replace("-", "_")
    return next((key for key in (*command.keys, *GLOBAL_KEYS) if wanted in key.names), None)


def _key_or_refuse(command: Command, name: str, word: str, words: list[str]) -> Key:
    key = _key(command, name)
    if key is not None:
        return key
    names = [known for key in (*command.keys, *GLOBAL_KEYS) for known in key.names]
    near = nearest(name, names)
    meant = f"did you mean {near}{word[len(name) :]}?" if near else None
    if not command.takes_shell_command:
        raise UsageError(
            f"there is no key {name}", None if near else _keys_of(command), meant or _help(command)
        )
    raise UsageError(
        f"there is no key {name}",
        "If it is part of the command, put -- before the command.",
        meant or _behind_dashes(command, words),
    )


def _behind_dashes(command: Command, words: list[str]) -> str:
    """The same words in an order that can only be read as they were probably meant."""
    ours: list[str] = []
    theirs: list[str] = []
    at = 0
    while at < len(words) and words[at] != "--":
        width = _own_width(command, words[at])
        (ours if width else theirs).extend(words[at : at + max(width, 1)])
        at += max(width, 1)
    return _quoted(["tapit", *command.path.split(), *ours, "--", *theirs, *words[at + 1 :]])


def _own_width(command: Command, word: str) -> int:
    """How many words an option or a setting of our own takes up; 0 when it is none of ours."""
    if any(_is(flag, word) for flag in (*command.flags, *GLOBAL_FLAGS)) or _short_with_value(word):
        return 1
    if _is_bare(command, word):
        return 0
    name, equals, _ = word.removeprefix("--").partition("=")
    if _short_key(word) or (not equals and word.startswith("--") and _key(command, name)):
        return 2
    return 1 if equals and _key(command, name) else 0


def _unknown_option(command: Command, word: str, words: list[str]) -> UsageError:
    flags = [flag.option for flag in (*command.flags, *GLOBAL_FLAGS)]
    near = nearest(word.partition("=")[0], flags + [f"--{key.name}" for key in (*command.keys, *GLOBAL_KEYS)])
    why = "If it is part of the command, put -- before the command." if command.takes_shell_command else None
    else_typed = _behind_dashes(command, words) if command.takes_shell_command else _help(command)
    return UsageError(f"there is no option {word}", why, f"did you mean {near}?" if near else else_typed)


def _put(request: Request, key: Key, given: str) -> None:
    value = key.reads(key.name, given)
    if key.repeats:
        kept = request.settings.setdefault(key.name, [])
        assert isinstance(kept, list)
        if isinstance(value, tuple) and value[0] in [one[0] for one in kept]:
            raise UsageError(f"{key.name}={value[0]} is given twice", then="give it once")
        kept.append(value)
    elif key.name in request.settings:
        raise UsageError(f"{key.name} is given twice", then="give it once")
    else:
        request.settings[key.name] = value


def _take_bare(request: Request, bare: list[str]) -> None:
    if not bare:
        return
    command = request.command
    key = _key(command, command.word) if command.word else None
    if key is None or (len(bare) > 1 and not command.takes_shell_command):
        raise UsageError(f"unexpected word {bare[-1]!r}", then=_help(command))
    if len(bare) > 1:
        _refuse_swallowed_setting(command, bare)
    _put(request, key, bare[0] if len(bare) == 1 else _quoted(bare))


def _refuse_swallowed_setting(command: Command, bare: list[str]) -> None:
    """A word with a space is the command; beside another one it was more likely meant as a setting."""
    for word in bare:
        name, equals, value = word.partition("=")
        if equals and _is_setting(word) and _key(command, name) and any(map(str.isspace, word)):
            raise UsageError(
                f"{name}= holds a space, so it would become part of the command",
                "Write it as an option, or put -- before the command if that is what you want.",
                f"--{name} {_quoted([value])}",
            )


def require(request: Request) -> None:
    for name in request.command.required:
        if name not in request.settings:
            command = request.command
            raise UsageError(f"tapit {command.path} needs {name}=", then=command.example)


def _quoted(words: list[str]) -> str:
    import shlex

    return shlex.join(words)


def _keys_of(command: Command) -> str:
    names = ", ".join(key.name for key in command.keys)
    return f"tapit {command.path} knows {names}." if names else f"tapit {command.path} takes no keys."


def _help(command: Command) -> str:
    return f"tapit {command.path} --help"
