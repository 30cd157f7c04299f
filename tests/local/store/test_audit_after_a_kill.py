"""A kill at any moment leaves as many entries of the audit as changes: each is in the transaction of its change."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.domain.audit import KEPT_FOR, AuditQuery, Entry, What
from local.store.app_store import SqliteAppStore
from local.store.audit_log import SqliteAuditLog
from local.store.database import Database
from tests.builders import NOON, an_app

CHANGE_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from chalicelib.domain.audit import Entry, What
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from tests.builders import NOON, an_app

store = SqliteAppStore(Database(Path(sys.argv[1])))
app = store.create(an_app())
for number in count(1):
    entry = Entry.of(What.APP_CHANGED, str(number), app="shop", by="alice", at=NOON)
    app = store.save(app, entry)
    print(number, flush=True)
"""


@pytest.mark.parametrize("changes", [1, 7, 50])
def test_after_a_kill_there_are_as_many_entries_as_changes(tmp_path: Path, changes: int) -> None:
    place = tmp_path / "tapit.db"
    words = [sys.executable, "-c", CHANGE_FOR_EVER, str(place)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as changing:
        assert changing.stdout is not None
        while changing.stdout.readline() != f"{changes}\n":
            assert changing.poll() is None
        changing.send_signal(signal.SIGKILL)

    database = Database(place)
    made = SqliteAppStore(database).get("shop").revision
    told = SqliteAuditLog(database).list(AuditQuery(100_000)).items
    database.close()
    assert made >= changes
    assert {entry.target for entry in told} == {str(number) for number in range(1, made + 1)}


def test_what_has_been_kept_long_enough_is_cleared_away(tmp_path: Path) -> None:
    database = Database(tmp_path / "tapit.db")
    log, apps = SqliteAuditLog(database), SqliteAppStore(database)
    for name, age in (("old", KEPT_FOR + timedelta(seconds=1)), ("young", KEPT_FOR - timedelta(seconds=1))):
        entry = Entry.of(What.APP_CREATED, name, app=name, by="alice", at=NOON - age)
        apps.create(an_app(name=name), entry)

    log.remove_expired(NOON)

    assert [entry.target for entry in log.list(AuditQuery(10)).items] == ["young"]
    database.close()
