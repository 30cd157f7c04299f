"""The `--help` of everything, made from the commands themselves and laid out by click."""

from __future__ import annotations

import sys

from tapit import TYPE_CHECKING, commands
from tapit.errors import CliError
from tapit.language import vocabulary
from tapit.language.command import GLOBAL_FLAGS, GLOBAL_KEYS, Command, Flag, Key
from tapit.language.options import key_of

if TYPE_CHECKING:
    from click import HelpFormatter

ABOUT = (
    "Run one-off tasks with your app's own image, environment and secrets: see what ran, and how it ended."
)
EXIT_CODES = [
    ("0", "it worked"),
    ("1", "it failed"),
    ("2", "what was typed cannot be read"),
    ("3", "no such task, app, saved command, schedule, subscription, token or trust"),
    ("4", "not allowed"),
    ("5", "no sensible answer from the home"),
    ("124", "--timeout ran out"),
    (
        "125",
        "our own failure, where the task's own code is passed through (create task -w, wait, run, shell)",
    ),
    ("130", "Ctrl-C"),
    ("141", "the reader of a pipe went away"),
]
VARIABLES = [
    ("TAPIT_APP", 'which app; below -a, above .tapit.toml (app = "shop") and the profile'),
    ("TAPIT_PROFILE", "which profile"),
    ("TAPIT_URL, TAPIT_TOKEN", "a home without a profile, as in CI"),
    ("TAPIT_CA_BUNDLE", "certificates to trust instead of the system's"),
    ("TAPIT_ALLOW_HTTP", "1: send the token without encryption (http://) to another machine too"),
    ("NO_COLOR, FORCE_COLOR", "colours never, colours always"),
]


def show(words: list[str]) -> None:
    """The page that the words ask for; a word that is no command only gets the page it belongs to."""
    sys.stdout.write(page_for([word for word in words if word != "help"]))


def page_for(words: list[str], *, width: int | None = None) -> str:
    path = _path(words)
    if path is None:
        return _overview(width)
    if path in vocabulary.SUMMARIES:
        return command_page(commands.load(path), width=width)
    return _verb_page(path, width)


def _path(words: list[str]) -> str | None:
    """The command asked about, or its verb alone."""
    from tapit.language.finding import find_command

    try:
        typed = find_command([word for word in words if word not in ("-h", "--help")])
    except CliError:
        named = [word for word in words if word in vocabulary.verbs()]
        return named[0] if named else None
    return typed.path or (typed.before[0] if typed.before else None)


def _overview(width: int | None) -> str:
    page = _formatter(width)
    page.write_usage("tapit", "[-a APP] VERB NOUN [words] [key=value ...] [options]")
    _write_text(page, ABOUT)
    with page.section("Commands"):
        page.write_dl(list(vocabulary.SUMMARIES.items()))
    _write_options(page, "Options of every command", GLOBAL_KEYS, GLOBAL_FLAGS)
    with page.section("Environment"):
        page.write_dl(VARIABLES)
    with page.section("Exit codes"):
        page.write_dl(EXIT_CODES)
    _write_example(page, "tapit create task 'python manage.py migrate' --wait")
    return page.getvalue()


def _verb_page(verb: str, width: int | None) -> str:
    page = _formatter(width)
    page.write_usage(f"tapit {verb}", f"{'|'.join(vocabulary.nouns_of(verb))} [key=value ...] [options]")
    with page.section("Commands"):
        page.write_dl(
            [(path, said) for path, said in vocabulary.SUMMARIES.items() if path.startswith(verb + " ")]
        )
    _write_example(page, commands.load(f"{verb} {vocabulary.nouns_of(verb)[0]}").example)
    return page.getvalue()


def command_page(command: Command, *, width: int | None = None) -> str:
    page = _formatter(width)
    page.write_usage(f"tapit {command.path}", _usage(command))
    _write_text(page, command.summary)
    for paragraph in command.details.split("\n\n") if command.details else []:
        if paragraph.startswith(" "):
            _write_table(page, paragraph)
        else:
            _write_text(page, paragraph.replace("\n", " "))
    if command.keys:
        with page.section("Keys (key=value or --key value)"):
            page.write_dl([(_key_head(key), _key_meaning(key)) for key in command.keys])
    _write_options(page, "Options", (), command.flags)
    _write_options(page, "Options of every command", GLOBAL_KEYS, GLOBAL_FLAGS)
    _write_example(page, command.example)
    return page.getvalue()


def _usage(command: Command) -> str:
    word = next((key for key in command.keys if key.name == command.word), None)
    typed = "" if word is None else word.placeholder + ("..." if word.repeats else "")
    shown = typed if not typed or command.required else f"[{typed}]"
    if command.name_first:
        shown = f"NAME {shown}"
    elif word is not None and word.name != "line" and key_of(command, "line"):
        shown = f"{shown} ['LINE']"
    more = "[key=value ...]" if len(command.keys) > (word is not None) else ""
    return " ".join(part for part in (shown, more, "[options]") if part)


def _formatter(width: int | None) -> HelpFormatter:
    from click import HelpFormatter

    return HelpFormatter(width=width, max_width=100)


def _write_text(page: HelpFormatter, text: str) -> None:
    page.write_paragraph()
    with page.indentation():
        page.write_text(text)


def _write_table(page: HelpFormatter, lines: str) -> None:
    """What is there to be copied is never wrapped."""
    page.write_paragraph()
    for line in lines.split("\n"):
        page.write(f"  {line}\n")


def _write_options(page: HelpFormatter, title: str, keys: tuple[Key, ...], flags: tuple[Flag, ...]) -> None:
    rows = [(f"{_short(key.short)}--{key.name} {key.placeholder}", key.meaning) for key in keys]
    rows += [(f"{_short(flag.short)}{flag.option}", flag.meaning) for flag in flags]
    if rows:
        with page.section(title):
            page.write_dl(rows)


def _write_example(page: HelpFormatter, example: str) -> None:
    with page.section("Example"):
        page.write(f"{'':>{page.current_indent}}{example}\n")  # never wrapped: it is there to be copied


def _short(letter: str | None) -> str:
    return f"-{letter}, " if letter else "    "


def _key_head(key: Key) -> str:
    return f"{key.name}={key.placeholder}"


def _key_meaning(key: Key) -> str:
    return key.meaning + (f" (or {', '.join(key.aliases)}=)" if key.aliases else "")
