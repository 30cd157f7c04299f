"""`tapit create app name=NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import for_scripts
from tapit.errors import CliError
from tapit.language import app_keys, secret_keys
from tapit.language.command import Command
from tapit.sources import app_source
from tapit.terminal.unseen import read_unseen_values

if TYPE_CHECKING:
    from typing import Any

    from tapit.home.answers import App


def run(call: Call) -> int:
    app_source.refuse_what_cannot_be(call)
    typed = read_unseen_values(secret_keys.names_to_ask_for(call.settings))
    given = app_keys.body(call.settings, typed)
    found = app_source.found_for(call, given)
    body = {"name": call.text("name"), **found.completing(given)}
    if call.home.is_socket and "image" not in body:
        _add_path(body)
    app: App = call.client.send("POST", "/apps", body)
    call.say(f"Created app {app['name']}.")
    app_source.say_notes(call, found)
    call.say_notes(app)
    app_source.save_commands(call, app["name"], found.commands)
    for_scripts.print_answer(call, app)
    try:
        _make_default(call, app["name"])
    except CliError as error:  # the app is there all the same
        call.say(f"The profile was not changed: {error.what}. {error.why or ''}".rstrip(), "yellow")
        call.hint("choose", f"tapit -a {app['name']} ...")
    return 0


def _add_path(body: dict[str, Any]) -> None:
    """On this machine tasks find the programs that their app's maker finds; an image has a PATH of its own."""
    from tapit.home.shell_path import path_of_this_shell

    path = path_of_this_shell()
    if path:
        body["environment"] = {"PATH": path, **body.get("environment", {})}


def _make_default(call: Call, name: str) -> None:
    """The first app is almost always the one meant from now on."""
    home = call.home
    if home.profile is None:
        return
    from tapit.home import config_file

    document = config_file.open_config()
    section = config_file.profile_section(document, home.profile)
    if section.get("app"):
        return
    section["app"] = name
    config_file.write_config(document)
    call.say(f"It is now the app of profile {home.profile}; another one with -a APP.")


COMMAND = Command(
    "create app",
    example="tapit create app name=shop workdir=. env_file=.env max_hours=6",
    word="name",
    required=("name",),
    keys=(app_keys.NEW_NAME, *app_keys.INHERITED),
    details=app_keys.DETAILS
    + "\n\nOn this machine (tapit-local) tasks of an app without an image get the PATH of the shell that made it,\n"
    "without tapit's own virtual environment; another one with env=PATH=...",
)
