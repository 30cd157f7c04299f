"""A record that cannot be read is named once, and counted whenever it is met."""

import logging

import pytest

from chalicelib.adapters.unreadable_records import METRIC, UnreadableRecords
from chalicelib.domain.errors import Unreadable


def test_each_is_named_once_and_counted_every_time(caplog: pytest.LogCaptureFixture) -> None:
    counted: list[str] = []
    report = UnreadableRecords(logging.getLogger("test"), counted.append)

    for name in ("task a", "task b", "task a", "task a"):
        report(Unreadable(name, "status: is unknown"))

    assert counted == [METRIC] * 4
    assert [name for record in caplog.records for name in ("task a", "task b") if name in record.message] == [
        "task a",
        "task b",
    ]
