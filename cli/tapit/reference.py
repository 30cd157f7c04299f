"""`python -m tapit.reference`: every `--help` as one markdown page, which is docs/commands.md."""

import sys

from tapit import commands, help_pages

WIDTH = 100  # the same page on every machine, whatever the terminal


def markdown() -> str:
    parts = ["# Commands\n\nMade from `--help` by `python -m tapit.reference`; not written by hand.\n"]
    parts.append(_section("tapit", help_pages.page_for([], width=WIDTH)))
    pages = {path: help_pages.command_page(commands.load(path), width=WIDTH) for path in commands.SUMMARIES}
    parts += [_section(f"tapit {path}", page) for path, page in pages.items()]
    return "\n".join(parts)


def _section(title: str, page: str) -> str:
    return f"## {title}\n\n```\n{page.rstrip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
