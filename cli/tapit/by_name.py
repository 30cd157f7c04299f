"""What an app has by name: saved commands, schedules, subscriptions. They are asked for, changed and deleted alike.

So are apps, tokens and trusts where these have it in common with them.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress

from tapit import TYPE_CHECKING
from tapit.display import for_scripts
from tapit.errors import (
    CliError,
    CommandNotFound,
    NotFound,
    ScheduleNotFound,
    SubscriptionNotFound,
    UsageError,
)
from tapit.home.client import segment
from tapit.language.did_you_mean import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from tapit.call import Call

KINDS: dict[str, type[CliError]] = {
    "commands": CommandNotFound,
    "schedules": ScheduleNotFound,
    "subscriptions": SubscriptionNotFound,
}


def path_of_all(call: Call, nouns: str) -> str:
    """`nouns` are schedules, say."""
    return f"/apps/{segment(call.app())}/{nouns}"


def path_of(call: Call, nouns: str) -> str:
    return f"{path_of_all(call, nouns)}/{segment(call.text('name'))}"


def all_at(call: Call, path: str) -> list[Any]:
    """Every one of them, whatever number of pages that is."""
    return [one for page in call.client.pages(path, {}) for one in page["items"]]


def show(call: Call, path: str, draw: Callable[[Call, Any], None]) -> int:
    """`draw` is for people."""
    with naming_the_nearest(call, path):
        shown = call.client.get(path)
    if call.output == "table":
        draw(call, shown)
    else:
        for_scripts.print_answer(call, shown)
    return 0


def change(call: Call, noun: str, path: str, body: dict[str, object]) -> Any:
    """What the home answers to what was typed; raise UsageError when that is nothing."""
    if not body:
        raise UsageError("nothing to change", then=f"tapit set {noun} --help")
    with naming_the_nearest(call, path):
        return call.client.send("PATCH", path, body)


@contextmanager
def naming_the_nearest(call: Call, path: str) -> Iterator[None]:
    """Whoever mistypes a name is told which one is almost so."""
    try:
        yield
    except NotFound as missing:
        if isinstance(missing, KINDS.get(path.split("/")[-2], ())):
            with suppress(CliError):  # what is said already is enough
                names = [one["name"] for one in all_at(call, path.rpartition("/")[0])]
                missing.then = did_you_mean(call.text("name"), names, before="name=") or missing.then
        raise


def told_unchanged(call: Call, noun: str, answer: Mapping[str, Any]) -> bool:
    """Whether it was as it was asked to be; then that is said."""
    is_so = answer.get("changed") == []
    if is_so:
        call.say(f"{noun.capitalize()} {answer['name']} is so already; nothing changed.")
    return is_so


def delete(
    call: Call,
    path: str,
    missing: type[CliError],
    said: str,
    say_more: Callable[[Any], None] = lambda _answer: None,
) -> int:
    """What is gone already is no error; else `said` is, and what there is more to say of the home's answer."""
    answer, gone = call.client.remove(path, missing)
    call.say(gone or said)
    if gone is None:
        say_more(answer)
    for_scripts.print_answer(call, {**(answer or {}), "name": call.text("name"), "removed": gone is None})
    return 0
