"""Prints a task's output page by page, as it comes."""

from __future__ import annotations

from collections.abc import Callable

from tapit import TYPE_CHECKING
from tapit.terminal.stream import Stream

if TYPE_CHECKING:
    from tapit.home.answers import LogLine, PageOfOutput


class OutputPrinter:
    """Lines are passed on as they are, or each as `line` words it.

    On a terminal what stands in an unfinished line is shown as well: a prompt, or a bar that moves.
    """

    def __init__(
        self,
        stream: Stream,
        line: Callable[[LogLine], str] | None = None,
        *,
        write: Callable[[str | bytes], None] | None = None,
        whole_lines: bool = False,
    ) -> None:
        self._wants_pieces = stream.is_terminal and not whole_lines
        self._line = line
        self._write = write or stream.write_any
        self.is_in_line = False

    @property
    def wants_text(self) -> bool:
        """A page of text costs what copying it costs; one of lines, with their times, a hundred times as much."""
        return self._line is None

    @property
    def query(self) -> dict[str, object]:
        return {"unfinished": "true"} if self._wants_pieces else {}

    def show(self, page: PageOfOutput) -> bool:
        """Tell whether there was anything on the page."""
        content = (
            page["text"] if "text" in page else self._worded(page["items"], page.get("unfinished", False))
        )
        if content:
            self.is_in_line = page.get("unfinished", False)
            self._write(content)
        return bool(content)

    def end(self) -> None:
        """What is said next begins a line of its own."""
        if self.is_in_line:
            self.is_in_line = False
            self._write("\n")

    def _worded(self, lines: list[LogLine], is_unfinished: bool) -> str:  # noqa: FBT001 - what the page says
        word = self._line or _plain
        texts = [word(line) for line in lines]
        if texts and self.is_in_line:
            texts[0] = self._rest(lines[0])
        return "".join(f"{text}\n" for text in texts).removesuffix("\n" if is_unfinished else "")

    def _rest(self, line: LogLine) -> str:
        """Of a line that has begun."""
        return line["message"]


def _plain(line: LogLine) -> str:
    return line["message"]
