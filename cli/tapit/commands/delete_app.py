"""`tapit delete app NAME`"""

from tapit import app_keys
from tapit.call import Call
from tapit.client import segment
from tapit.errors import NotFound, UsageError
from tapit.grammar import Command
from tapit.tasks import print_json


def run(call: Call) -> int:
    name = call.get("name") or call.get("app")
    if not name:
        raise UsageError("which app?", "Removing one wants it named.", "tapit delete app name=APP")
    try:
        call.client.send("DELETE", f"/apps/{segment(name)}")
        removed = True
        call.say(f"Removed app {name}; its finished tasks stay until they expire.")
    except NotFound:
        removed = False
        call.say(f"There is no app {name}; nothing to delete.")
    _forget_default(call, name)
    if call.output == "json":
        print_json(call.out, {"name": name, "removed": removed})
    elif call.output == "id":
        call.out.write(f"{name}\n")
    return 0


def _forget_default(call: Call, name: str) -> None:
    home = call.home
    if home.profile is None:
        return
    from tapit import config

    document = config.open_config()
    section = config.profile_section(document, home.profile)
    if section.get("app") != name:
        return
    del section["app"]
    config.write_config(document)
    call.say(f"Profile {home.profile} has no app of its own now.")


COMMAND = Command(
    "delete",
    "app",
    "Remove an app.",
    run,
    example="tapit delete app name=shop",
    word="name",
    keys=(app_keys.NAME,),
    details="Refused while tasks of it are active. Its finished tasks stay until they expire. "
    "An app that is gone already is no error.",
)
