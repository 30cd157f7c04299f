"""Rows in columns: no borders, two spaces; where it is narrow whole columns go, and the last one is cut."""

from tapit.terminal import Stream, clipped, columns_of, harmless, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GAP = "  "
LEAST = 12  # of a last column that is cut
NARROW = 40

Rows = list[list[str]]


def draw(
    stream: Stream,
    headers: list[str],
    rows: Rows,
    style: "Callable[[int, str], tuple[str, ...]]",
    *,
    spare: tuple[str, ...] | None = None,
) -> None:
    """Print the rows; `style` says how a cell looks, by its column and text.

    `spare` are the columns to do without where they do not fit, the first to go first.
    """
    cells = [headers, *([harmless(cell) for cell in row] for row in rows)]
    if stream.is_terminal:
        going = [*headers[-2:0:-1], headers[-1]] if spare is None else spare
        cells = _fitting(cells, going, columns_of(stream))
    widths = _widths(cells)
    if stream.is_terminal:
        widths[-1] = max(min(widths[-1], columns_of(stream) - _taken(widths)), 1)
    lines = [_line(stream, cells[0], widths, lambda _at, _cell: ("dim",))]
    lines += [_line(stream, row, widths, style) for row in cells[1:]]
    stream.write("".join(line + "\n" for line in lines))


def _fitting(cells: Rows, spare: "Sequence[str]", columns: int) -> Rows:
    last = cells[0][-1]
    for name in spare:
        if columns >= NARROW and _least_width(cells, last) <= columns:
            return cells
        at = cells[0].index(name)
        cells = [[*row[:at], *row[at + 1 :]] for row in cells]
    return cells


def _least_width(cells: Rows, last: str) -> int:
    widths = _widths(cells)
    return _taken(widths) + (min(widths[-1], LEAST) if cells[0][-1] == last else widths[-1])


def _widths(cells: Rows) -> list[int]:
    return [max(map(width_of, column)) for column in zip(*cells, strict=True)]


def _taken(widths: list[int]) -> int:
    """By all columns but the last."""
    return sum(widths[:-1]) + len(GAP) * (len(widths) - 1)


def _line(
    stream: Stream, row: list[str], widths: list[int], style: "Callable[[int, str], tuple[str, ...]]"
) -> str:
    cells = []
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        shown = clipped(cell, width) if at == len(row) - 1 else cell
        filling = "" if at == len(row) - 1 else " " * (width - width_of(shown))
        cells.append(stream.styled(shown, *style(at, cell)) + filling)
    return GAP.join(cells).rstrip()
