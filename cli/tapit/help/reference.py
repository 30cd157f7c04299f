"""`python -m tapit.help.reference README.md docs/commands.md`: the parts of the docs that are made from `--help`."""

import sys
from pathlib import Path

from tapit import commands
from tapit.help import pages
from tapit.language import vocabulary

WIDTH = 100  # the same page on every machine, whatever the terminal
BEGIN, END = "<!-- made from --help: begin -->", "<!-- made from --help: end -->"


def markdown() -> str:
    """Every `--help` as one page."""
    parts = ["# Commands\n\nMade from `--help` by `make docs`; not written by hand.\n"]
    parts.append(_section("tapit", pages.page_for([], width=WIDTH)))
    pages_of = {path: pages.command_page(commands.load(path), width=WIDTH) for path in vocabulary.SUMMARIES}
    parts += [_section(f"tapit {path}", page) for path, page in pages_of.items()]
    return "\n".join(parts)


def with_commands(readme: str) -> str:
    """The README with each command's example and what it does between the marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    examples = [(commands.load(path).example, summary) for path, summary in vocabulary.SUMMARIES.items()]
    rows = [f"| `{example}` | {summary} |" for example, summary in examples]
    return "\n".join([before + BEGIN, "| for example | what it does |", "|---|---|", *rows, END + after])


def _section(title: str, page: str) -> str:
    return f"## {title}\n\n```\n{page.rstrip()}\n```\n"


def _write(readme: Path, reference: Path) -> None:
    readme.write_text(with_commands(readme.read_text(encoding="utf-8")), encoding="utf-8")
    reference.write_text(markdown(), encoding="utf-8")


if __name__ == "__main__":
    _write(*map(Path, sys.argv[1:]))
