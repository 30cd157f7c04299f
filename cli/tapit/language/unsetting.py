"""To put a setting back to its default, or take a variable or a tag away: `unset=memory unset_env=OLD_KEY`."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Key
from tapit.language.did_you_mean import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

UNSET_ENV = Key(
    "unset_env",
    values.one_at_a_time(values.variable_named),
    "a variable to remove; may be repeated",
    placeholder="KEY",
    repeats=True,
)
UNSET_TAG = Key(
    "unset_tag",
    values.one_at_a_time(values.text),
    "a tag's key to remove; may be repeated",
    placeholder="KEY",
    repeats=True,
)
_BY_NAME = {"environment": UNSET_ENV.name, "tags": UNSET_TAG.name}


def unset(known: tuple[str, ...]) -> Key:
    def read(key: str, given: str) -> str:
        if given not in known:
            near = "unset_env=NAME" if given in ("env", "environment") else nearest(given, known)
            raise UsageError(
                f"{key}={given} is not a key that can be unset",
                f"One of {', '.join(known)}.",
                near and (f"did you mean {near}?" if "=" in near else f"did you mean {key}={near}?"),
            )
        return given

    return Key(
        "unset",
        values.one_at_a_time(read),
        "a key to put back to its default; may be repeated",
        placeholder="KEY",
        repeats=True,
        choices=known,
    )


def refuse_set_and_unset(wanted: Collection[str], unset: list[str]) -> None:
    for name in unset:
        if name in wanted:
            raise UsageError(f"{name} is both set and unset", then="leave one of them out")


def with_unset(body: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a change, with null for what is put back to its default, and for what is taken away by name."""
    for field, key in _BY_NAME.items():
        kept, gone = body.get(field, {}), given.get(key) or []
        refuse_set_and_unset(kept, gone)
        if gone:
            body = {**body, field: {**kept, **dict.fromkeys(gone)}}
    unset = given.get("unset") or []
    refuse_set_and_unset(body, unset)
    return body | dict.fromkeys(unset)
