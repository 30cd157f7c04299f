"""`tapit create app name=NAME`"""

from tapit import app_block, app_keys
from tapit.call import Call
from tapit.errors import CliError
from tapit.grammar import Command


def run(call: Call) -> int:
    wanted = {key: value for key, value in app_keys.body(call).items() if key != "limits"}
    limits = {key: value for key, value in app_keys.body(call).get("limits", {}).items() if value is not None}
    body = {"name": call.text("name"), **wanted, **({"limits": limits} if limits else {})}
    app = call.client.send("POST", "/apps", body)
    call.say(f"Created app {app['name']}.")
    call.say_notes(app)
    app_block.print_answer(call, app)
    try:
        _make_default(call, app["name"])
    except CliError as error:  # the app is there all the same
        call.say(f"The profile was not changed: {error.what}. {error.why or ''}".rstrip(), "yellow")
        call.hint("choose", f"tapit -a {app['name']} ...")
    return 0


def _make_default(call: Call, name: str) -> None:
    """The first app is almost always the one meant from now on."""
    home = call.home
    if home.profile is None:
        return
    from tapit import config

    document = config.open_config()
    section = config.profile_section(document, home.profile)
    if section.get("app"):
        return
    section["app"] = name
    config.write_config(document)
    call.say(f"It is now the app of profile {home.profile}; another one with -a APP.")


COMMAND = Command(
    "create",
    "app",
    "Say what the tasks of an app inherit.",
    run,
    example="tapit create app name=shop workdir=. env_file=.env max_hours=6",
    word="name",
    required=("name",),
    keys=(app_keys.NAME, *app_keys.INHERITED),
    details=app_keys.DETAILS,
)
