"""Remove a saved command, or all of an app."""

from contextlib import suppress

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import NotFound, Stale
from chalicelib.domain.saved_command import COMMANDS, SavedCommand
from chalicelib.domain.token import Token
from chalicelib.ports import Services
from chalicelib.usecases.find_named import find_named
from chalicelib.usecases.ownership import refuse_unless_owner

ATTEMPTS = 20


def remove_command(services: Services, app: str, name: str, token: Token) -> None:
    """Raise CommandNotFound when there is none, Forbidden for whoever may not. Its tasks stay as they are."""
    for _ in range(ATTEMPTS):
        command = find_named(services, services.commands, app, name)
        refuse_unless_owner(COMMANDS.word, command, token)
        with suppress(Stale):
            return _remove(services, command, token.name)
    raise Stale(COMMANDS.called(name))


def remove_commands(services: Services, app: str, by: str) -> None:
    while found := services.commands.page(app, 100, None).items:
        for command in found:
            with suppress(NotFound, Stale):  # somebody else was faster, or it is seen to with the next page
                _remove(services, command, by)


def _remove(services: Services, command: SavedCommand, by: str) -> None:
    at = services.clock.now()
    entry = Entry.of(What.COMMAND_DELETED, command.name, app=command.app, by=by, at=at)
    services.commands.remove(command, entry)
