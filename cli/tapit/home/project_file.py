"""`.tapit.toml`: which app a project's folder is about."""

import os

from tapit.errors import CliError
from tapit.home import config_file

NAME = ".tapit.toml"


def nearest_project_file() -> str | None:
    """The nearest `.tapit.toml`, walking up from here."""
    try:
        here = os.getcwd()
    except FileNotFoundError:
        return None
    while True:
        candidate = os.path.join(here, NAME)
        if os.path.exists(candidate):
            return candidate
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def app_of(path: str) -> str | None:
    """A project comes from someone else's repository: it may choose the app, never where a token is sent."""
    kept = config_file.read_toml(path)
    for key in kept:
        if key != "app":
            why = "It can only hold app; addresses and tokens belong to a profile of your own."
            raise CliError(f"{path} holds {key}", why, "take that line out")
    app = kept.get("app")
    if app is not None and not isinstance(app, str):
        raise CliError(f"app in {path} is not text", then='app = "shop"')
    return app
