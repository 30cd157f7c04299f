"""`tapit config set key=value`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.errors import UsageError
from tapit.home import config_file
from tapit.home.choosing import login_line, profile_in_use, refuse_credentials
from tapit.home.client import check_address
from tapit.language import values
from tapit.language.command import Command, Key
from tapit.language.values import Reader

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def run(call: Call) -> int:
    if not any(name in call.settings for name in ("app", "url", "default_profile")):
        raise UsageError("nothing to change", then=COMMAND.example)
    document = config_file.open_config()
    default = call.get("default_profile")
    if default and default not in config_file.profiles_of(document):
        raise UsageError(f"there is no profile {default}", then=login_line(default))
    if default:
        document["default_profile"] = default
    replaced = _set_in_profile(call, document)
    call.say(f"Saved in {config_file.write_config(document)}.")
    if replaced:
        call.hint("back", f"tapit config set url={replaced}")
    return 0


def _set_in_profile(call: Call, document: TOMLDocument) -> str | None:
    """Return the address that another one took the place of."""
    wanted = {name: call.get(name) for name in ("app", "url") if name in call.settings}
    if not wanted:
        return None
    if "url" in wanted:
        refuse_credentials(wanted["url"], "url=")
        check_address(wanted["url"])
    section = config_file.profile_section(document, call.get("profile") or profile_in_use(None)[0])
    address = section.get("url")
    for key, value in wanted.items():
        section[key] = value
    return address if address and address != section["url"] else None


def _not_empty(reads: Reader) -> Reader:
    def read(key: str, given: str) -> object:
        if not given.strip():
            raise UsageError(f"{key}= is empty", then=f"tapit config unset {key}")
        return reads(key, given)

    return read


COMMAND = Command(
    "config set",
    example="tapit config set app=shop",
    keys=(
        Key("app", _not_empty(values.name), "the profile's app", placeholder="APP", offers="apps"),
        Key(
            "url",
            _not_empty(values.text),
            "the profile's address; its token stays bound to the old one",
            placeholder="URL",
        ),
        Key(
            "default_profile",
            _not_empty(values.profile),
            "used when none is named",
            placeholder="NAME",
            offers="profiles",
        ),
    ),
)
