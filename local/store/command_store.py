"""Saved commands in SQLite."""

from chalicelib.domain.record import Report, insist
from chalicelib.domain.saved_command import COMMANDS, SavedCommand
from local.store.database import Database
from local.store.named_rows import NamedRows
from local.store.named_store import SqliteNamedStore


class SqliteCommandStore(SqliteNamedStore[SavedCommand]):
    def __init__(self, database: Database, report: Report = insist) -> None:
        super().__init__(database, NamedRows(COMMANDS), report)
