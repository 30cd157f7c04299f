"""`tapit config set key=value`"""

from tapit import config, values
from tapit.call import Call
from tapit.errors import UsageError
from tapit.grammar import Command, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def run(call: Call) -> int:
    if not any(name in call.settings for name in ("app", "url", "default_profile")):
        raise UsageError("nothing to change", then=COMMAND.example)
    document = config.open_config()
    default = call.get("default_profile")
    if default and default not in config.profiles_of(document):
        raise UsageError(f"there is no profile {default}", then=f"tapit login --profile {default}")
    if default:
        document["default_profile"] = default
    _set_in_profile(call, document)
    call.say(f"Saved in {config.write_config(document)}.")
    return 0


def _set_in_profile(call: Call, document: "TOMLDocument") -> None:
    wanted = {name: call.get(name) for name in ("app", "url") if name in call.settings}
    if not wanted:
        return
    name = call.get("profile") or call.home.profile
    if not name:
        raise UsageError("no profile is chosen", then="tapit login --profile NAME")
    section = config.profile_section(document, name)
    for key, value in wanted.items():
        section[key] = value


COMMAND = Command(
    "config",
    "set",
    "Change a setting in the configuration file.",
    run,
    example="tapit config set app=shop",
    keys=(
        Key("app", values.name, "the profile's app", placeholder="APP"),
        Key(
            "url",
            values.text,
            "the profile's address; its token stays bound to the old one",
            placeholder="URL",
        ),
        Key("default_profile", values.profile, "used when none is named", placeholder="NAME"),
    ),
)
