"""What the audit costs in DynamoDB: an entry is one item more in a transaction, a page is a bounded Query."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_audit import DynamoAuditLog, entry_writes
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.audit import MOST_READ, AuditQuery, Entry, What
from chalicelib.domain.task import request_stop
from tests.aws_adapters.dynamodb_meter import Meter
from tests.builders import BY_ALICE, NOON, a_finished_task, a_running_task, a_task
from tests.dynamodb_table import NAME, SetClock


@pytest.fixture
def meter(dynamodb: Any) -> Meter:
    return Meter(dynamodb)


@pytest.fixture
def table(meter: Meter) -> DynamoTable:
    return DynamoTable(meter, NAME)


def an_entry(second: int = 0, **fields: Any) -> Entry:
    at = NOON + timedelta(seconds=second)
    told: dict[str, Any] = {"what": What.TASK_STOPPED, "target": "1jd3m8k7x2qf", "app": "shop", "by": "alice"}
    return Entry.of(at=at, **told | fields)


def write(dynamodb: Any, entries: list[Entry]) -> None:
    """Put many at once; how they got there is not what these tests are about."""
    table = DynamoTable(dynamodb, NAME)
    puts = [
        {"PutRequest": {"Item": each.parameters["Item"]}}
        for entry in entries
        for each in entry_writes(table, entry)
    ]
    for start in range(0, len(puts), 25):
        dynamodb.batch_write_item(RequestItems={NAME: puts[start : start + 25]})


def test_a_stop_that_is_written_down_is_one_call_and_costs_two_thousandths_of_a_cent(
    table: DynamoTable, meter: Meter
) -> None:
    store = DynamoTaskStore(table, SetClock())
    task = store.create(a_task(), None, None)
    task = store.save(a_running_task().but(revision=task.revision))
    meter.reset()

    store.save(request_stop(task, BY_ALICE, NOON), an_entry(details={"was": "RUNNING"}))

    assert meter.calls == ["transact_write_items"]
    assert meter.dollars < 0.00002


def test_an_entry_alone_is_six_units(table: DynamoTable, meter: Meter) -> None:
    """Two for the item in its transaction, and one for each of four lists."""
    store = DynamoTaskStore(table, SetClock())
    task = store.create(a_finished_task(), None, None)
    meter.reset()
    store.remove(task)
    without = meter.writes
    task = store.create(a_finished_task(), None, None)
    meter.reset()

    store.remove(task, an_entry(details={"status": "SUCCEEDED", "created_by": "alice"}))

    assert meter.calls == ["transact_write_items"]
    assert meter.writes - without == 6 + 2  # and the removal, of two KB, is part of a transaction now


@pytest.mark.parametrize(
    "narrowed", [{}, {"apps": ("shop",)}, {"by": "alice"}, {"what": "task.stopped"}], ids=str
)
def test_a_page_is_one_query_that_costs_what_the_page_holds(
    table: DynamoTable, meter: Meter, dynamodb: Any, narrowed: dict[str, Any]
) -> None:
    log = DynamoAuditLog(table)
    write(dynamodb, [an_entry(second) for second in range(60)])
    meter.reset()
    log.list(AuditQuery(50, **narrowed))
    of_few = (meter.calls, meter.reads)
    write(dynamodb, [an_entry(second) for second in range(60, 1000)])
    meter.reset()

    page = log.list(AuditQuery(50, **narrowed))

    assert len(page.items) == 50
    assert (meter.calls, meter.reads) == of_few
    assert meter.calls == ["query"]
    assert meter.reads <= 5


def test_a_page_of_what_is_rare_reads_a_thousand_others_and_no_more(
    table: DynamoTable, meter: Meter, dynamodb: Any
) -> None:
    log = DynamoAuditLog(table)
    rare = an_entry(what=What.TASK_EXTENDED)
    write(dynamodb, [rare, *(an_entry(second) for second in range(1, MOST_READ * 2 + 100))])
    meter.reset()

    page = log.list(AuditQuery(50, by="alice", what=What.TASK_EXTENDED))

    assert page.items == []
    assert meter.reads < 120
    pages = 1
    while page.after_id is not None:
        page = log.list(AuditQuery(50, by="alice", what=What.TASK_EXTENDED, after_id=page.after_id))
        pages += 1
    assert (page.items, pages) == ([rare], 3)


def test_entries_are_gone_after_four_hundred_days(table: DynamoTable) -> None:
    (write,) = entry_writes(table, an_entry())

    expires_at = int(write.parameters["Item"]["expires_at"]["N"])
    assert expires_at == (NOON + timedelta(days=400)).timestamp()
