"""What a new task may be told, whether it runs by itself or at a person's terminal."""

from __future__ import annotations

import re

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language import environment_keys, retry_keys, sizes, tag_keys, values
from tapit.language.command import Key

if TYPE_CHECKING:
    from typing import Any

IF_LOCKED = ("wait", "refuse", "replace")
LINE = Key(
    "line",
    values.command_line,
    "one line for /bin/sh; in quotes it may stand by itself",
    placeholder="'LINE'",
    may_hold_spaces=True,
)


def _saved(key: str, given: str) -> str:
    """A name; whoever writes a line here is told where it goes."""
    wanted = given.strip()
    if not re.fullmatch(values.NAME, wanted):
        from shlex import quote

        is_empty = not wanted
        raise UsageError(
            f"{key}= is the name of a saved command" + ("" if is_empty else f", which {wanted!r} cannot be"),
            f"{values.NAME_IN_WORDS} A line stands by itself, in quotes.",
            "tapit list commands" if is_empty else f"{quote(given)} instead of {key}={quote(given)}",
        )
    return wanted


SAVED_COMMAND = Key(
    "command",
    _saved,
    "a saved command instead of a line",
    placeholder="NAME",
    may_hold_spaces=True,
    offers="commands",
)
OPTIONS = (
    Key("memory", sizes.memory, "GB, 120 at most: 4, 4.5, 4G or 4096M", placeholder="GB"),
    Key("cpu", sizes.cpu, "vCPU: 0.25 to 16", placeholder="VCPU"),
    Key(
        "max_hours",
        sizes.hours,
        "stop the task after so many hours, or 30m; none for no limit",
        placeholder="HOURS",
    ),
    Key("docker_tag", values.text, "another tag of the app's image", placeholder="TAG"),
    Key("image", values.text, "another image altogether", placeholder="IMAGE"),
    Key("ephemeral_storage_gb", sizes.disk, "disk: 20 to 200", placeholder="GB"),
    Key(
        "initiated_by",
        values.text,
        "on whose behalf",
        placeholder="WHO",
        aliases=("initiator",),
        may_hold_spaces=True,
    ),
    tag_keys.tags_key("to find it by and to tell costs apart: release:42,ticket:OPS-7; 10 at most"),
    environment_keys.env("a variable beside the app's; may be repeated"),
    environment_keys.ENV_FILE,
    environment_keys.workdir("the folder to start in"),
    *retry_keys.KEYS,
    Key(
        "lock",
        values.new_name,
        "at most one task of the app with it is at work",
        placeholder="NAME",
        may_hold_spaces=True,
    ),
    Key(
        "if_locked",
        values.one_of(IF_LOCKED),
        "while another one holds the lock: wait (the default), refuse, or replace that one",
        placeholder="HOW",
        choices=IF_LOCKED,
    ),
)
KEYS = (LINE, SAVED_COMMAND, *OPTIONS)
_NOT_BY_ITSELF = ("env", "env_file", "if_locked")
UNSETTABLE = tuple(key.name for key in OPTIONS if key.name not in _NOT_BY_ITSELF)
INTERACTIVE = Key(
    "interactive",
    values.yes_or_no,
    "true: tapit shell can open a shell in it while it runs",
    placeholder="true|false",
    choices=("true", "false"),
)
DESCRIPTION = Key("description", values.text, "what it is for", placeholder="TEXT", may_hold_spaces=True)
SENT_AS = {"line": "command", "command": "command_name"}  # what is typed, and the home's name of it
PLAIN = tuple(key.name for key in KEYS if key.name not in ("env", "env_file"))
ABOUT_OPTIONS = (
    "Options and key=value go before the command, or after one in quotes (one word with a space in it).\n"
    "After a command without quotes they may be its own, and are refused: put -- before a command that has\n"
    "some, as in tapit run -- ls -a /tmp."
)
ABOUT_COMMANDS = (
    "The command is one shell line: $VARIABLES, pipes, && and quotes are the task's own.\n"
    f"Several words are quoted together.\n\n{ABOUT_OPTIONS}"
)
NEEDLESS = (
    (
        ("-it", "-ti", "-i", "-t", "--interactive", "--tty"),
        "Where you sit at a terminal, the command has one.",
    ),
    (("-w", "--wait", "-f", "--follow"), "It stays until the command has ended."),
)  # at a terminal, that is

NO_REMAINS = (("--rm",), "Nothing is left of its container.")


def body(given: dict[str, Any]) -> dict[str, object]:
    """The request's body, holding what was given and nothing else."""
    if "line" in given and "command" in given:
        raise UsageError(
            "a line and command= contradict each other",
            "command= names a saved command, which has a line of its own.",
            "leave one of them out",
        )
    environment = dict(environment_keys.variables(given))
    wanted: dict[str, object] = {SENT_AS.get(name, name): given[name] for name in PLAIN if name in given}
    if "interactive" in given:
        wanted["interactive"] = given["interactive"]
    return {**wanted, "environment": environment} if environment else wanted
