"""What an app and a single task can be told alike: variables, files of variables, and the folder to start in."""

from __future__ import annotations

from pathlib import Path

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Key

if TYPE_CHECKING:
    from typing import Any

RULES = (
    "env_file= is read as .env files are: KEY=VALUE lines, # comments, export, values in single or double\n"
    "quotes, which may go over several lines; in double quotes \\n is a new line. ${NAME} stays as it is.\n"
    "env_file=- reads stdin."
)


def _workdir(key: str, given: str) -> str:
    """Absolute: the home runs elsewhere than this shell."""
    return str(_expanded(key, given).absolute().resolve(strict=False))


def _expanded(key: str, given: str) -> Path:
    try:
        return Path(values.text(key, given)).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{key}={given} leads to no folder",
            "~ stands for a home folder, and there is none by that name.",
            "write the whole path, or set HOME",
        ) from None


def file_of_variables(key: str, given: str) -> list[tuple[str, str]]:
    from tapit.language import env_file

    return env_file.variables(key, given)


def workdir(meaning: str) -> Key:
    return Key("workdir", _workdir, meaning, placeholder="FOLDER", offers="folders")


def env(meaning: str) -> Key:
    return Key("env", values.variable, meaning, placeholder="KEY=VALUE", repeats=True, may_hold_spaces=True)


ENV_FILE = Key(
    "env_file",
    file_of_variables,
    "a .env file, or - for stdin; may be repeated",
    placeholder="FILE",
    repeats=True,
    offers="files",
)


def variables(given: dict[str, Any]) -> list[tuple[str, str]]:
    """Files first, so that a variable on the command line has the last word."""
    return [pair for file in given.get("env_file") or [] for pair in file] + (given.get("env") or [])
