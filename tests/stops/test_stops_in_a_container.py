"""Stops of what ECS would run: under a container's init, which tells its one child alone, and ends with it."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chalicelib.adapters.graceful_line import ENTRY_POINT, as_it_is, command
from tests.local.supervisor.supervised_task import GENEROUS, children_of, until
from tests.stops.lines import Line, each_line, words_of

NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--mount"]


def needs_containers() -> None:
    for program in ("unshare", "tini", "mount"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program} on this machine")
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0:
        pytest.skip("this user may make no process namespace")


class Container:
    """A process namespace of its own, with an init and a shell of its own; the test plays ECS's part of a stop."""

    def __init__(self, folder: Path, shell: str, words: list[str]) -> None:
        needs_containers()
        self.folder = folder / "work"
        self.folder.mkdir()
        self._output = (folder / "output").open("w+b")
        program = shutil.which(words_of(shell)[0])
        assert program is not None
        binds = f'mount --bind {shlex.quote(program)} /bin/sh && exec tini -- "$@"'
        self._process = subprocess.Popen(
            [*NAMESPACE, "bash", "-c", binds, "container", *words],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            cwd=self.folder,
        )

    def stop(self) -> None:
        os.kill(self._init(), signal.SIGTERM)

    def has_begun(self) -> bool:
        """Whether there is more than the init and its shell."""
        try:
            return any(
                children_of(shell) for init in children_of(self._process.pid) for shell in children_of(init)
            )
        except FileNotFoundError:  # of what mounts, and has ended
            return False

    def exit_code(self) -> int:
        return self._process.wait(GENEROUS)

    def printed(self) -> str:
        self._output.seek(0)
        return self._output.read().decode()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._output.close()

    def _init(self) -> int:
        pid = self._process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@contextmanager
def container(folder: Path, shell: str, words: list[str]) -> Iterator[Container]:
    made = Container(folder, shell, [*ENTRY_POINT, *words])
    try:
        yield made
    finally:
        made.close()


@pytest.mark.slow
@pytest.mark.parametrize(("shell", "line"), each_line())
def test_a_stop_is_graceful(tmp_path: Path, shell: str, line: Line) -> None:
    with container(tmp_path, shell, command(line.script, line.stop_timeout)) as task:
        for sign in line.signs:
            until((task.folder / sign).exists)

        task.stop()
        if line.needs_time:
            until((task.folder / "stopping").exists)
        (task.folder / "go").touch()

        if line.exit_code == 137:  # what is left is ECS's to kill, once the time is over
            assert task.printed() == line.prints
            return
        assert (task.exit_code(), task.printed()) == (line.exit_code, line.prints)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_a_stop_while_the_line_is_just_beginning_reaches_it(tmp_path: Path, shell: str) -> None:
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        with container(folder, shell, command("sleep 1000", GENEROUS)) as task:
            until(task.has_begun)
            task.stop()

            assert task.exit_code() == 143


@pytest.mark.parametrize(
    ("script", "code", "prints"),
    [
        ("echo one; echo two >&2; exit 3", 3, "one\ntwo\n"),
        ("exit 255", 255, ""),
        ("kill -9 $$", 137, ""),
        ("nosuchcommand 2>/dev/null", 127, ""),
        ('echo "$0 $# $-" | cut -c1-9', 0, "/bin/sh 0\n"),
        ("printf '%s|' \"a  b\" 'c\"d' \\$HOME; echo", 0, 'a  b|c"d|$HOME|\n'),
        ("set -e; false; echo after", 1, ""),
        ("sleep 1000 & echo done", 0, "done\n"),
        ("cat; echo end", 0, "end\n"),
    ],
)
@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_a_line_that_nobody_stops_runs_as_without_us(
    tmp_path: Path, shell: str, script: str, code: int, prints: str
) -> None:
    with container(tmp_path, shell, command(script, GENEROUS)) as task:
        assert (task.exit_code(), task.printed()) == (code, prints)


def test_a_script_with_arguments_is_run_as_it_is(tmp_path: Path) -> None:
    with container(tmp_path, "dash", as_it_is(['echo "$0 $*"; exit 4', "name", "one", "two words"])) as task:
        assert (task.exit_code(), task.printed()) == (4, "name one two words\n")
