"""`tapit delete app NAME`"""

from tapit.call import Call
from tapit.display import for_scripts
from tapit.errors import AppNotFound, UsageError
from tapit.home.client import segment
from tapit.language import app_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.get("name") or call.get("app")
    if not name:
        raise UsageError(
            "which app?", "An app is only removed when it is named.", "tapit delete app name=APP"
        )
    _, gone = call.client.remove(f"/apps/{segment(name)}", AppNotFound)
    call.say(gone or f"Removed app {name}; its finished tasks stay until they expire.")
    _forget_default(call, name)
    for_scripts.print_answer(call, {"name": name, "removed": gone is None})
    return 0


def _forget_default(call: Call, name: str) -> None:
    home = call.home
    if home.profile is None:
        return
    from tapit.home import config_file

    document = config_file.open_config()
    section = config_file.profile_section(document, home.profile)
    if section.get("app") != name:
        return
    del section["app"]
    config_file.write_config(document)
    call.say(f"Profile {home.profile} has no app of its own now.")


COMMAND = Command(
    "delete app",
    example="tapit delete app name=shop",
    word="name",
    keys=(app_keys.NAME,),
    details="Refused while tasks of it are active. Its finished tasks stay until they expire. "
    "An app that is gone already is no error.",
)
