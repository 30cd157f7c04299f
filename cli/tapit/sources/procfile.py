"""A Procfile: its process types, as names and lines of saved commands."""

from __future__ import annotations

import re

from tapit.errors import UsageError
from tapit.language import values

LINE = r"([A-Za-z0-9_-]+)\s*:\s*(\S.*)"


def read_procfile(path: str) -> dict[str, str]:
    """Lines by name; `Celery_Beat` becomes celery-beat, for so saved commands are called."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "It is not UTF-8."
        raise UsageError(f"cannot read {path}", why) from None
    commands: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, command = _entry(line.strip(), f"{path}, line {number}")
            if name in commands:
                raise UsageError(
                    f"{path}, line {number}: there is a {name} already", "Names are those of commands."
                )
            commands[name] = command
    return commands


def _entry(line: str, where: str) -> tuple[str, str]:
    found = re.fullmatch(LINE, line)
    if not found:
        raise UsageError(f"{where} is not NAME: COMMAND", "A Procfile has a line for each type of process.")
    name = found[1].lower().replace("_", "-")
    if not re.fullmatch(values.NAME, name):
        raise UsageError(f"{where}: {found[1]} cannot be a saved command's name", values.NAME_IN_WORDS)
    return name, str(values.command_line("line", found[2]))
