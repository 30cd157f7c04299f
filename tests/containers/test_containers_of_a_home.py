"""Tasks in containers, as a user of the command line knows them."""

import json
import re
from typing import Any

import pytest

from tests.containers.container_home import ContainerHome
from tests.containers.images import BUSYBOX
from tests.local.supervisor.supervised_task import until

UP = "echo up; exec sleep 1000"
A_SECOND = 1 / 3600


@pytest.fixture(scope="module")
def app(shared: ContainerHome) -> str:
    """An app with busybox as its image."""
    return shared.new_app(BUSYBOX, environment={"APP_NAME": "demo"})


def test_a_command_runs_in_the_image_and_its_exit_code_comes_through(shared: ContainerHome, app: str) -> None:
    ran = shared.tapit(app, "create", "task", "-w", "grep -c ann /etc/passwd; echo $APP_NAME >&2; exit 3")

    assert (ran.returncode, ran.stdout) == (3, "1\ndemo\n"), ran.stderr


def test_many_lines_come_whole_and_in_order(shared: ContainerHome, app: str) -> None:
    ran = shared.tapit(app, "create", "task", "-w", "seq 20000; printf 'the end'")

    assert ran.stdout.splitlines() == [*map(str, range(1, 20001)), "the end"]


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["no-such-command"], 127, "not found"),
        (["/etc/passwd"], 126, "not executable"),
        (["exit 125"], 125, "docker run"),
    ],
)
def test_exit_codes_of_shells_are_explained(
    shared: ContainerHome, app: str, words: list[str], code: int, what: str
) -> None:
    task = shared.api.run(app, words[0])

    assert task["exit_code"] == code
    assert what in task["diagnosis"]["what"]


def test_several_tasks_run_at_once(shared: ContainerHome, app: str) -> None:
    made = [shared.api.create(app, f"exit {code}")["id"] for code in range(8)]

    assert [shared.api.finished(task_id)["exit_code"] for task_id in made] == list(range(8))


def test_a_task_over_its_memory_is_said_to_be_and_one_that_was_killed_is_not(
    shared: ContainerHome, app: str
) -> None:
    hungry = shared.api.run(app, "tail /dev/zero", memory=0.5)
    killed = shared.api.run(app, "kill -9 $$", memory=0.5)

    assert (hungry["exit_code"], hungry["ended_by"]) == (137, "out_of_memory")
    assert (killed["exit_code"], killed["ended_by"]) == (137, "exit")


def test_a_command_that_outlives_what_it_lost_for_want_of_memory_is_told_of_it(
    shared: ContainerHome, app: str
) -> None:
    task = shared.api.run(app, "tail /dev/zero; exit 3", memory=0.5)

    assert (task["exit_code"], task["ended_by"]) == (3, "exit")
    assert "killed for want of memory" in task["diagnosis"]["what"]
    assert "memory=1" in task["diagnosis"]["next"]


def test_a_session_whose_command_is_killed_for_its_memory_says_where_to_look(
    shared: ContainerHome, app: str
) -> None:
    ran = shared.tapit(app, "run", "memory=0.5", "tail /dev/zero ")

    assert ran.returncode == 137
    (task_id,) = re.findall(r"why: +tapit show task task=(\w+)", ran.stderr)
    assert "killed for want of memory" in shared.api.finished(task_id)["diagnosis"]["what"]


def test_it_has_no_rights_beyond_what_a_task_needs(shared: ContainerHome, app: str) -> None:
    task_id = shared.api.create(
        app, f"grep -E 'NoNewPrivs|CapEff' /proc/self/status; {UP}", cpu=0.5, memory=1
    )["id"]
    shared.api.says(task_id, "up")
    made = shared.container_of(task_id)["HostConfig"]
    shared.api.stop(task_id)

    assert not made["Privileged"]
    assert (made["Memory"], made["PidMode"], made["IpcMode"]) == (1 << 30, "private", made["IpcMode"])
    assert made["NanoCpus"] == 500_000_000 or made["CpuQuota"] / made["CpuPeriod"] == 0.5
    shared.api.finished(task_id)
    said = dict(line.split(":") for line in shared.api.lines(task_id) if ":" in line)
    assert said["NoNewPrivs"].strip() == "1"
    assert int(said["CapEff"].strip(), 16) & 1 << 21 == 0  # CAP_SYS_ADMIN
    assert int(said["CapEff"].strip(), 16) & 1 << 13 == 0  # CAP_NET_RAW


