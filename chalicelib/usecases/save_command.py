"""Save a command, or change it."""

from collections.abc import Callable, Sequence

from chalicelib.domain.audit import Entry, What, changed
from chalicelib.domain.saved_command import COMMANDS, SavedCommand
from chalicelib.domain.token import Token
from chalicelib.ports import Services
from chalicelib.usecases.change_record import change_named
from chalicelib.usecases.create import refuse_what_cannot_run
from chalicelib.usecases.find_named import find_named
from chalicelib.usecases.ownership import refuse_unless_owner


def create_command(services: Services, wanted: SavedCommand) -> SavedCommand:
    """Raise AppNotFound, CommandExists, LimitExceeded, or InvalidRequest for what could be no task of the app now."""
    app = services.apps.get(wanted.app)
    refuse_what_cannot_run(services, app, wanted.task)
    by, at = wanted.created_by, wanted.created_at
    entry = Entry.of(What.COMMAND_CREATED, wanted.name, app=app.name, by=by, at=at)
    return services.commands.create(wanted, app.most_commands, entry)


def alter_command(
    services: Services, app: str, name: str, change: Callable[[SavedCommand], SavedCommand], token: Token
) -> tuple[SavedCommand, Sequence[str]]:
    """Return the command and what changed of it; raise Forbidden for whoever may not change it."""
    before = find_named(services, services.commands, app, name)
    refuse_unless_owner(COMMANDS.word, before, token)
    after = change(before)
    if after.task != before.task:
        refuse_what_cannot_run(services, services.apps.get(app), after.task)

    def change_own(newest: SavedCommand) -> SavedCommand:
        nonlocal before
        refuse_unless_owner(COMMANDS.word, newest, token)
        before = newest
        return change(newest)

    def audit(before: SavedCommand, after: SavedCommand) -> Entry:
        at, details = services.clock.now(), {"changed": changed_in(before, after)}
        return Entry.of(What.COMMAND_CHANGED, name, app=app, by=token.name, at=at, details=details)

    saved = change_named(services.commands, COMMANDS, app, name, change_own, audit)
    return saved, changed_in(before, saved)


def changed_in(before: SavedCommand, after: SavedCommand) -> list[str]:
    """Name what differs, in the words in which it is given."""
    return changed(before, after, ["task"], changed(before.task, after.task))
