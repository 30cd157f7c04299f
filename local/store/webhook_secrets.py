"""What signs webhooks, in SQLite: in a table apart from the records."""

from collections.abc import Sequence

from local.store.database import Database

MOST_KEPT = 100  # versions of one, of which at the most two are in use


class SqliteWebhookSecrets:
    """The state folder lets nobody but its owner read the file that they lie in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, subscription_id: str, secret: str) -> int:
        latest = "SELECT coalesce(max(version), 0) FROM webhook_secrets WHERE subscription_id = ?"
        with self._database.write() as connection:
            (version,) = connection.execute(latest, (subscription_id,)).fetchone()
            values = (subscription_id, version + 1, secret)
            connection.execute(
                "INSERT INTO webhook_secrets (subscription_id, version, secret) VALUES (?, ?, ?)", values
            )
            connection.execute(
                "DELETE FROM webhook_secrets WHERE subscription_id = ? AND version <= ?",
                (subscription_id, version + 1 - MOST_KEPT),
            )
        return int(version) + 1

    def read(self, subscription_id: str, versions: Sequence[int]) -> Sequence[str]:
        statement = "SELECT version, secret FROM webhook_secrets WHERE subscription_id = ?"
        with self._database.read() as connection:
            found = dict(connection.execute(statement, (subscription_id,)).fetchall())
        return [found[version] for version in versions if version in found]

    def remove(self, subscription_id: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM webhook_secrets WHERE subscription_id = ?", (subscription_id,))