def test_its_container_says_whose_it_is_and_goes_with_its_end(shared: ContainerHome, app: str) -> None:
    task_id = shared.api.create(app, UP)["id"]
    shared.api.says(task_id, "up")

    labels = shared.container_of(task_id)["Config"]["Labels"]
    shared.tapit(app, "stop", task_id)
    task = shared.api.finished(task_id)

    assert {name: labels[name] for name in labels if name.startswith("tapit")} == {
        "tapit.home": str(shared.process.state),
        "tapit.app": app,
        "tapit.task": task_id,
        "tapit.attempt": "1",
    }
    assert (task["status"], task["exit_code"]) == ("STOPPED", 143)
    until(lambda: not any(task_id in name for name in shared.left()))


@pytest.mark.parametrize(("line", "code"), [(UP, 143), (f"trap '' TERM; {UP}", 137)])
def test_a_stop_reaches_a_container_that_somebody_has_paused(
    shared: ContainerHome, line: str, code: int
) -> None:
    task_id = shared.api.create(shared.new_app(BUSYBOX, stop_timeout=2), line)["id"]
    shared.api.says(task_id, "up")

    pause(shared, task_id)
    shared.api.stop(task_id)

    task = shared.api.finished(task_id)
    assert (task["status"], task["exit_code"]) == ("STOPPED", code)
    until(lambda: not any(task_id in name for name in shared.left()))


def test_a_paused_container_goes_with_its_supervisor(shared: ContainerHome, app: str) -> None:
    task_id = shared.api.create(app, UP)["id"]
    shared.api.says(task_id, "up")

    pause(shared, task_id)
    shared.kill_supervisor(task_id)

    assert shared.api.finished(task_id)["status"] == "FAILED"
    until(lambda: not any(task_id in name for name in shared.left()))


def pause(home: ContainerHome, task_id: str) -> None:
    with home.engine.client() as client:
        client.api.pause(f"tapit-{task_id}-1")


def test_a_container_that_somebody_removed_is_said_to_be(shared: ContainerHome, app: str) -> None:
    task_id = shared.api.create(app, UP)["id"]
    shared.api.says(task_id, "up")

    with shared.engine.client() as client:
        client.containers.get(f"tapit-{task_id}-1").remove(force=True)

    task = shared.api.finished(task_id)
    assert (task["status"], task["exit_code"]) == ("LOST", None)
    assert "somebody else removed" in json.dumps(task["diagnosis"])
    assert shared.api.lines(task_id) == ["up"]


def test_a_container_that_somebody_stopped_is_told_of_as_it_was(shared: ContainerHome, app: str) -> None:
    task_id = shared.api.create(app, UP)["id"]
    shared.api.says(task_id, "up")

    with shared.engine.client() as client:
        client.containers.get(f"tapit-{task_id}-1").kill("SIGKILL")

    task = shared.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 137, "exit")
    assert "killed from outside" in task["diagnosis"]["what"]


def test_mounts_are_read_only_unless_told_otherwise(shared: ContainerHome, tmp_path: Any) -> None:
    (tmp_path / "given").write_text("from outside\n")
    volume = f"tapit-tests-{tmp_path.name}"
    app = shared.new_app(BUSYBOX, mounts=[f"{tmp_path}:/in", f"{volume}:/data:rw", "/scratch"])

    first = shared.api.run(
        app,
        "cat /in/given; touch /in/no 2>/dev/null || echo refused; echo kept > /data/file; "
        "touch /scratch/x && echo scratched",
    )
    second = shared.api.run(app, "cat /data/file; ls /scratch")

    try:
        assert shared.api.lines(first["id"]) == ["from outside", "refused", "scratched"]
        assert shared.api.lines(second["id"]) == ["kept"]
        assert [path.name for path in tmp_path.iterdir()] == ["given"]
    finally:
        with shared.engine.client() as client:
            client.volumes.get(volume).remove()


def test_tasks_of_an_app_share_a_network_that_others_have_no_part_in(shared: ContainerHome, app: str) -> None:
    """Netavark 1.4, of Debian 12, leads from one network to another by address, although it is told not to."""
    serves = shared.api.create(app, "hostname -i; nc -ll -p 8000 -e echo hello")["id"]
    address = until(lambda: shared.printed(serves))[0]
    other = shared.new_app(BUSYBOX)

    def hears(of: str, where: str, patience: int) -> list[str]:
        ask = f"nc -w 2 {where} 8000 </dev/null 2>/dev/null"
        tries = f"for i in $(seq {patience}); do {ask} && exit; sleep 0.1; done; echo nothing"
        lines: list[str] = shared.api.lines(shared.api.run(of, tries)["id"])
        return lines

    assert hears(app, f"tapit-{serves}-1", 100) == hears(app, address, 100) == ["hello"]
    assert hears(other, f"tapit-{serves}-1", 1) == ["nothing"]
    shared.api.stop(serves)


def test_a_task_may_have_no_network_at_all(shared: ContainerHome) -> None:
    app = shared.new_app(BUSYBOX, networks=["none"])

    task = shared.api.run(app, "ls /sys/class/net")

    assert shared.api.lines(task["id"]) == ["lo"]
