"""A bug of our own: the user gets a sentence and a file to send, never a traceback."""

import os
import sys

from tapit import __version__
from tapit.errors import OWN_FAILURE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


def catch_bugs(words: list[str]) -> None:
    """From here on an unexpected exception is told in words."""

    def report(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
        where = _write_trace(kind, error, trace)
        sys.stderr.write(
            f"error: tapit {__version__} has a bug: {kind.__name__}\n"
            f"  What it was doing is written in {where}; the command's words are not in it.\n"
        )
        sys.stderr.flush()
        # the interpreter would end with 1, which a script could take for the task's own exit code
        os._exit(OWN_FAILURE if "-w" in words or "--wait" in words or "wait" in words[:1] else 1)

    sys.excepthook = report


def _write_trace(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> str:
    import tempfile
    import traceback

    handle, path = tempfile.mkstemp(prefix="tapit-", suffix=".trace")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"tapit {__version__}, Python {sys.version}, {sys.platform}\n\n")
        traceback.print_exception(kind, error, trace, file=file)
    return path
