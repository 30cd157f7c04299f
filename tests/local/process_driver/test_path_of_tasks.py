"""Which programs a task finds: those of the shell that made its app, never tapit's own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.home_process import BIN, HomeProcess


def test_tasks_find_the_python_of_the_project_and_not_that_of_tapit(
    own_home: HomeProcess, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "python").symlink_to(sys.executable)
    shell = own_home.env | {"PATH": f"{BIN}:{project}:{os.environ['PATH']}"}
    subprocess.run(
        [BIN / "tapit", "create", "app", "name=shop", "-q"], env=shell, check=True, capture_output=True
    )

    task = own_home.api.run("shop", "command -v python; command -v tapit || echo none")

    assert own_home.api.lines(task["id"])[0] == f"{project}/python"
    assert str(BIN) not in own_home.api.lines(task["id"])[1]


def test_a_path_that_was_given_is_the_path(own_home: HomeProcess) -> None:
    words = ["create", "app", "name=shop", "env=PATH=/usr/bin:/bin", "-q"]
    subprocess.run([BIN / "tapit", *words], env=own_home.env, check=True, capture_output=True)

    task = own_home.api.run("shop", 'echo "$PATH"')

    assert own_home.api.lines(task["id"]) == ["/usr/bin:/bin"]


def test_an_app_made_without_a_shell_has_the_servers_path_without_tapits_own(own_home: HomeProcess) -> None:
    task = own_home.api.run(own_home.new_app(), 'echo "$PATH"')

    (path,) = own_home.api.lines(task["id"])
    assert str(BIN) not in path.split(":")
    assert "/bin" in path
