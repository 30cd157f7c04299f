"""Each command, one per file: in it `COMMAND` says what may be typed, and `run` does it."""

from __future__ import annotations

import importlib

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from tapit.call import Call
    from tapit.language.command import Command


def load(path: str) -> Command:
    command: Command = _module(path).COMMAND
    return command


def perform(call: Call) -> int:
    """Do what was asked for, and return the exit code."""
    code: int = _module(call.command.path).run(call)
    return code


def _module(path: str) -> ModuleType:
    return importlib.import_module("tapit.commands." + path.replace(" ", "_"))
