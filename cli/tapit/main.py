"""The entry point: from the words typed to an exit code, with every failure told in words."""

import sys

from tapit import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from tapit.errors import CliError
    from tapit.words import Request

PASSING_VERBS = ("wait", "run", "shell")


def main() -> None:
    """The console script."""
    words = sys.argv[1:]
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _replace_closed_streams()
    if words == ["--version"]:
        print_version()  # before any import: the cheapest question gets the cheapest answer
        return
    import gc
    import os

    gc.set_threshold(
        50_000
    )  # imports allocate a lot and free nothing: collecting costs a tenth of a short command
    sys.excepthook = _report_bug
    code = run(words)
    # taking the interpreter apart would cost another tenth, and everything has been flushed
    os._exit(code)


def _replace_closed_streams() -> None:
    """What is closed (`>&-`) is wanted by nobody; left closed, its number would go to the next connection."""
    import os

    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def run(words: list[str]) -> int:
    """Run one command, and return the process's exit code."""
    from tapit import errors

    try:
        try:
            code = _answer(words)
            sys.stdout.flush()
        except errors.CliError as error:
            code = _tell(error, words)
        sys.stderr.flush()
    except KeyboardInterrupt:
        return errors.INTERRUPTED
    except BrokenPipeError:
        return errors.CLOSED_PIPE  # quietly, as `head` expects
    except OSError as error:
        return _tell(errors.CliError("the system refused", str(error)), words)
    return code


def _report_bug(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    import os

    from tapit import crash
    from tapit.errors import INTERRUPTED

    if issubclass(kind, KeyboardInterrupt):  # in the blink before there was anything to interrupt
        os._exit(INTERRUPTED)
    crash.report(kind, error, trace)


def print_version() -> None:
    sys.stdout.write(f"tapit {__version__}\n")


def _answer(words: list[str]) -> int:
    from tapit import terminal

    terminal.tolerate_any_text()
    if words[:1] == ["__complete"]:
        from tapit import candidates

        return candidates.answer(words[1:])
    request = _read(words)
    if request is None:
        return 0
    from tapit.call import Call

    return request.command.run(Call(request))


def _read(words: list[str]) -> "Request | None":
    """Understand the words; None when they asked for help or the version and have had it."""
    from tapit.words import find_command, require, understand

    if _asks_for_help(words):
        from tapit import help_pages

        help_pages.show(words)
        return None
    typed = find_command(words)
    if typed.path is None:
        _without_command(words, typed.before)
        return None
    from tapit import commands

    request = understand(commands.load(typed.path), typed.rest)
    if "version" in request.flags:
        print_version()
        return None
    require(request)
    return request


def _asks_for_help(words: list[str]) -> bool:
    said = words[: words.index("--")] if "--" in words else words
    return not words or words[0] == "help" or "--help" in said or "-h" in said


def _without_command(words: list[str], before: list[str]) -> None:
    if "--version" in words:
        print_version()
        return
    from tapit import commands
    from tapit.errors import UsageError

    if not before:
        raise UsageError("no command was given", then="tapit --help")
    nouns = commands.nouns_of(before[0])
    raise UsageError(
        f"tapit {before[0]} what?",
        f"It goes with {' or '.join(nouns)}.",
        f"tapit {before[0]} {nouns[0]} --help",
    )


def _tell(error: "CliError", words: list[str]) -> int:
    from tapit import errors
    from tapit.next_command import as_typed_here, profile_in
    from tapit.terminal import Stream, harmless

    stream = Stream(sys.stderr, no_color="--no-color" in words)
    lines = [stream.styled("error:", "red", "bold") + " " + harmless(error.what)]
    lines += ["  " + harmless(line) for line in (error.why or "").splitlines()]
    if error.then:
        arrow = "→" if stream.speaks_unicode else "->"
        profile = profile_in(words)
        lines += [f"  {arrow} {harmless(as_typed_here(line, profile))}" for line in error.then.splitlines()]
    if error.request_id:
        lines.append(stream.styled(f"  request id {harmless(error.request_id)}", "dim"))
    stream.write("\n".join(lines) + "\n")
    if isinstance(error, errors.WaitTimedOut) or not passes_a_code_through(words):
        return error.exit_code
    return errors.OWN_FAILURE


def passes_a_code_through(words: list[str]) -> bool:
    """Whether a script takes our exit code for the task's: judged by the words, which may not parse."""
    said = words[: words.index("--")] if "--" in words else words
    return (
        said[0:1] in ([verb] for verb in PASSING_VERBS)
        or ("create" in said and ("-w" in said or "--wait" in said))
        or _verb_passes(said)
    )


def _verb_passes(said: list[str]) -> bool:
    from tapit.errors import CliError
    from tapit.words import find_command

    try:
        return find_command(said).path in PASSING_VERBS
    except CliError:
        return False
