"""Clears away what is kept no longer: expired tasks, and folders that no record leads to."""

import logging
import time

from chalicelib.ports import Clock
from local.runs.cluster import LocalCluster
from local.runs.run_folder import RunFolder
from local.runs.run_folders import RunFolders
from local.runs.run_requests import request_stop
from local.store.audit_log import SqliteAuditLog
from local.store.database import Database
from local.store.feed import SqliteFeed
from local.store.short_folders import remove_abandoned
from local.store.task_store import SqliteTaskStore
from local.store.token_store import SqliteTokenStore

logger = logging.getLogger(__name__)
AT_ONCE = 1000
YOUNG = 3600.0  # seconds that the output of a task without a record is kept


def clean_up(
    store: SqliteTaskStore,
    feed: SqliteFeed,
    tokens: SqliteTokenStore,
    audit: SqliteAuditLog,
    cluster: LocalCluster,
    folders: RunFolders,
    database: Database,
    clock: Clock,
) -> None:
    """Remove what has expired, what a crash left between the record and its folder, and what other homes left."""
    database.keep_reserve()
    while removed := store.remove_expired(clock.now(), AT_ONCE):
        for task in removed:
            cluster.forget(task)
    while feed.remove_expired(AT_ONCE):
        continue
    tokens.remove_expired(clock.now())
    audit.remove_expired(clock.now())
    for orphan in folders.orphans(store.known):
        _clear_away(cluster, orphan)
    cluster.clean_up()
    database.give_back_room()
    remove_abandoned()


def _clear_away(cluster: LocalCluster, orphan: RunFolder) -> None:
    """Nobody can see or steer a task without a record, so it has to end before its folder goes."""
    if orphan.is_alive():
        try:
            request_stop(orphan, f"tapit: there is no task {orphan.task_id} any more")
        except OSError as error:
            logger.warning("What runs in %s could not be asked to end: %s", orphan.path, error)
    elif orphan.modified_at() < time.time() - YOUNG:
        logger.info("Removing %s: no task leads to it", orphan.path)
        cluster.forget_folder(orphan)
