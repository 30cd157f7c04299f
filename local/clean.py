"""`tapit-local clean`: removes what a crash left of tasks, whether or not a server runs."""

from collections.abc import Iterator
from pathlib import Path

from local.docker_driver.engine_requests import NO_ENGINE
from local.docker_driver.leftovers import remove_unsupervised
from local.docker_driver.reachable_engine import EngineFinder, NoEngine
from local.process_driver.leftovers import kill_leftovers
from local.runs.run_folder import RunFolder, Vanished
from local.runs.run_folders import RunFolders


def clean(state: Path) -> Iterator[str]:
    """Yield what was removed: processes, containers and networks of runs that nobody supervises any more.

    The records are the server's, which tells of such tasks what it knows. Raise NoEngine, or one of NO_ENGINE, when
    containers could not be looked for.
    """
    folders = RunFolders(state / "runs")
    yield from _processes(folders)
    removed = remove_unsupervised(EngineFinder().find(), str(state), folders.is_supervised)
    yield from (f"container {name}" for name in removed.containers)
    yield from (f"network {name}" for name in removed.networks)


FAILURES = (NoEngine, *NO_ENGINE)


def _processes(folders: RunFolders) -> Iterator[str]:
    for path in sorted(folders.root.glob("*-*")):
        folder = RunFolder(path, path.name.rpartition("-")[0])
        if isinstance(folder.state(), Vanished) and (killed := kill_leftovers(folder)):
            yield f"{killed} processes of task {folder.task_id}"
