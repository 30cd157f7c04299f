"""The configuration file and the tokens beside it: where they are, reading and writing them."""

import json
import os
from pathlib import Path

from tapit.errors import CliError
from tapit.private_files import make_private_folder, read_private, write_private
from tapit.values import profile as checked_profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tomlkit import TOMLDocument


def config_path() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config") / "tapit" / "config.toml"


def token_path(profile: str) -> Path:
    return _xdg("XDG_STATE_HOME", ".local/state") / "tapit" / "tokens" / profile


def cache_folder() -> Path:
    return _xdg("XDG_CACHE_HOME", ".cache") / "tapit"


def _xdg(variable: str, default: str) -> Path:
    """An empty or relative folder is to be ignored, says the XDG specification."""
    given = os.environ.get(variable, "")
    return Path(given) if given.startswith("/") else _home(variable) / default


def _home(instead: str) -> Path:
    try:
        return Path.home()
    except RuntimeError as error:  # a container's user that no passwd file knows
        raise CliError(
            "there is no home folder to keep settings in",
            "HOME is not set, and the system knows no folder of this user.",
            f"set HOME or {instead}",
        ) from error


def read_config() -> "dict[str, Any]":
    return read_toml(config_path())


def read_toml(path: Path) -> "dict[str, Any]":
    """Nothing when there is no file; an error that names file and line when it cannot be read."""
    content = _content(path)
    if content is None:
        return {}
    import tomllib

    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, str(error)) from error


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise _unreadable(path, "It is not UTF-8.") from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _unreadable(path: Path, why: str) -> CliError:
    return CliError(
        f"cannot read the configuration {path}", why, f"mend it, or move it away: mv {path} {path}.old"
    )


def profiles_of(kept: "dict[str, Any]") -> "dict[str, dict[str, Any]]":
    """The profiles by name, or an error that says how a file should have put them."""
    profiles = kept.get("profile", {})
    if not isinstance(profiles, dict) or not all(isinstance(one, dict) for one in profiles.values()):
        raise CliError(f"{config_path()} is not as expected", "Profiles are tables: [profile.NAME].")
    for name, section in profiles.items():
        for key in ("url", "app"):
            if not isinstance(section.get(key, ""), str):
                raise CliError(f"{key} of profile {name} is not text", f"Look into {config_path()}.")
    return profiles


def save_profile(name: str, url: str, token: str, *, make_default_if_none: bool = True) -> Path:
    """Write a profile and its token, keeping everything else in the file; return the file's path."""
    checked_profile("profile", name)
    document = open_config()
    section = profile_section(document, name)
    section["url"] = url
    if make_default_if_none and "default_profile" not in document:
        document["default_profile"] = name
    make_private_folder(token_path(name).parent)
    write_private(token_path(name), json.dumps({"url": url, "token": token}) + "\n")
    return write_config(document)


def known_url(name: str) -> str | None:
    """The address that a profile leads to now; None for a profile that is not there."""
    url = profiles_of(read_config()).get(name, {}).get("url")
    return str(url) if url else None


def is_default(name: str) -> bool:
    """Tell whether the file chooses this profile for whoever names none."""
    return bool(read_config().get("default_profile") == name)


def open_config() -> "TOMLDocument":
    """The file as it is, comments and all, ready to be changed."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    content = _content(config_path())
    try:
        return tomlkit.parse(content or "")
    except TOMLKitError as error:
        raise _unreadable(config_path(), str(error)) from error


def profile_section(document: "TOMLDocument", name: str) -> "Any":
    import tomlkit

    profiles = document.setdefault("profile", tomlkit.table(is_super_table=True))
    if not isinstance(profiles, dict):
        raise _unreadable(config_path(), "profile is not a table; write [profile.NAME].")
    section = profiles.setdefault(name, tomlkit.table())
    if not isinstance(section, dict):
        raise _unreadable(config_path(), f"profile.{name} is not a table; write [profile.{name}].")
    return section


def write_config(document: "TOMLDocument") -> Path:
    import tomlkit

    write_private(config_path(), tomlkit.dumps(document))
    return config_path()


def read_token(profile: str, url: str) -> str | None:
    """The profile's token, and only for the address it was given for: it is never sent elsewhere."""
    path = token_path(profile)
    content = read_private(path)
    if content is None:
        return None
    try:
        kept = json.loads(content)
        belongs_to, token = str(kept["url"]), str(kept["token"])
    except (ValueError, KeyError, TypeError) as error:
        raise CliError(
            f"the token file {path} is damaged", then=f"tapit login --profile {profile}"
        ) from error
    if belongs_to.rstrip("/") != url.rstrip("/"):
        raise CliError(
            f"the token of profile {profile} belongs to {belongs_to}, not to {url}",
            "A token is only sent to the address it was given for.",
            f"tapit login --profile {profile} url={url}",
        )
    return token
