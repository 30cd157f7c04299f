"""Which processes are found, below a process or by the task's id in their environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest

from local.process_driver import process_tree
from local.process_driver.process_tree_by_ps import PS, parents, resident_bytes
from local.supervisor.spec import TASK_ID
from tests.local.supervisor.supervised_task import until


@pytest.fixture
def family() -> Iterator[tuple[int, str]]:
    """A shell with two children and a grandchild; its id, and the mark they carry."""
    mark = uuid4().hex
    command = "sleep 1000 & sh -c 'sleep 1000 & wait' & wait"
    environment = {"PATH": os.environ["PATH"], TASK_ID: mark}
    with subprocess.Popen(["/bin/sh", "-c", command], env=environment) as shell:
        until(lambda: len(process_tree.descendants(shell.pid)) == 3)
        yield shell.pid, mark
        process_tree.send(signal.SIGKILL, [shell.pid, *process_tree.tagged(mark)])


def test_all_generations_are_descendants(family: tuple[int, str]) -> None:
    """One that is just becoming another program has no environment for a moment."""
    root, mark = family

    until(lambda: sorted([root, *process_tree.descendants(root)]) == sorted(process_tree.tagged(mark)))


def test_kernels_that_list_no_children_give_the_same_tree(
    family: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _ = family
    listed = sorted(process_tree.descendants(root))

    monkeypatch.setattr(process_tree, "_LISTS_CHILDREN", False)

    assert sorted(process_tree.descendants(root)) == listed


@pytest.mark.skipif(not os.access(PS, os.X_OK), reason=f"there is no {PS} on this machine")
def test_the_ps_command_gives_the_same_answers(family: tuple[int, str]) -> None:
    root, _ = family

    assert {pid for pid, parent in parents() if parent == root} <= set(process_tree.descendants(root))
    assert resident_bytes([root]) > 0


def test_a_mark_must_match_whole(family: tuple[int, str]) -> None:
    _, mark = family

    assert process_tree.tagged(mark[:-1]) == []


def test_children_of_every_thread_are_found() -> None:
    start = "subprocess.run, args=(['sleep', '1000'],)"
    script = f"import subprocess, threading; threading.Thread(target={start}).start()"
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        children = until(lambda: process_tree.descendants(parent.pid))
        process_tree.send(signal.SIGKILL, [parent.pid, *children])
    assert len(children) == 1


def test_shared_memory_is_counted_once() -> None:
    script = "import os, time; x = bytearray(40 << 20); os.fork(); print(1, flush=True); time.sleep(1000)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        both = [parent.pid, *until(lambda: process_tree.descendants(parent.pid))]
        resident, proportional = process_tree.resident_bytes(both), process_tree.proportional_bytes(both)
        process_tree.send(signal.SIGKILL, both)
    assert proportional < 70 << 20 < resident


def test_processes_that_are_gone_count_for_nothing() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()

    assert process_tree.descendants(gone.pid) == []
    assert process_tree.resident_bytes([gone.pid]) == 0
    process_tree.send(signal.SIGKILL, [gone.pid])
