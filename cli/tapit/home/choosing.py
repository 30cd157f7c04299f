"""Which home, which token and which app: flags, then TAPIT_*, then `.tapit.toml`, then the profile."""

from __future__ import annotations

import os

from tapit import TYPE_CHECKING
from tapit.errors import CliError, UsageError
from tapit.home import config_file, project_file, tokens
from tapit.home.tls import is_this_machine
from tapit.language.did_you_mean import did_you_mean

if TYPE_CHECKING:
    from typing import Any


class ChosenHome:
    """What was found, and the source of each."""

    def __init__(self) -> None:
        self.profile: str | None = None
        self.url: str | None = None
        self.token: str | None = None
        self.app: str | None = None
        self.sources: dict[str, str] = {}
        self.signed_in: tokens.SignedIn | None = None  # when the token is one that AWS's word is behind
        self.is_app_asked = False  # whether what is asked for is the chosen app's

    def put(self, name: str, value: str | None, source: str) -> None:
        """The first source that has it wins."""
        if value and getattr(self, name) is None:
            if name == "url":
                refuse_credentials(value, source)
            setattr(self, name, value)
            self.sources[name] = source

    def reachable(self) -> ChosenHome:
        """Itself, when it is enough to send a request with."""
        if self.url is None:
            raise UsageError(
                "tapit does not know which home to talk to",
                f"Profile {self.profile} has no address." if self.profile else "There is no profile yet.",
                f"start one on this machine: tapit-local\nor use a team's: {login_line(self.profile)}",
            )
        if self.token is None and not self.is_socket:
            raise CliError(
                f"there is no token for {self.url}",
                None if self.profile else "TAPIT_URL is set without TAPIT_TOKEN.",
                f"tapit login --profile {self.profile}" if self.profile else "export TAPIT_TOKEN=...",
            )
        if self.token is not None and not tokens.could_be_token(self.token):
            source = self.sources.get("token", "")
            raise CliError(
                "the token cannot be sent as it is",
                f"It comes from {source}, and holds a space, a line break or something else that no token has.",
                "export TAPIT_TOKEN=..."
                if source == "TAPIT_TOKEN"
                else f"tapit login --profile {self.profile}",
            )
        return self

    @property
    def is_socket(self) -> bool:
        """Tell whether the home is reached by a file: who may open it is known by that, and needs no token."""
        return str(self.url).startswith("unix:")

    @property
    def is_local(self) -> bool:
        return self.is_socket or is_this_machine(_host(self.url or ""))


def refuse_credentials(url: str, source: str) -> None:
    """They would be shown wherever the address is; a home is given a token of its own."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise UsageError(
            f"the address of the home, from {source}, holds a name or a password",
            "Tokens are kept apart from addresses: tapit login asks for one.",
            "leave out what stands before the @",
        )


def choose_home(*, profile: str | None = None, app: str | None = None) -> ChosenHome:
    """Raise only for what is wrong, not for what is missing: a command may do without."""
    env = os.environ
    found = ChosenHome()
    flag = profile is not None
    if not flag:  # a profile named on the command line comes with its own address and token
        found.put("url", env.get("TAPIT_URL"), "TAPIT_URL")
        found.put("token", env.get("TAPIT_TOKEN", "").strip(), "TAPIT_TOKEN")
    found.put("app", app, "-a")
    found.put("app", env.get("TAPIT_APP"), "TAPIT_APP")
    project = project_file.nearest_project_file()
    if project is not None:
        found.put("app", project_file.app_of(project), project)
    if not (found.url and found.token and found.app):
        _add_profile(found, config_file.read_config(), profile)
    if flag and not env.get("TAPIT_URL") and not found.is_socket:  # there it is asked for as its owner
        found.put("token", env.get("TAPIT_TOKEN", "").strip(), "TAPIT_TOKEN")
    return found


def profile_in_use(flag: str | None) -> tuple[str, dict[str, Any]]:
    """The profile that is chosen, and what is kept of it, whatever else is wrong with it."""
    kept = config_file.read_config()
    profiles = config_file.profiles_of(kept)
    name, _ = _chosen_profile(kept, profiles, flag)
    if name is None:
        raise UsageError("no profile is chosen", None if profiles else "There is none yet.", login_line())
    return name, profiles[name]


def profile_of_other_commands() -> str | None:
    """The one that counts where none is named."""
    return os.environ.get("TAPIT_PROFILE") or config_file.read_config().get("default_profile")


def login_line(profile: str | None = None, url: str = "https://...", *, by_aws: bool = False) -> str:
    """What to type where nothing is known of the profile yet."""
    return f"tapit login url={url}{f' --profile {profile}' if profile else ''}{' --aws' if by_aws else ''}"


def _add_profile(found: ChosenHome, kept: dict[str, Any], flag: str | None) -> None:
    profiles = config_file.profiles_of(kept)
    name, source = _chosen_profile(kept, profiles, flag)
    if name is None:
        return
    section = profiles[name]
    url = section.get("url")
    if found.url and url and found.url.rstrip("/") != url.rstrip("/"):
        return  # TAPIT_URL points elsewhere: this profile's token and app belong to another home
    found.put("profile", name, source)
    found.put("url", url, f"profile {name}")
    found.put("app", section.get("app"), f"profile {name}")
    if found.token is None and found.url and not found.is_socket:
        token, found.signed_in = tokens.read_token(name, found.url)
        found.put("token", token, tokens.token_path(name))


def _chosen_profile(
    kept: dict[str, Any], profiles: dict[str, dict[str, Any]], flag: str | None
) -> tuple[str | None, str]:
    wanted = ((flag, "--profile"), (os.environ.get("TAPIT_PROFILE"), "TAPIT_PROFILE"))
    for name, source in (*wanted, (kept.get("default_profile"), "default_profile")):
        if name:
            return _existing(str(name), profiles, source), source
    if len(profiles) > 1 and not os.environ.get("TAPIT_URL"):
        raise UsageError(
            "no profile is chosen",
            f"There are {', '.join(profiles)}.",
            "tapit config set default_profile=NAME",
        )
    return (next(iter(profiles)), "the only profile") if len(profiles) == 1 else (None, "")


def _existing(name: str, profiles: dict[str, dict[str, Any]], source: str) -> str:
    if name in profiles:
        return name
    raise UsageError(
        f"there is no profile {name}",
        f"{source} names it. {'There is ' + ', '.join(profiles) if profiles else 'There is none yet'}.",
        did_you_mean(name, list(profiles)) or login_line(name),
    )


def no_app_chosen(names: list[str]) -> UsageError:
    """What to say then: the apps there are, and what to type."""
    if not names:
        return UsageError("no app is chosen", "There is no app yet.", "tapit create app name=demo")
    then = f"tapit -a {names[0]} ...\nor for good: tapit config set app={names[0]}"
    return UsageError(
        "no app is chosen", f"There {'is' if len(names) == 1 else 'are'} {', '.join(names)}.", then
    )


def _host(url: str) -> str:
    place = url.partition("://")[2].partition("/")[0]
    host, colon, port = place.rpartition(":")
    return (host if colon and port.isdigit() else place).strip("[]")
