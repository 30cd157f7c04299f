"""The stores of each home, and a way behind their backs to what they keep."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.errors import Unreadable
from chalicelib.ports import AppStore, TaskStore
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from tests.dynamodb_table import NAME, SetClock, a_table, dynamodb_on_moto

HOMES = ("sqlite", "dynamodb")


@dataclass(frozen=True)
class Stores:
    """`replace("task", id, text)` puts another text in the place of a record; `reported` is what could not be read.

    A lock is named by its app and its own name: "shop#migrate".
    """

    tasks: TaskStore
    apps: AppStore
    text_of: Callable[[str, str], str]
    replace: Callable[[str, str, str], None]
    reported: list[Unreadable] = field(default_factory=list)

    def rewrite(self, noun: str, name: str, **fields: Any) -> None:
        """Change fields of a record as nobody should, or as another version might."""
        self.replace(noun, name, json.dumps(json.loads(self.text_of(noun, name)) | fields))


def rewrite_in(state: Path, task_id: str, **fields: Any) -> None:
    """Change fields of a task's record in a state folder, behind the back of whoever serves it."""
    with closing(sqlite3.connect(state / "tapit.db", timeout=10)) as connection, connection:
        (text,) = connection.execute("SELECT record FROM tasks WHERE id = ?", (task_id,)).fetchone()
        connection.execute(
            "UPDATE tasks SET record = ? WHERE id = ?", (json.dumps(json.loads(text) | fields), task_id)
        )


@contextmanager
def stores_of(home: str, place: Path) -> Iterator[Stores]:
    with _on_dynamodb() if home == "dynamodb" else _in_sqlite(place) as stores:
        yield stores


@contextmanager
def _in_sqlite(place: Path) -> Iterator[Stores]:
    reported: list[Unreadable] = []
    database = Database(place / "tapit.db")
    columns = {"task": ("tasks", "id"), "app": ("apps", "name"), "lock": ("locks", "app || '#' || name")}

    def text_of(noun: str, name: str) -> str:
        table, key = columns[noun]
        with database.read() as connection:
            (text,) = connection.execute(f"SELECT record FROM {table} WHERE {key} = ?", (name,)).fetchone()  # noqa: S608 - a table of ours
            return str(text)

    def replace(noun: str, name: str, text: str) -> None:
        table, key = columns[noun]
        with database.write() as connection:
            connection.execute(f"UPDATE {table} SET record = ? WHERE {key} = ?", (text, name))  # noqa: S608 - a table of ours

    tasks = SqliteTaskStore(database, SetClock(), lambda _: None, reported.append)
    yield Stores(tasks, SqliteAppStore(database, reported.append), text_of, replace, reported)
    database.close()


@contextmanager
def _on_dynamodb() -> Iterator[Stores]:
    reported: list[Unreadable] = []
    with dynamodb_on_moto() as client:

        def kept_as(noun: str) -> str:
            return "queue" if noun == "lock" else "record"

        def text_of(noun: str, name: str) -> str:
            found = client.get_item(TableName=NAME, Key={"pk": {"S": f"{noun}#{name}"}})
            return str(found["Item"][kept_as(noun)]["S"])

        def replace(noun: str, name: str, text: str) -> None:
            client.update_item(
                TableName=NAME,
                Key={"pk": {"S": f"{noun}#{name}"}},
                UpdateExpression="SET #record = :text, summary = :text",
                ExpressionAttributeNames={"#record": kept_as(noun)},
                ExpressionAttributeValues={":text": {"S": text}},
            )

        table = a_table(client)
        tasks = DynamoTaskStore(table, SetClock(), reported.append)
        yield Stores(tasks, DynamoAppStore(table, reported.append), text_of, replace, reported)
