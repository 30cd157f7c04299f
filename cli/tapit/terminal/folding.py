"""Long lines made to fit a terminal: broken between words, and a command so that it can still be copied."""

from __future__ import annotations

import re

from tapit.terminal.stream import Stream, columns_of, width_of

COMMAND = r"(?:^|:\s+)(tapit(?:-local)? .*)"
WORDS = r"""(?:[^\s'"]|'[^']*'|"[^"]*"|['"])+"""  # a quoted part is never broken
GOES_ON = " \\"
EXPLAINED = 4  # blanks; what stands after them says what the command does


def fitted(stream: Stream, text: str, *, taken: int = 0) -> list[str]:
    """The lines of a text for a terminal, `taken` columns of which are in use; a pipe gets them as they are."""
    lines = text.split("\n")
    if not stream.is_terminal:
        return lines
    width = columns_of(stream) - taken - 1  # a full line would be followed by an empty one on some terminals
    return [part for line in lines for part in folded(line, width)]


def folded(text: str, width: int) -> list[str]:
    """The lines of one; a word that is wider than all of them stays whole."""
    if width_of(text) <= width:
        return [text]
    found = re.search(COMMAND, text)
    if found is None:
        return _prose(text, width)
    said = _prose(text[: found.start(1)].rstrip(), width)
    indent = " " * (2 + len(text) - len(text.lstrip())) if said else ""
    return said + [indent + line for line in _command(found[1], width - len(indent))]


def _prose(text: str, width: int) -> list[str]:
    import textwrap

    before = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text, max(width, 1), subsequent_indent=before, break_long_words=False, break_on_hyphens=False
    )


def _command(text: str, width: int) -> list[str]:
    typed, meaning = _apart(text)
    lines = [""]
    for word in re.findall(WORDS, typed):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1].strip() and width_of(longer) > width - len(GOES_ON):
            lines += [f"  {word}"]
        else:
            lines[-1] = longer
    if width_of(typed) <= width:
        lines = [typed]
    told = _prose(meaning, width - 2)
    return [line + GOES_ON for line in lines[:-1]] + lines[-1:] + [f"  {line}" for line in told]


def _apart(text: str) -> tuple[str, str]:
    """The command, and what it is said to do."""
    end = 0
    for word in re.finditer(WORDS, text):
        if end and word.start() - end >= EXPLAINED:
            return text[:end], text[word.start() :]
        end = word.end()
    return text, ""
