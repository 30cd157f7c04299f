"""The rows as a table, for a terminal and as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from bench.row import Row

HEADINGS = ("what", "measured", "against", "ratio", "budget: floor / aim", "verdict")


def as_text(rows: Iterable[Row], facts: Mapping[str, str]) -> str:
    lines = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    table = [_padded(line, widths) for line in lines]
    table.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*(f"{name}: {value}" for name, value in facts.items()), "", *table])


def as_markdown(rows: Iterable[Row], facts: Mapping[str, str]) -> str:
    """Return what can be pasted into the README as it is."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells for row in rows)]
    table = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    told = "; ".join(f"{name}: {value}" for name, value in facts.items())
    return "\n".join([*table, "", f"Measured by `make bench` on: {told}.", ""])


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
