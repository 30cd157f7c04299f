"""Remove a saved command, or all of an app."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from chalicelib.domain.errors import NotFound
from chalicelib.domain.saved_command import COMMANDS
from chalicelib.domain.token import Token
from chalicelib.ports import Services
from chalicelib.usecases.ownership import refuse_unless_owner
from chalicelib.usecases.remove_named import remove_named


def remove_command(services: Services, app: str, name: str, token: Token) -> Sequence[str]:
    """Return the names of the schedules that run it, and cannot any more. Its tasks stay as they are.

    Raise CommandNotFound when there is none, Forbidden for whoever may not.
    """
    refuse = partial(refuse_unless_owner, COMMANDS.word, token=token)
    remove_named(services, services.commands, COMMANDS, app, name, by=token.name, refuse=refuse)
    return [schedule.name for schedule in services.schedules.list(app) if schedule.command_name == name]


def remove_commands(services: Services, app: str, by: str) -> None:
    """Of an app that goes; whose they are does not matter."""
    for command in services.commands.list(app):
        with suppress(NotFound):  # somebody else was faster
            remove_named(services, services.commands, COMMANDS, app, command.name, by=by)
