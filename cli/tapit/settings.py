"""Which home, which token and which app: flags, then TAPIT_*, then `.tapit.toml`, then the profile."""

import os
from pathlib import Path

from tapit import config
from tapit.errors import CliError, UsageError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROJECT_FILE = ".tapit.toml"


class Settings:
    """What was found, and the source of each."""

    def __init__(self) -> None:
        self.profile: str | None = None
        self.url: str | None = None
        self.token: str | None = None
        self.app: str | None = None
        self.sources: dict[str, str] = {}

    def put(self, name: str, value: str | None, source: str) -> None:
        """The first source that has it wins."""
        if value and getattr(self, name) is None:
            setattr(self, name, value)
            self.sources[name] = source

    def reachable(self) -> "Settings":
        """Itself, when it is enough to send a request with."""
        if self.url is None:
            raise UsageError(
                "tapit does not know which home to talk to",
                "There is no profile yet.",
                "start one on this machine: tapit-local\nor use a team's: tapit login url=https://...",
            )
        if self.token is None:
            raise CliError(
                f"there is no token for {self.url}",
                None if self.profile else "TAPIT_URL is set without TAPIT_TOKEN.",
                f"tapit login --profile {self.profile}" if self.profile else "export TAPIT_TOKEN=...",
            )
        return self

    @property
    def is_local(self) -> bool:
        return _host(self.url or "") in ("127.0.0.1", "localhost", "[::1]")


def find_settings(*, profile: str | None = None, app: str | None = None) -> Settings:
    """Raise only for what is wrong, not for what is missing: a command may do without."""
    env = os.environ
    found = Settings()
    flag = profile is not None
    if not flag:  # a profile named on the command line comes with its own address and token
        found.put("url", env.get("TAPIT_URL"), "TAPIT_URL")
        found.put("token", env.get("TAPIT_TOKEN"), "TAPIT_TOKEN")
    found.put("app", app, "-a")
    found.put("app", env.get("TAPIT_APP"), "TAPIT_APP")
    project = _project_file()
    if project is not None:
        found.put("app", _project_app(project), str(project))
    if not (found.url and found.token and found.app):
        _add_profile(found, config.read_config(), profile)
    if flag and not env.get("TAPIT_URL"):
        found.put("token", env.get("TAPIT_TOKEN"), "TAPIT_TOKEN")
    return found


def _add_profile(found: Settings, kept: "dict[str, Any]", flag: str | None) -> None:
    profiles = config.profiles_of(kept)
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
    if found.token is None and found.url:
        found.put("token", config.read_token(name, found.url), str(config.token_path(name)))


def _chosen_profile(
    kept: "dict[str, Any]", profiles: "dict[str, dict[str, Any]]", flag: str | None
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


def _existing(name: str, profiles: "dict[str, dict[str, Any]]", source: str) -> str:
    if name in profiles:
        return name
    near = nearest(name, list(profiles))
    raise UsageError(
        f"there is no profile {name}",
        f"{source} names it. {'There is ' + ', '.join(profiles) if profiles else 'There is none yet'}.",
        f"did you mean {near}?" if near else f"tapit login --profile {name}",
    )


def _project_file() -> Path | None:
    """The nearest `.tapit.toml`, walking up from here."""
    try:
        here = os.getcwd()  # noqa: PTH109 - half the price of a Path, paid by every command
    except FileNotFoundError:
        return None
    while True:
        candidate = os.path.join(here, PROJECT_FILE)  # noqa: PTH118
        if os.path.exists(candidate):  # noqa: PTH110
            return Path(candidate)
        above = os.path.dirname(here)  # noqa: PTH120
        if above == here:
            return None
        here = above


def _project_app(path: Path) -> str | None:
    """A project comes from someone else's repository: it may choose the app, never where a token is sent."""
    kept = config.read_toml(path)
    for key in kept:
        if key != "app":
            why = "It can only hold app; addresses and tokens belong to a profile of your own."
            raise CliError(f"{path} holds {key}", why, "take that line out")
    app = kept.get("app")
    if app is not None and not isinstance(app, str):
        raise CliError(f"app in {path} is not text", then='app = "shop"')
    return app


def _host(url: str) -> str:
    return (
        url.partition("://")[2].partition("/")[0].rpartition(":")[0]
        or url.partition("://")[2].partition("/")[0]
    )
