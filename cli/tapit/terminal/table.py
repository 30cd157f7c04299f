"""Rows in columns: no borders, two spaces; where it is narrow whole columns go, and the last one is cut."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.terminal.stream import Stream, clipped, columns_of, harmless, width_of

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
    style: Callable[[int, str], tuple[str, ...]],
    *,
    spare: tuple[str, ...] | None = None,
    least: int = LEAST,
) -> None:
    """Print the rows as `lines` has them."""
    shown = lines(stream, headers, rows, style, spare=spare, least=least)
    stream.write("".join(line + "\n" for line in shown))


def fits(stream: Stream, headers: list[str], rows: Rows) -> bool:
    """Tell whether nothing of it has to be left out."""
    widths = _widths([headers, *([harmless(cell) for cell in row] for row in rows)])
    return not stream.is_terminal or _taken(widths) + widths[-1] <= columns_of(stream)


def room_for(stream: Stream, headers: list[str], rows: Rows, name: str) -> int:
    """How wide a column may be for all the others to be shown whole; negative where they do not fit themselves."""
    widths = _widths([headers, *([harmless(cell) for cell in row] for row in rows)])
    others = sum(widths) - widths[headers.index(name)]
    return columns_of(stream) - others - len(GAP) * (len(widths) - 1)


def lines(
    stream: Stream,
    headers: list[str],
    rows: Rows,
    style: Callable[[int, str], tuple[str, ...]],
    *,
    spare: tuple[str, ...] | None = None,
    least: int = LEAST,
) -> list[str]:
    """The rows below their headers; `style` says how a cell looks, by its column and text.

    `spare` are the columns to do without where they do not fit, the first to go first; of the last one
    no less than `least` is shown before they have gone.
    """
    cells = [headers, *([harmless(cell) for cell in row] for row in rows)]
    if stream.is_terminal:
        going = [*headers[-2:0:-1], headers[-1]] if spare is None else spare
        cells = _fitting(cells, going, columns_of(stream), least)
    widths = _widths(cells)
    if stream.is_terminal:
        widths[-1] = max(min(widths[-1], columns_of(stream) - _taken(widths)), 1)
    head = _line(stream, cells[0], widths, lambda _at, _cell: ("dim",))
    return [head, *(_line(stream, row, widths, style) for row in cells[1:])]


def _fitting(cells: Rows, spare: Sequence[str], columns: int, least: int) -> Rows:
    last = cells[0][-1]
    for name in spare:
        needed = LEAST if name == last else least
        if columns >= NARROW and _least_width(cells, last, needed) <= columns:
            return cells
        at = cells[0].index(name)
        cells = [[*row[:at], *row[at + 1 :]] for row in cells]
    return cells


def _least_width(cells: Rows, last: str, least: int) -> int:
    widths = _widths(cells)
    return _taken(widths) + (min(widths[-1], least) if cells[0][-1] == last else widths[-1])


def _widths(cells: Rows) -> list[int]:
    return [max(map(width_of, column)) for column in zip(*cells, strict=True)]


def _taken(widths: list[int]) -> int:
    """By all columns but the last."""
    return sum(widths[:-1]) + len(GAP) * (len(widths) - 1)


def _line(
    stream: Stream, row: list[str], widths: list[int], style: Callable[[int, str], tuple[str, ...]]
) -> str:
    cells = []
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        shown = clipped(cell, width) if at == len(row) - 1 else cell
        filling = "" if at == len(row) - 1 else " " * (width - width_of(shown))
        cells.append(stream.styled(shown, *style(at, cell)) + filling)
    return GAP.join(cells).rstrip()
