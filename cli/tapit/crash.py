"""A bug of our own: the user gets a sentence and a file to send, never a traceback."""

from __future__ import annotations

import os
import sys

from tapit import TYPE_CHECKING, __version__
from tapit.errors import OWN_FAILURE
from tapit.exit_code import passes_a_code_through

if TYPE_CHECKING:
    from types import TracebackType


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say it in words, and end: the interpreter would exit with 1, which could pass for the task's own code."""
    sys.stderr.write(f"error: this is a bug in tapit {__version__}: {kind.__name__}\n")
    try:
        where = _write_trace(kind, error, trace)
    except OSError as refusal:
        sys.stderr.write(f"  What it was doing could not be written down: {refusal}\n")
    else:
        sys.stderr.write(
            f"  What it was doing is written in {where}\n"
            "  → look into that file for anything private, then send it along with a report\n"
        )
    sys.stderr.flush()
    os._exit(OWN_FAILURE if passes_a_code_through(sys.argv[1:]) else 1)


def _write_trace(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    import tempfile
    import traceback

    handle, path = tempfile.mkstemp(prefix="tapit-", suffix=".trace")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"tapit {__version__}, Python {sys.version}, {sys.platform}\n\n")
        traceback.print_exception(kind, error, trace, file=file)
    return path
