"""The tables and indexes of the SQLite file, and how an older file gets them."""

import sqlite3

# Each entry brings the schema one version up; entries are only ever added, never changed.
MIGRATIONS = (
    """
    CREATE TABLE apps (
        name TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    );
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY,
        app TEXT NOT NULL,
        status TEXT NOT NULL,
        initiated_by TEXT,
        created_by TEXT NOT NULL,
        is_active INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        expires_at REAL,
        record TEXT NOT NULL
    );
    CREATE INDEX tasks_by_app ON tasks (app, id);
    CREATE INDEX tasks_by_status ON tasks (app, status, id);
    CREATE INDEX tasks_by_initiator ON tasks (app, initiated_by, id) WHERE initiated_by IS NOT NULL;
    CREATE INDEX tasks_by_creator ON tasks (app, created_by, id);
    CREATE INDEX active_tasks ON tasks (id) WHERE is_active;
    CREATE INDEX active_tasks_by_app ON tasks (app) WHERE is_active;
    CREATE INDEX tasks_by_expiry ON tasks (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE idempotency_keys (
        caller TEXT NOT NULL,
        key TEXT NOT NULL,
        digest TEXT NOT NULL,
        task_id TEXT NOT NULL,
        expires_at REAL NOT NULL,
        PRIMARY KEY (caller, key)
    ) WITHOUT ROWID;
    CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
    CREATE TABLE tokens (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        secret_sha256 TEXT NOT NULL
    );
    """,
    """
    CREATE TABLE events (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        app TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        time REAL NOT NULL,
        event TEXT NOT NULL
    );
    CREATE INDEX events_by_app ON events (app, place);
    """,
    """
    CREATE TABLE subscriptions (
        app TEXT NOT NULL,
        name TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        is_slow INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (app, name)
    );
    CREATE TABLE webhook_secrets (
        subscription_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        secret TEXT NOT NULL,
        PRIMARY KEY (subscription_id, version)
    ) WITHOUT ROWID;
    CREATE TABLE deliveries (
        subscription_id TEXT NOT NULL,
        event_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        place INTEGER NOT NULL,
        created_at REAL NOT NULL,
        due_at REAL,
        record TEXT NOT NULL,
        PRIMARY KEY (subscription_id, event_id)
    );
    CREATE INDEX deliveries_by_time ON deliveries (subscription_id, created_at);
    CREATE INDEX made_deliveries ON deliveries (subscription_id, created_at) WHERE due_at IS NULL;
    CREATE INDEX due_deliveries ON deliveries (subscription_id, due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX due_deliveries_by_subject ON deliveries (subscription_id, subject, place) WHERE due_at IS NOT NULL;
    """,
    """
    ALTER TABLE tokens ADD COLUMN rights TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE tokens ADD COLUMN expires_at REAL;
    ALTER TABLE tokens ADD COLUMN created_at TEXT;
    ALTER TABLE tokens ADD COLUMN created_by TEXT;
    ALTER TABLE tokens ADD COLUMN last_used_at TEXT;
    ALTER TABLE tokens ADD COLUMN is_owner INTEGER NOT NULL DEFAULT 0;
    UPDATE tokens SET is_owner = 1;
    CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE NOT is_owner;
    CREATE INDEX tokens_by_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;
    """,
    """
    CREATE TABLE audit (
        id TEXT PRIMARY KEY,
        app TEXT,
        done_by TEXT NOT NULL,
        what TEXT NOT NULL,
        record TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX audit_by_app ON audit (app, id) WHERE app IS NOT NULL;
    CREATE INDEX audit_by_person ON audit (done_by, id);
    CREATE INDEX audit_by_what ON audit (what, id);
    """,
    """
    CREATE TABLE locks (
        app TEXT NOT NULL,
        name TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (app, name)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE schedules (
        app TEXT NOT NULL,
        name TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        due_at REAL,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (app, name)
    );
    CREATE INDEX due_schedules ON schedules (due_at, app, name) WHERE due_at IS NOT NULL;
    """,
    """
    CREATE TABLE audit_of_apps (
        app TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (app, id)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE commands (
        app TEXT NOT NULL,
        name TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (app, name)
    );
    """,
    """
    CREATE TABLE task_tags (
        app TEXT NOT NULL,
        tag TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (app, tag, id)
    ) WITHOUT ROWID;
    CREATE INDEX tags_by_task ON task_tags (id);
    CREATE TRIGGER tags_of_removed_tasks AFTER DELETE ON tasks BEGIN
        DELETE FROM task_tags WHERE id = OLD.id;
    END;
    """,
)


class NewerSchema(Exception):
    """The file was written by a newer version of the program."""


def migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise NewerSchema(f"it has schema version {version}; this program knows up to {len(MIGRATIONS)}")
    for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
        # One script is one transaction, so a crash leaves the old version or the new one.
        connection.executescript(f"BEGIN IMMEDIATE; {migration}; PRAGMA user_version = {number}; COMMIT;")
