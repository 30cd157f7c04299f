"""What nobody should see, and no shell's history should keep: typed unseen, or piped in."""

import sys

from tapit.errors import UsageError

LARGEST = 64 * 1024  # bytes; more than a home takes


def read_unseen(question: str) -> str:
    """One line, without the blanks around it; empty when there is none."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return _asked(question).strip()


def read_unseen_values(names: list[str]) -> list[tuple[str, str]]:
    """The value of each secret: as it was typed, or all of stdin but the newline at its end."""
    if not names:
        return []
    if sys.stdin.isatty():
        return [(name, _value(name, _typed(name))) for name in names]
    if len(names) > 1:
        raise UsageError(
            f"{names[0]} and {names[1]} cannot both be read from stdin",
            then="secret_file=-, with NAME=VALUE lines",
        )
    return [(names[0], _value(names[0], _piped(names[0])))]


def _typed(name: str) -> str:
    return _asked(f"Value of {name} (unseen): ")


def _asked(question: str) -> str:
    """Whoever gives up is left on a new line, which getpass begins only after an answer."""
    import getpass

    try:
        return getpass.getpass(question)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise
    except EOFError:
        sys.stderr.write("\n")
        return ""


def _piped(name: str) -> str:
    content = sys.stdin.buffer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"the value of {name} is larger than {LARGEST:,} bytes", "No secret holds as much.")
    try:
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UsageError(f"the value of {name} is not UTF-8", "Encode it, with base64 for example.") from None


def _value(name: str, given: str) -> str:
    if not given:
        raise UsageError(
            f"{name} has no value",
            f"An empty secret is a mistake more often than not; unset_secret={name} removes it.",
        )
    return given
