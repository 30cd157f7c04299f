"""The documents: they can be read in a terminal, and what they point to is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDEST = 120
EXAMPLE = "schedule"  # of a noun that somebody may add
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`(?!/)([\w./-]+/|[\w./-]+\.(?:py|json|toml|txt|md|sh|bash|zsh|fish))`")


def tracked(*patterns: str) -> list[str]:
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in listed if (ROOT / path).exists()]


DOCUMENTS = tracked("*.md")
PRINTED = {"docs/figures.md"}  # `make bench` does, and a row of its table is a line
OF_USERS = {"docs/local.md"}  # it names files of the people who read it


@pytest.mark.parametrize("document", sorted({*DOCUMENTS} - PRINTED))
def test_no_line_is_wider_than_a_terminal(document: str) -> None:
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if len(line) > WIDEST] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    links = LINK.findall((ROOT / document).read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith(("http:", "https:"))]

    assert [link for link in inside if not leads_somewhere(document, link)] == []


def leads_somewhere(document: str, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = (ROOT / document).parent / path if path else ROOT / document
    return target.exists() and (not heading or heading in headings_of(target))


def headings_of(document: Path) -> set[str]:
    """As anchors: lower case, dashes for blanks, and nothing else that is no letter."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", sorted({*DOCUMENTS} - OF_USERS))
def test_every_file_that_is_named_is_there(document: str) -> None:
    """By its path, or by the end of it where the folder was named just before."""
    there = ["/" + path for path in tracked()]
    named = PATH.findall((ROOT / document).read_text(encoding="utf-8"))

    assert [path for path in named if EXAMPLE not in path and not is_there("/" + path, there)] == []


def is_there(path: str, there: list[str]) -> bool:
    return any(path in known if path.endswith("/") else known.endswith(path) for known in there)
