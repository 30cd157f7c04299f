"""The entry point: from the words typed to an exit code, with every failure told in words."""

import sys

from tapit import TYPE_CHECKING, __version__

if TYPE_CHECKING:
    from types import TracebackType

    from tapit.errors import CliError
    from tapit.language.finding import Typed
    from tapit.language.parser import Request


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

    # imports allocate a lot and free nothing: collecting costs a tenth of a short command
    gc.set_threshold(50_000)
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
    except (BrokenPipeError, errors.NobodyReads):
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
    from tapit.terminal import stream

    stream.tolerate_any_text()
    if words[:1] in (["__complete"], ["__complete_line"]):
        from tapit.completion import candidates

        typed = words[1:]
        return candidates.answer(typed if words[0] == "__complete" else candidates.words_of(typed[0]))
    request = _read(words)
    if request is None:
        return 0
    from tapit import commands
    from tapit.call import Call

    return commands.perform(Call(request))


def _read(words: list[str]) -> "Request | None":
    """Understand the words; None when they asked for help or the version and have had it."""
    from tapit.language.finding import find_command
    from tapit.language.parser import require, understand

    if _asks_for_help(words):
        from tapit.help import pages

        pages.show(words)
        return None
    typed = find_command(words)
    if typed.path is None:
        _without_command(words, typed)
        return None
    from tapit import commands

    request = understand(commands.load(typed.path), typed.rest)
    if "version" in request.flags:
        print_version()
        return None
    require(request)
    return request


def _asks_for_help(words: list[str]) -> bool:
    if not words or words[0] == "help":
        return True
    if not any(word.startswith("-") and "h" in word for word in words):
        return False
    from tapit import commands
    from tapit.errors import CliError
    from tapit.language.finding import find_command
    from tapit.language.sorting import asks_for

    try:
        typed = find_command(words)
        if typed.path is not None:
            return asks_for("help", commands.load(typed.path), typed.rest)
    except CliError:
        pass  # what is wrong with the words is told on the page
    return not {"--help", "-h"}.isdisjoint(words)


def _without_command(words: list[str], typed: "Typed") -> None:
    if "--version" in words:
        print_version()
        return
    from tapit.errors import UsageError
    from tapit.language import finding, vocabulary

    finding.refuse_unknown_option(typed)
    if not typed.before:
        raise UsageError("no command was given", then="tapit --help")
    verb, nouns = typed.before[0], vocabulary.nouns_of(typed.before[0])
    raise UsageError(
        f"tapit {verb} what?", f"It goes with {' or '.join(nouns)}.", f"tapit {verb} {nouns[0]} --help"
    )


def _tell(error: "CliError", words: list[str]) -> int:
    from tapit.exit_code import exit_code_for
    from tapit.language.suggested_command import as_typed_here, profile_in
    from tapit.terminal.folding import fitted
    from tapit.terminal.stream import Stream, harmless

    stream = Stream(sys.stderr, no_color="--no-color" in words)
    head, *more = fitted(stream, harmless(error.what), taken=len("error: "))
    lines = [stream.styled("error:", "red", "bold") + " " + head, *(f"  {line}" for line in more)]
    for line in (error.why or "").splitlines():
        lines += [f"  {part}" for part in fitted(stream, harmless(line), taken=2)]
    arrow = "→" if stream.speaks_unicode else "->"
    for line in (error.then or "").splitlines():
        first, *more = fitted(stream, harmless(as_typed_here(line, profile_in(words))), taken=len(arrow) + 3)
        lines += [f"  {arrow} {first}", *(f"{'':{len(arrow) + 3}}{part}" for part in more)]
    if error.request_id:
        lines.append(stream.styled(f"  request id {harmless(error.request_id)}", "dim"))
    stream.write("\n".join(lines) + "\n")
    return exit_code_for(error, words)
