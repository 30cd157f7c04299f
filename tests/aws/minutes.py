"""Minutes that pass for a schedule while nobody waits for them."""

from datetime import UTC, datetime, timedelta
from math import ceil

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_schedules import DynamoScheduleStore
from chalicelib.domain.errors import Stale
from chalicelib.domain.schedule import Schedule
from tests.aws.account import AwsAccount
from tests.aws.waiting import until


def a_minute_passes(account: AwsAccount, app: str, name: str) -> None:
    """Bring all its times nearer until the next one is due, in the table that the functions read.

    Times are whole seconds, and one that has had its run is over: so this waits for a second that has had none.
    """
    table = DynamoTable(account.client("dynamodb"), f"tapit-{account.stage}")
    schedules = DynamoScheduleStore(table)

    def brought_nearer() -> bool:
        schedule = _nearer(schedules.get(app, name))
        if any(run.time == schedule.next_run_at for run in schedule.runs):
            return False
        try:
            schedules.save(schedule)
        except Stale:  # the minute's function was faster
            return False
        return True

    until(brought_nearer)


def _nearer(schedule: Schedule) -> Schedule:
    assert schedule.next_run_at is not None
    assert schedule.due_at is not None
    left = timedelta(seconds=max(0, ceil((schedule.due_at - datetime.now(UTC)).total_seconds())))
    return schedule.but(
        starts_at=schedule.starts_at - left,
        next_run_at=schedule.next_run_at - left,
        due_at=schedule.due_at - left,
    )
