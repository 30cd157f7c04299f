"""Stops of a home's containers: the lines that are stopped in every other place, with Debian's shell, dash."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from shutil import copy

import pytest

from tests.containers.container_home import ContainerHome
from tests.local.supervisor.supervised_task import until
from tests.stops import ends_well
from tests.stops.lines import GENEROUS, LINES, SIGKILL, WELL

CHOSEN = (
    "a command",
    "one after another",
    "set -e",
    "a shell in a shell",
    "exec",
    "a pipeline",
    "a pipeline whose first stage fails",
    "in the background",
    "orphaned",
    "a trap of its own",
    "nothing that handles it",
    "a shell that ignores it",
)
SEEN_INSIDE = "/given"
Ended = tuple[int, str]


@pytest.fixture(scope="module")
def ended(
    shared: ContainerHome, shells_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Ended]:
    """Stop all of them, some at once: of each its exit code and what it printed."""
    place = tmp_path_factory.mktemp("given")
    copy(ends_well.__file__, place)
    app, impatient = (
        shared.new_app(shells_image, mounts=[f"{place}:{SEEN_INSIDE}:rw"], stop_timeout=seconds)
        for seconds in (GENEROUS, 2)
    )
    with ThreadPoolExecutor(6) as pool:
        return dict(
            zip(CHOSEN, pool.map(partial(_stopped, shared, app, impatient, place), CHOSEN), strict=True)
        )


@pytest.mark.parametrize("name", CHOSEN)
def test_a_stop_is_graceful(ended: Mapping[str, Ended], name: str) -> None:
    line = LINES[name]

    assert ended[name] == (line.exit_code, line.prints)


def _stopped(home: ContainerHome, app: str, impatient: str, place: Path, name: str) -> Ended:
    line = LINES[name]
    folder = place / name.replace(" ", "-")
    folder.mkdir()
    script = line.script.replace(WELL, f"python3 -IS {SEEN_INSIDE}/{Path(ends_well.__file__).name}")
    task_id = home.api.create(
        impatient if line.exit_code == SIGKILL else app, script, workdir=f"{SEEN_INSIDE}/{folder.name}"
    )["id"]
    for sign in line.signs:
        until((folder / sign).exists)
    home.api.stop(task_id)
    if line.needs_time:
        until((folder / "stopping").exists)
    (folder / "go").touch()
    task = home.api.finished(task_id)
    return task["exit_code"], "".join(f"{printed}\n" for printed in home.api.lines(task_id))
