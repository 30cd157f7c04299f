"""Versions of an app's secrets, as its record knows them."""

import pytest

from chalicelib.domain.errors import InvalidRequest, TooLarge
from chalicelib.domain.kept_secrets import MOST_NAMES, MOST_VERSIONS, KeptSecrets, with_names
from tests.builders import NOON


def after(kept: KeptSecrets | None, *given: str, removed: tuple[str, ...] = ()) -> KeptSecrets:
    changed = with_names(kept, given, removed, NOON, "alice")
    assert changed is not None
    return changed.kept_as("place", f"id-{changed.current}") if not changed.version.id else changed


def test_a_change_is_a_version_more_and_tells_what_it_changed() -> None:
    first = after(None, "B", "A")
    second = after(first, "B", "C", removed=("A", "Z"))

    assert [version.number for version in second.versions] == [1, 2]
    assert [version.names for version in second.versions] == [("A", "B"), ("B", "C")]
    assert [version.changed for version in second.versions] == [("A", "B"), ("A", "B", "C")]
    assert (second.current, second.names) == (2, ("B", "C"))


def test_to_remove_what_is_not_there_changes_nothing() -> None:
    kept = after(None, "A")

    assert with_names(kept, (), ("B",), NOON, "bob") is kept
    assert with_names(None, (), ("B",), NOON, "bob") is None


def test_only_the_new_version_gets_the_place_of_its_values() -> None:
    kept = after(after(None, "A"), "B")

    assert [version.id for version in kept.versions] == ["id-1", "id-2"]


def test_after_going_back_a_change_is_made_of_the_version_that_is_current() -> None:
    kept = after(after(None, "A"), "B").back_at(1)

    again = after(kept, "C")

    assert (again.current, again.names) == (3, ("A", "C"))


def test_the_last_versions_are_kept_and_the_others_cannot_be_gone_back_to() -> None:
    kept = after(None, "A")
    for _ in range(MOST_VERSIONS):
        kept = after(kept, "A")

    assert [version.number for version in kept.versions] == list(range(2, MOST_VERSIONS + 2))
    with pytest.raises(InvalidRequest, match="There is no version 1 of the secrets, but 2, 3"):
        kept.back_at(1)


def test_the_version_that_tasks_are_given_is_never_among_the_forgotten() -> None:
    kept = after(None, "A")
    for _ in range(MOST_VERSIONS - 1):
        kept = after(kept, "A")

    assert after(kept.back_at(1), "B").names == ("A", "B")


def test_more_names_than_a_definition_has_room_for_are_refused() -> None:
    with pytest.raises(TooLarge, match="100 secrets at the most; these are 101"):
        after(None, *(f"NAME_{number}" for number in range(MOST_NAMES + 1)))
    with pytest.raises(TooLarge, match="names"):
        after(None, "A" * 9000)
