"""Routes about saved commands."""

from chalicelib.domain.token import Role
from chalicelib.http.command_models import (
    ChangeCommand,
    ChangedCommandView,
    CommandList,
    CommandRemovedView,
    CommandView,
    CreateCommand,
    ListCommandsQuery,
)
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.usecases.find_named import find_named
from chalicelib.usecases.remove_command import remove_command
from chalicelib.usecases.save_command import alter_command, create_command

routes = Routes()
_ALL = "/apps/{app_name}/commands"
_ONE = "/apps/{app_name}/commands/{name}"


@routes.add("POST", _ALL, Role.OPERATOR, status=201)
def create(call: Call, app_name: str, body: CreateCommand) -> CommandView:
    """Save a command, from which tasks can be created by its name."""
    wanted = body.saved(app_name, call.home.clock.now(), call.token.name)
    return CommandView.of(create_command(call.home, wanted))


@routes.add("GET", _ALL, Role.VIEWER)
def list_commands(call: Call, app_name: str, query: ListCommandsQuery) -> CommandList:
    """List an app's saved commands, by name."""
    call.home.apps.get(app_name)
    scope = f"commands {app_name}"
    page = call.home.commands.page(app_name, query.limit, unseal(call.token, scope, query.cursor))
    following = seal(call.token, scope, page.items[-1].name) if page.has_more else None
    return CommandList(items=[CommandView.of(each) for each in page.items], next=following)


@routes.add("GET", _ONE, Role.VIEWER)
def show(call: Call, app_name: str, name: str) -> CommandView:
    """Show a saved command."""
    return CommandView.of(find_named(call.home, call.home.commands, app_name, name))


@routes.add("PATCH", _ONE, Role.OPERATOR)
def change(call: Call, app_name: str, name: str, body: ChangeCommand) -> ChangedCommandView:
    """Change a saved command of one's own, or as an admin anybody's; only what is given changes."""
    saved, changed = alter_command(call.home, app_name, name, body.applied_to, call.token)
    return ChangedCommandView.of(saved, changed=list(changed))


@routes.add("DELETE", _ONE, Role.OPERATOR)
def remove(call: Call, app_name: str, name: str) -> CommandRemovedView:
    """Remove a saved command of one's own, or as an admin anybody's; its tasks stay."""
    left = remove_command(call.home, app_name, name, call.token)
    return CommandRemovedView(name=name, schedules=[*left])
