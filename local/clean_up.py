"""Clears away what is kept no longer: expired tasks, and folders that no record leads to."""

import logging
import time

from chalicelib.domain.errors import TaskNotFound
from chalicelib.ports import Services
from local.database import Database
from local.processes import forget_folder
from local.run_folders import RunFolders
from local.task_store import SqliteTaskStore

logger = logging.getLogger(__name__)
AT_ONCE = 1000
YOUNG = 3600.0  # seconds; a folder may be a moment older than what leads to it


def clean_up(services: Services, store: SqliteTaskStore, folders: RunFolders, database: Database) -> None:
    """Remove what has expired, and what a crash left between the record and its folder."""
    database.keep_spare()
    while removed := store.remove_expired(services.clock.now(), AT_ONCE):
        for task in removed:
            services.cluster.forget(task)
    for task_id in folders.older_than(time.time() - YOUNG):
        if not _is_known(store, task_id):
            _remove_folders(folders, task_id)


def _is_known(store: SqliteTaskStore, task_id: str) -> bool:
    try:
        store.get(task_id)
    except TaskNotFound:
        return False
    return True


def _remove_folders(folders: RunFolders, task_id: str) -> None:
    for folder in folders.named_like(task_id):
        logger.info("Removing %s: no task leads to it", folder.path)
        forget_folder(folder)
