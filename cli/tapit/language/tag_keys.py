"""Tags: `tags=release:42,ticket:OPS-7` gives them, `tag=ticket:OPS-7` looks for one."""

from __future__ import annotations

from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Key

MOST = 10


def tags(key: str, given: str) -> dict[str, str]:
    """The value begins after the first colon; what else may be in a tag is the home's to judge."""
    pairs = [_key_and_value(key, one) for one in values.several(key, given)]
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"{key}= has {twice} twice", "A task has one value of each.", "leave one of them out"
        )
    if len(pairs) > MOST:
        raise UsageError(f"{key}= has {len(pairs)} tags; the most is {MOST}")
    return dict(pairs)


def tag(key: str, given: str) -> str:
    wanted = values.text(key, given).strip()
    if "," in wanted:
        raise UsageError(f"{key}={given} is more than one tag", "Tasks are looked for by one tag at a time.")
    return ":".join(_key_and_value(key, wanted))


def _key_and_value(key: str, given: str) -> tuple[str, str]:
    name, colon, value = given.partition(":")
    if not colon:
        raise UsageError(
            f"{key}={given} has no colon",
            f"{given}: (with a colon) is a tag without a value; one with a value is written ticket:OPS-7.",
        )
    if not name.strip():
        raise UsageError(f"{key}={given} begins with its value", "Write ticket:OPS-7.")
    return name.strip(), value.strip()


def tags_key(meaning: str) -> Key:
    return Key("tags", tags, meaning, placeholder="KEY:VALUE,...", has_commas=True, may_hold_spaces=True)


TAG = Key("tag", tag, "only those with this tag", placeholder="KEY:VALUE", may_hold_spaces=True)
