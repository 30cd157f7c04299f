"""Schedules in DynamoDB, and one partition of an index with all that are due one day, in the order of that day."""

from datetime import UTC, datetime
from itertools import islice

from chalicelib.adapters.dynamodb import HIGHEST, LOWEST, NEWS, DynamoTable, Item, Range, text
from chalicelib.adapters.dynamodb import after as behind
from chalicelib.adapters.dynamodb_named_records import DynamoNamedRecords
from chalicelib.domain.event import ScheduleEvent
from chalicelib.domain.record import Report, each_readable, insist
from chalicelib.domain.schedule import SCHEDULES, Schedule
from chalicelib.ports import Page

_DUE = "due-schedules"


class DynamoScheduleStore(DynamoNamedRecords[Schedule]):
    """`id` is what the index sorts by, so a schedule's own id is kept under another name."""

    def __init__(self, table: DynamoTable, report: Report = insist) -> None:
        super().__init__(
            table, SCHEDULES, report, names="scheduled", identity="schedule_id", found_by=_found_by
        )
        self._table = table
        self._report = report

    def due(self, until: datetime, limit: int, after: Schedule | None = None) -> Page[Schedule]:
        lowest = behind(_place(after)) if after else LOWEST
        wanted = Range("apps-by-name", "app_list", _DUE, lowest, _moment(until) + HIGHEST)
        found = self._table.query(wanted, limit + 1)
        schedules = list(islice(each_readable(found, self.read, self._report), limit + 1))
        return Page(schedules[:limit], has_more=len(schedules) > limit)


def _found_by(schedule: Schedule) -> Item:
    due = {"app_list": text(_DUE), "id": text(_place(schedule))} if schedule.due_at else {}
    return due | NEWS if ScheduleEvent.of(schedule) else due


def _place(schedule: Schedule) -> str:
    assert schedule.due_at is not None
    return f"{_moment(schedule.due_at)}#{schedule.app}#{schedule.name}"


def _moment(moment: datetime) -> str:
    """Return a time as text that is in order as times are."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
