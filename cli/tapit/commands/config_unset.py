"""`tapit config unset KEY...`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.errors import UsageError
from tapit.home import config_file, tokens
from tapit.home.choosing import profile_in_use
from tapit.language.command import Command, Key
from tapit.language.did_you_mean import did_you_mean

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

NAMES = ("app", "url", "default_profile")


def run(call: Call) -> int:
    document = config_file.open_config()
    names: list[str] = list(dict.fromkeys(call.get("key")))
    missing = [name for name in names if not _taken_out(call, document, name)]
    for name in missing:
        call.say(f"{name} is not set; nothing to take out.")
    if len(missing) < len(names):
        call.say(f"Saved in {config_file.write_config(document)}.")
    if "url" in names:
        _tell_old_address(call)
    return 0


def _taken_out(call: Call, document: TOMLDocument, name: str) -> bool:
    if name == "default_profile":
        return document.pop(name, None) is not None
    section = config_file.profile_section(document, profile_in_use(call.get("profile"))[0])
    return section.pop(name, None) is not None


def _tell_old_address(call: Call) -> None:
    """A token knows where it belongs, which is where the profile led before."""
    name, _ = profile_in_use(call.get("profile"))
    address = tokens.known_address(name)
    if address:
        call.say(f"The token of profile {name} belongs to {address}.")
        call.hint("use it", f"tapit config set url={address}")


def _name(key: str, given: str) -> str:
    if given not in NAMES:
        meant = did_you_mean(given, NAMES)
        raise UsageError(f"{key}={given} is no setting", f"The settings are {', '.join(NAMES)}.", meant)
    return given


COMMAND = Command(
    "config unset",
    example="tapit config unset app",
    word="key",
    required=("key",),
    keys=(
        Key(
            "key",
            _name,
            "app, url or default_profile; may be repeated",
            placeholder="KEY",
            repeats=True,
            choices=NAMES,
        ),
    ),
    details="app and url are the profile's: the one in use, or the one that --profile names.",
)
