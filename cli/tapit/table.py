"""Rows in columns: no borders, two spaces, and only the last column is ever cut."""

from tapit.terminal import Stream, clipped, columns_of, harmless, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GAP = "  "


def draw(
    stream: Stream, headers: list[str], rows: list[list[str]], style: "Callable[[int, str], tuple[str, ...]]"
) -> None:
    """Print the rows; `style` says how a cell looks, by its column and text."""
    rows = [[harmless(cell) for cell in row] for row in rows]
    widths = [max(width_of(row[at]) for row in [headers, *rows]) for at in range(len(headers))]
    if stream.is_terminal:
        taken = sum(widths[:-1]) + len(GAP) * (len(headers) - 1)
        widths[-1] = min(widths[-1], max(columns_of(stream) - taken, 12))
    lines = [_line(stream, headers, widths, lambda _at, _cell: ("dim",))]
    lines += [_line(stream, row, widths, style) for row in rows]
    stream.write("".join(line + "\n" for line in lines))


def _line(
    stream: Stream, row: list[str], widths: list[int], style: "Callable[[int, str], tuple[str, ...]]"
) -> str:
    cells = []
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        shown = clipped(cell, width) if at == len(row) - 1 else cell
        filling = "" if at == len(row) - 1 else " " * (width - width_of(shown))
        cells.append(stream.styled(shown, *style(at, cell)) + filling)
    return GAP.join(cells).rstrip()
