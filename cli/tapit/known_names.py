"""Names the home knows, for completion: kept for 15 seconds, since a Tab is pressed again and again."""

import json
import time
from contextlib import suppress
from pathlib import Path

from tapit import config
from tapit.client import Client, segment
from tapit.errors import CliError
from tapit.private_files import read_private, write_private
from tapit.settings import Settings, find_settings
from tapit.tasks import status_cell

FRESH = 15.0
PATIENCE = 1.0


def tasks(before: list[str]) -> list[tuple[str, str]]:
    home = _home(before)
    if not home.app:
        return []
    return _kept(home, f"/apps/{segment(home.app)}/tasks")


def apps(before: list[str]) -> list[tuple[str, str]]:
    return _kept(_home(before), "/apps")


def profiles() -> list[tuple[str, str]]:
    kept = config.profiles_of(config.read_config())
    return [(name, str(section.get("url", ""))) for name, section in kept.items()]


def _home(before: list[str]) -> Settings:
    """The home and app that the words typed so far would choose."""
    return find_settings(
        profile=_given(before, "--profile"), app=_given(before, "-a") or _given(before, "--app")
    )


def _given(before: list[str], option: str) -> str | None:
    for word, after in zip(before, [*before[1:], ""], strict=True):
        if word == option:
            return after
        if word.startswith(option + "="):
            return word.partition("=")[2]
    return None


def _kept(home: Settings, path: str) -> list[tuple[str, str]]:
    cache = _cache_file(home, path)
    kept = _read(cache)
    if kept is None:
        kept = _ask(home, path)
        with suppress(CliError):  # without the cache the next Tab only takes longer
            write_private(cache, json.dumps({"at": time.time(), "names": kept}))
    return [(name, meaning) for name, meaning in kept]


def _cache_file(home: Settings, path: str) -> Path:
    import hashlib

    # the token is part of the name: what one may see, another may not
    name = hashlib.sha256(f"{home.url} {home.token} {path}".encode()).hexdigest()[:32]
    return config.cache_folder() / name


def _read(cache: Path) -> list[list[str]] | None:
    try:
        kept = json.loads(read_private(cache) or "null")
        fresh = kept is not None and 0 <= time.time() - kept["at"] < FRESH
    except (ValueError, KeyError, TypeError, CliError):
        return None
    names: list[list[str]] = kept["names"] if fresh else []
    return names if fresh else None


def _ask(home: Settings, path: str) -> list[list[str]]:
    query = {"limit": 50} if path.endswith("/tasks") else None
    page = Client(home.reachable()).get(path, query, timeout=PATIENCE, attempts=1)
    return [_named(item) for item in page["items"]]


def _named(item: dict[str, object]) -> list[str]:
    if "name" in item:
        return [str(item["name"]), str(item.get("image") or "")]
    command = " ".join(str(item["command"]).split())[:40]
    return [str(item["id"]), f"{status_cell(item)} {command}"]
