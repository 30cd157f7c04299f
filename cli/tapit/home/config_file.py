"""The configuration file: where it is, what its profiles hold, and changing it with its comments kept."""

from __future__ import annotations

import os

from tapit import TYPE_CHECKING
from tapit.errors import CliError
from tapit.home import tokens
from tapit.home.private_files import config_folder, write_private
from tapit.language.values import profile as checked_profile

if TYPE_CHECKING:
    from typing import Any

    from tomlkit import TOMLDocument

    from tapit.home.tokens import SignedIn

LARGEST = 1024 * 1024
NESTED = "Something in it is nested too deeply."


def config_path() -> str:
    return os.path.join(config_folder(), "config.toml")


def read_config() -> dict[str, Any]:
    return read_toml(config_path())


def read_toml(path: str) -> dict[str, Any]:
    """Nothing when there is no file; an error that names file and line when it cannot be read."""
    content = _content(path)
    if content is None:
        return {}
    import tomllib

    try:
        return tomllib.loads(content)
    except ValueError as error:  # a number of thousands of digits is one that Python itself refuses
        raise _unreadable(path, str(error)) from error
    except RecursionError as error:
        raise _unreadable(path, NESTED) from error


def _content(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            content = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise _unreadable(path, "It is not UTF-8.") from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    if len(content) > LARGEST:  # a project's own may be a link to anything
        raise _unreadable(path, f"It is larger than {LARGEST:,} characters.")
    return content


def _unreadable(path: str, why: str) -> CliError:
    return CliError(
        f"cannot read the configuration {path}", why, f"mend it, or move it away: mv {path} {path}.old"
    )


def profiles_of(kept: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The profiles by name, or an error that says how the file should look."""
    profiles = kept.get("profile", {})
    if not isinstance(profiles, dict) or not all(isinstance(one, dict) for one in profiles.values()):
        raise CliError(f"{config_path()} is not as expected", "Profiles are tables: [profile.NAME].")
    for name, section in profiles.items():
        for key in ("url", "app"):
            if not isinstance(section.get(key, ""), str):
                raise CliError(f"{key} of profile {name} is not text", f"Look into {config_path()}.")
    return profiles


def save_profile(
    name: str,
    url: str,
    token: str | None,
    *,
    make_default_if_none: bool = True,
    signed_in: SignedIn | None = None,
) -> str:
    """Write a profile and its token, keeping everything else in the file; return the file's path.

    Without a token, one that the profile had is forgotten: it would be refused as belonging to another address.
    """
    checked_profile("profile", name)
    document = open_config()
    section = profile_section(document, name)
    section["url"] = url
    if make_default_if_none and "default_profile" not in document:
        document["default_profile"] = name
    tokens.write_token(name, url, token, signed_in)
    return write_config(document)


def known_url(name: str) -> str | None:
    """The address that a profile leads to now; None for a profile that is not there."""
    url = profiles_of(read_config()).get(name, {}).get("url")
    return str(url) if url else None


def is_default(name: str) -> bool:
    """Tell whether the file chooses this profile for whoever names none."""
    return bool(read_config().get("default_profile") == name)


def open_config() -> TOMLDocument:
    """The file as it is, comments and all, ready to be changed."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    content = _content(config_path())
    try:
        return tomlkit.parse(content or "")
    except (TOMLKitError, ValueError) as error:
        raise _unreadable(config_path(), str(error)) from error
    except RecursionError as error:
        raise _unreadable(config_path(), NESTED) from error


def profile_section(document: TOMLDocument, name: str) -> Any:
    import tomlkit
    from tomlkit.items import InlineTable

    profiles = document.setdefault("profile", tomlkit.table(is_super_table=True))
    if not isinstance(profiles, dict):
        raise _unreadable(config_path(), "profile is not a table; write [profile.NAME].")
    if (
        isinstance(profiles, InlineTable) and name not in profiles
    ):  # there is no room for another table in one line
        raise _unreadable(config_path(), "profile is one line in braces; write [profile.NAME].")
    section = profiles.setdefault(name, tomlkit.table())
    if not isinstance(section, dict):
        raise _unreadable(config_path(), f"profile.{name} is not a table; write [profile.{name}].")
    return section


def write_config(document: TOMLDocument) -> str:
    import tomlkit

    write_private(config_path(), tomlkit.dumps(document))
    return config_path()
