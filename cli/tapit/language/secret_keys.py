"""`secret=` and `secret_file=`: what an app's tasks get in their environment, and nobody is shown again."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language import environment_keys, values
from tapit.language.command import Key

if TYPE_CHECKING:
    from typing import Any

HOW = "its value is asked for, or read from stdin: secret=NAME"


def _secret(key: str, given: str) -> tuple[str, str | None]:
    """NAME, or NAME=ARN. What is neither is never repeated: it may be the secret itself."""
    variable_name, equals, arn = given.partition("=")
    if not values.names_variable(variable_name):
        raise UsageError(
            f"{key}= is not followed by the name of a variable",
            f"It has letters, digits and _, and begins with no digit. {HOW[0].upper()}{HOW[1:]}.",
        )
    values.variable_named(key, variable_name)
    if not equals:
        return variable_name, None
    if not arn.startswith("arn:"):
        raise UsageError(
            f"{key}={variable_name} is not given an ARN",
            "What is typed on a command line stays in the shell's history: no value is taken from there.",
            f"{key}={variable_name}, and the value is asked for; or secret_file=FILE",
        )
    return variable_name, values.plain(key, arn)


SECRET = Key(
    "secret",
    _secret,
    "a secret variable, its value asked for or read from stdin; or the ARN of one on AWS; may be repeated",
    placeholder="NAME[=ARN]",
    repeats=True,
)
SECRET_FILE = Key(
    "secret_file",
    environment_keys.file_of_variables,
    "the same from a .env file, or - for stdin; may be repeated",
    placeholder="FILE",
    repeats=True,
    offers="files",
)
DETAILS = (
    "Values of env= and env_file= are configuration: they are never shown again, but on AWS they stand in task\n"
    "definitions. Secrets are kept in Secrets Manager there ($0.40 a month for each app that has any), and in a\n"
    "file that only you can read on this machine. What is typed on a command line stays in the shell's history\n"
    "and is seen by ps: so secret=NAME asks for the value, or reads it from stdin."
)


def names_to_ask_for(given: dict[str, Any]) -> list[str]:
    return [name for name, arn in given.get("secret") or [] if arn is None]


def arns(given: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, arn) for name, arn in given.get("secret") or [] if arn is not None]


def values_in_files(given: dict[str, Any]) -> list[tuple[str, str]]:
    return [pair for file in given.get("secret_file") or [] for pair in file]
