"""What each stream can show: colour, width, and text that cannot take over the terminal."""

from __future__ import annotations

import os
import sys

from tapit import TYPE_CHECKING
from tapit.errors import CliError

if TYPE_CHECKING:
    from typing import TextIO

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


class Stream:
    """stdout or stderr, and what it can show; each is judged by itself."""

    def __init__(self, file: TextIO, *, no_color: bool) -> None:
        self.file = file
        self.is_terminal = file.isatty()
        self.has_colour = not no_color and _wants_colour(file)

    @property
    def can_redraw(self) -> bool:
        return self.is_terminal and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")

    @property
    def pipe(self) -> int | None:
        """Where somebody else reads, who may have had enough; no terminal."""
        return None if self.is_terminal else self.file.fileno()

    @property
    def speaks_unicode(self) -> bool:
        return (self.file.encoding or "").lower().replace("-", "") == "utf8"

    @property
    def wants_ascii_json(self) -> bool:
        """JSON itself spells out only some control characters; a terminal obeys the others as well."""
        return self.is_terminal or not self.speaks_unicode

    def styled(self, text: str, *styles: str) -> str:
        if not self.has_colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(STYLES[style] for style in styles)}m{text}\x1b[0m"

    def write(self, text: str) -> None:
        """Print, and let it be seen at once."""
        self.file.write(text)
        self.file.flush()

    def write_any(self, content: str | bytes) -> None:
        """Pass bytes of UTF-8 on as they are, unless this is a terminal that does not know it."""
        if isinstance(content, bytes) and self.is_terminal and not self.speaks_unicode:
            content = content.decode("utf-8", "replace")
        if isinstance(content, str):
            self.write(content)
            return
        self.file.flush()
        self.file.buffer.write(content)
        self.file.buffer.flush()

    def write_json(self, value: object) -> None:
        import json

        try:
            text = json.dumps(value, indent=2, ensure_ascii=self.wants_ascii_json)
        except RecursionError as error:  # it can take more room than reading took
            raise CliError("the answer is nested too deeply to be shown") from error
        self.write(text + "\n")


def _wants_colour(file: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if _asks("FORCE_COLOR") or _asks("CLICOLOR_FORCE"):
        return True
    return file.isatty() and os.environ.get("TERM") != "dumb"


def _asks(variable: str) -> bool:
    return os.environ.get(variable, "0") not in ("", "0")


def harmless(text: str) -> str:
    """Spell out control and formatting characters, so that a task's command cannot draw on the screen."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\u200d" else _spelled(char) for char in text)


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def width_of(text: str) -> int:
    """Columns on a terminal; wide and combining characters are left to rich."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def clipped(text: str, width: int) -> str:
    if width_of(text) <= width:
        return text
    if text.isascii():
        return text[: max(width - 1, 0)] + "…"
    from rich.cells import set_cell_size

    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def columns_of(stream: Stream) -> int:
    """The terminal's width now; a window can be resized."""
    try:
        return os.get_terminal_size(stream.file.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def tolerate_any_text() -> None:
    """A terminal that cannot show a character must not end the program."""
    for file in (sys.stdout, sys.stderr):
        reconfigure = getattr(file, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
