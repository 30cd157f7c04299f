"""Names the home knows, for completion: kept for 15 seconds, since a Tab is pressed again and again."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from tapit import TYPE_CHECKING
from tapit.display import schedule_words, subscription_words
from tapit.display.task_words import status_cell
from tapit.errors import CliError
from tapit.home import config_file
from tapit.home.choosing import ChosenHome, choose_home
from tapit.home.client import Client, segment
from tapit.home.private_files import cache_folder, read_private, write_private
from tapit.statuses import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tapit.home.answers import (
        PageOfApps,
        PageOfCommands,
        PageOfSchedules,
        PageOfSubscriptions,
        PageOfTasks,
        PageOfTokens,
        Schedule,
        SubscriptionDetails,
        Trusts,
    )

    Ask = Callable[[ChosenHome, str], list[list[str]]]

FRESH = 15.0
PATIENCE = 1.0
LONGEST_COMMAND = 40


def tasks(before: list[str]) -> list[tuple[str, str]]:
    home = _home(before)
    if not home.app:
        return []
    return _kept(home, f"/apps/{segment(home.app)}/tasks?limit=50", _tasks)


def tasks_that_run(before: list[str]) -> list[tuple[str, str]]:
    """Or are about to; however many have ended since they began."""
    home = _home(before)
    path = f"/apps/{segment(home.app or '')}/tasks?limit=50&status={','.join(UNFINISHED)}"
    return _kept(home, path, _tasks) if home.app else []


def apps(before: list[str]) -> list[tuple[str, str]]:
    return _kept(_home(before), "/apps", _apps)


def profiles(_before: list[str]) -> list[tuple[str, str]]:
    kept = config_file.profiles_of(config_file.read_config())
    return [(name, str(section.get("url", ""))) for name, section in kept.items()]


def subscriptions(before: list[str]) -> list[tuple[str, str]]:
    home = _home(before)
    return _kept(home, f"/apps/{segment(home.app)}/subscriptions", _subscriptions) if home.app else []


def schedules(before: list[str]) -> list[tuple[str, str]]:
    home = _home(before)
    return _kept(home, f"/apps/{segment(home.app)}/schedules", _schedules) if home.app else []


def zones(_before: list[str]) -> list[tuple[str, str]]:
    """Those that this machine knows; the home may know more."""
    from zoneinfo import available_timezones

    return [(name, "") for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


def saved_commands(before: list[str]) -> list[tuple[str, str]]:
    home = _home(before)
    return _kept(home, f"/apps/{segment(home.app)}/commands", _saved_commands) if home.app else []


def tokens(before: list[str]) -> list[tuple[str, str]]:
    return _kept(_home(before), "/tokens", _tokens)


def trusts(before: list[str]) -> list[tuple[str, str]]:
    return _kept(_home(before), "/trusts", _trusts)


def deliveries(before: list[str]) -> list[tuple[str, str]]:
    """Events that were sent to the subscription that was named."""
    home, name = _home(before), _given(before, "name") or _bare_word(before)
    if not home.app or not name:
        return []
    return _kept(home, f"/apps/{segment(home.app)}/subscriptions/{segment(name)}", _deliveries)


NAMES = {
    "tasks": tasks,
    "tasks that run": tasks_that_run,
    "apps": apps,
    "profiles": profiles,
    "subscriptions": subscriptions,
    "deliveries": deliveries,
    "schedules": schedules,
    "zones": zones,
    "commands": saved_commands,
    "tokens": tokens,
    "trusts": trusts,
}


def _home(before: list[str]) -> ChosenHome:
    """The home and app that the words typed so far would choose."""
    return choose_home(profile=_given(before, "profile"), app=_given(before, "app", "-a"))


def _given(before: list[str], name: str, short: str | None = None) -> str | None:
    for word, after in zip(before, [*before, ""][1:], strict=True):
        if word in (f"--{name}", short):
            return after
        if word.startswith((f"--{name}=", f"{name}=")):
            return word.partition("=")[2]
        if short and word.startswith(short):
            return word.removeprefix(short).removeprefix("=")
    return None


def _bare_word(before: list[str]) -> str | None:
    from tapit import commands
    from tapit.language.finding import find_command
    from tapit.language.sorting import sort_words

    typed = find_command(before)
    bare = sort_words(commands.load(typed.path), typed.rest).bare if typed.path else []
    return bare[0] if bare else None


def _kept(home: ChosenHome, path: str, ask: Ask) -> list[tuple[str, str]]:
    cache = _cache_file(home, path)
    kept = _read(cache)
    if kept is None:
        kept = ask(home, path)
        with suppress(CliError):  # without the cache the next Tab only takes longer
            write_private(cache, json.dumps({"at": time.time(), "names": kept}))
    return [(name, meaning) for name, meaning in kept]


def _cache_file(home: ChosenHome, path: str) -> str:
    import hashlib

    # the token is part of the name: what one may see, another may not
    name = hashlib.sha256(f"{home.url} {home.token} {path}".encode()).hexdigest()[:32]
    return os.path.join(cache_folder(), name)


def _read(cache: str) -> list[list[str]] | None:
    try:
        kept = json.loads(read_private(cache) or "null")
        fresh = kept is not None and 0 <= time.time() - kept["at"] < FRESH
    except (ValueError, RecursionError, KeyError, TypeError, CliError):
        return None
    names: list[list[str]] = kept["names"] if fresh else []
    return names if fresh else None


def _tasks(home: ChosenHome, path: str) -> list[list[str]]:
    page: PageOfTasks = _ask(home, path)
    return [[task["id"], f"{status_cell(task)} {_one_line(task['command'])}"] for task in page["items"]]


def _apps(home: ChosenHome, path: str) -> list[list[str]]:
    page: PageOfApps = _ask(home, path)
    return [[app["name"], app.get("image") or ""] for app in page["items"]]


def _subscriptions(home: ChosenHome, path: str) -> list[list[str]]:
    page: PageOfSubscriptions = _ask(home, path)
    return [[one["name"], subscription_words.state(one)] for one in page["items"]]


def _schedules(home: ChosenHome, path: str) -> list[list[str]]:
    page: PageOfSchedules = _ask(home, path)
    return [[one["name"], f"{one['in_words']}; {_next_run(one)}"] for one in page["items"]]


def _next_run(schedule: Schedule) -> str:
    return "paused" if schedule.get("paused") else schedule_words.next_run(schedule)


def _saved_commands(home: ChosenHome, path: str) -> list[list[str]]:
    page: PageOfCommands = _ask(home, path)
    return [[one["name"], _one_line(one.get("description") or one["command"])] for one in page["items"]]


def _deliveries(home: ChosenHome, path: str) -> list[list[str]]:
    subscription: SubscriptionDetails = _ask(home, path)
    return [[one["event_id"], f"{one['state']} {one['about']}"] for one in subscription["deliveries"]]


def _tokens(home: ChosenHome, path: str) -> list[list[str]]:
    page: PageOfTokens = _ask(home, path)
    return [[token["name"], token["role"]] for token in page["items"]]


def _trusts(home: ChosenHome, path: str) -> list[list[str]]:
    page: Trusts = _ask(home, path)
    return [[trust["name"], trust["arn"]] for trust in page["items"]]


def _ask(home: ChosenHome, path: str) -> Any:
    home.signed_in = None  # to get another token takes longer than anybody waits for a Tab
    return Client(home.reachable()).get(path, timeout=PATIENCE, attempts=1)


def _one_line(command: str) -> str:
    return " ".join(command.split())[:LONGEST_COMMAND]
