"""`env_file=`: variables as the .env files of real projects hold them, read by python-dotenv."""

from __future__ import annotations

import io
import os
import sys

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language import values

if TYPE_CHECKING:
    from typing import BinaryIO

LARGEST = 1024 * 1024  # bytes; a definition of a task on AWS holds 64 KB
ABOUT_NAMES = "Names are letters, digits and _, no digit to begin with."


def variables(_key: str, given: str) -> list[tuple[str, str]]:
    """The file's variables in their order. No line of it is ever repeated in an error: it may hold a secret."""
    from dotenv.parser import parse_stream

    where = "stdin" if given == "-" else given
    found = []
    for binding in parse_stream(io.StringIO(_content(given, where))):
        line = f"{where}, line {binding.original.line + _lines_before(binding.original.string)}"
        if binding.error:
            raise UsageError(f"{line} is not KEY=VALUE", _why_unreadable(binding.original.string))
        if binding.key is None:
            continue
        if binding.value is None or not values.names_variable(binding.key):
            raise UsageError(f"{line} is not KEY=VALUE", ABOUT_NAMES)
        if binding.key.startswith(values.OWN_VARIABLES):
            raise UsageError(
                f"{line} sets {binding.key}",
                f"Variables that begin with {values.OWN_VARIABLES} are tapit's own; take that line out.",
            )
        found.append((binding.key, values.plain(f"{line}: {binding.key}", binding.value)))
    return found


def _why_unreadable(text: str) -> str:
    if text.partition("=")[2].lstrip().startswith(("'", '"')):
        return "A quote that is opened has to be closed, and only a # comment may follow."
    return ABOUT_NAMES


def _lines_before(text: str) -> int:
    """A binding begins with the empty lines above it."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _content(given: str, where: str) -> str:
    try:
        if given == "-":
            return _read(sys.stdin.buffer, where)
        # few shells make anything of the ~ in env_file=~/.env
        with open(os.path.expanduser(values.text("env_file", given)), "rb") as file:
            return _read(file, where)
    except OSError as error:
        raise UsageError(f"cannot read {where}", error.strerror or str(error)) from None


def _read(file: BinaryIO, where: str) -> str:
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"{where} is larger than {LARGEST:,} bytes", "That is no file of variables.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"cannot read {where}", f"It is not UTF-8: byte {error.start} does not belong."
        ) from None
