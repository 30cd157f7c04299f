"""Secrets whose values are kept for an app, in versions: each is a whole set, and records know the names alone."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self

from pydantic import AwareDatetime

from chalicelib.domain.bounds import size_of
from chalicelib.domain.errors import InvalidRequest, TooLarge
from chalicelib.domain.record import Record

MOST_VERSIONS = 10  # that a record names
MOST_NAMES = 100
LARGEST_NAMES = 8 * 1024  # bytes of all of them as JSON: they are in the record, and in definitions of tasks
LARGEST = 64 * 1024  # bytes of all values as JSON: what one secret of Secrets Manager holds


class SecretsVersion(Record):
    """`changed` are the names that it set, or took away. Until its values are kept it has no id to know it by."""

    number: int
    id: str = ""
    names: tuple[str, ...]
    changed: tuple[str, ...] = ()
    created_at: AwareDatetime
    created_by: str


class KeptSecrets(Record):
    """The versions that tasks may be given, oldest first, and which of them they are given: `current`, by its number.

    `place` is where the values are, in the words of whoever keeps them.
    """

    place: str = ""
    current: int
    versions: tuple[SecretsVersion, ...]

    @property
    def version(self) -> SecretsVersion:
        return self.numbered(self.current)

    @property
    def names(self) -> tuple[str, ...]:
        return self.version.names

    def numbered(self, number: int) -> SecretsVersion:
        """Raise InvalidRequest when there is no such version, or none any more."""
        for version in self.versions:
            if version.number == number:
                return version
        there = ", ".join(str(version.number) for version in self.versions)
        problem = f"there is no version {number} of the secrets, but {there}"
        raise InvalidRequest(f"{problem[0].upper()}{problem[1:]}.", {"secrets_version": problem})

    def back_at(self, number: int) -> Self:
        return self.but(current=self.numbered(number).number)

    def kept_as(self, place: str, version_id: str) -> Self:
        """Note where the values of the current version are."""
        changed = (each.but(id=version_id) if each is self.version else each for each in self.versions)
        return self.but(place=place, versions=tuple(changed))


def with_names(
    kept: KeptSecrets | None, given: Sequence[str], removed: Sequence[str], now: datetime, by: str
) -> KeptSecrets | None:
    """Return them with a version more, whose values are still to be kept; or as they are, when nothing is changed."""
    before = kept.names if kept else ()
    gone = [name for name in removed if name in before]
    if not given and not gone:
        return kept
    names = tuple(sorted({*before, *given} - set(gone)))
    _refuse_too_many(names)
    versions = kept.versions if kept else ()
    number = max((version.number for version in versions), default=0) + 1
    changed = tuple(sorted({*given, *gone}))
    version = SecretsVersion(number=number, names=names, changed=changed, created_at=now, created_by=by)
    return KeptSecrets(
        place=kept.place if kept else "", current=number, versions=(*versions, version)[-MOST_VERSIONS:]
    )


def _refuse_too_many(names: Sequence[str]) -> None:
    if len(names) > MOST_NAMES:
        problem = f"an app has {MOST_NAMES} secrets at the most; these are {len(names)}"
    elif size_of(names) > LARGEST_NAMES:
        problem = f"the names of an app's secrets take {LARGEST_NAMES:,} bytes at the most"
    else:
        return
    raise TooLarge(f"{problem[0].upper()}{problem[1:]}.", {"secret_values": problem})


def refuse_lost(
    app: str, names: Sequence[str], kept: Mapping[str, str], field: str = "secrets_version"
) -> None:
    """Raise InvalidRequest for the names that have no value there; `field` is what asked for them."""
    lost = [name for name in names if name not in kept]
    if lost:
        raise InvalidRequest(
            f"The values of {', '.join(lost)} are not where they were kept; somebody removed them.",
            {field: "somebody removed them"},
            hint=f"tapit set app name={app} secret={lost[0]}, to give it again; or unset_secret={lost[0]}",
        )


def whole_set(app: str, values: Mapping[str, str], others: Sequence[str], base: Mapping[str, str]) -> str:
    """Return the values of a new version as JSON; raise InvalidRequest when the base lacks one of the others."""
    refuse_lost(app, others, base, "secret_values")
    whole = {name: base[name] for name in others} | dict(values)
    if size_of(whole) > LARGEST:
        problem = f"the secrets of an app take {LARGEST:,} bytes at the most; these take {size_of(whole):,}"
        raise TooLarge(f"{problem[0].upper()}{problem[1:]}.", {"secret_values": "are too large"})
    return json.dumps(whole, ensure_ascii=False, sort_keys=True)
