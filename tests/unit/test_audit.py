"""What an entry of the audit says of a change, and how far one page looks for it."""

from collections.abc import Iterator
from datetime import timedelta

from chalicelib.domain.app import Limits
from chalicelib.domain.audit import (
    LARGEST_NAMES,
    MOST_READ,
    AuditQuery,
    Entry,
    What,
    changed,
    page_of,
)
from chalicelib.domain.bounds import size_of
from tests.builders import NOON, an_app

SECRET = "sesame-open-up"


def an_entry(by: str) -> Entry:
    return Entry.of(What.TASK_STOPPED, "1jd3m8k7x2qf", app="shop", by=by, at=NOON)


def test_a_change_is_told_by_names_and_not_by_values() -> None:
    before = an_app(environment={"KEPT": "1", "PASSWORD": SECRET, "GONE": SECRET}, limits=Limits(max_cpu=2))
    after = before.but(
        cpu=2,
        environment={"KEPT": "1", "PASSWORD": f"{SECRET}!", "NEW": SECRET},
        limits=Limits(max_cpu=2, max_hours=8),
        revision=9,
    )

    assert changed(before, after) == [
        "environment.GONE",
        "environment.NEW",
        "environment.PASSWORD",
        "cpu",
        "limits.max_hours",
    ]


def test_a_change_of_very_much_is_told_as_far_as_there_is_room() -> None:
    names = [f"VARIABLE_{number:04}" for number in range(1000)]

    told = changed(an_app(), an_app(environment=dict.fromkeys(names, "x")))

    assert size_of(told) <= LARGEST_NAMES
    assert told == [*(f"environment.{name}" for name in names[: len(told) - 1]), "…"]


def test_ids_of_entries_come_in_the_order_of_time() -> None:
    entries = [
        Entry.of(What.TASK_STOPPED, "x", app=None, by="alice", at=NOON + timedelta(milliseconds=number * 2))
        for number in range(100)
    ]

    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)


def test_a_page_gives_up_after_a_thousand_others_and_says_where_to_go_on() -> None:
    taken = []

    def newest_first() -> Iterator[Entry]:
        for _ in range(MOST_READ * 3):
            taken.append(an_entry("bob"))
            yield taken[-1]

    page = page_of(newest_first(), AuditQuery(10, by="alice"))

    assert (page.items, page.after_id) == ([], taken[MOST_READ - 1].id)
    assert len(taken) == MOST_READ + 1


def test_the_last_page_says_that_it_is_the_last() -> None:
    entries = [an_entry("alice"), an_entry("bob"), an_entry("alice")]

    assert page_of(iter(entries), AuditQuery(2, by="alice")).after_id is None
    assert page_of(iter(entries), AuditQuery(1, by="alice")).after_id == entries[0].id
