"""What a container outlives: the server, its supervisor, the engine; and what is told of it after."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.containers.container_home import ContainerHome, container_home
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX, busybox, image
from tests.containers.podman import SILENT_REGISTRY, CannotRun, Podman, kill, podman
from tests.local.supervisor.supervised_task import children_of, until

SILENT = Path(__file__).with_name("silent_registry.py")
UP = "echo up; exec sleep 1000"
HELD = "echo up; until [ -e /tmp/go ]; do sleep 0.02; done; seq 1000; exit 7"
LINES = ["up", *map(str, range(1, 1001))]
A_SECOND = 1 / 3600


@pytest.fixture(scope="module")
def own(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerHome]:
    """A home whose server may be killed, and is started again by who did it."""
    with container_home(engine, tmp_path_factory.mktemp("own")) as home:
        yield home


@pytest.fixture(scope="module")
def fragile() -> Iterator[Podman]:
    """An engine that may be killed, and is started again by who did it."""
    try:
        with podman() as engine:
            with Engine(engine.host).client() as client:
                client.images.load(image(BUSYBOX, busybox))
            yield engine
    except CannotRun as why:
        pytest.skip(f"No engine can run containers here: {why}")


@pytest.fixture(scope="module")
def on_it(fragile: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerHome]:
    with container_home(Engine(fragile.host), tmp_path_factory.mktemp("on-it")) as home:
        yield home


def let_go(home: ContainerHome, task_id: str) -> None:
    home.inside(task_id, "touch", "/tmp/go")


def held(home: ContainerHome) -> str:
    task_id: str = home.api.create(home.new_app(BUSYBOX), HELD)["id"]
    home.api.says(task_id, "up")
    return task_id


def test_a_killed_server_is_not_noticed_by_a_container(own: ContainerHome) -> None:
    task_id = held(own)

    own.process.kill()
    own.process.start()

    assert own.api.show(task_id)["status"] == "RUNNING"
    let_go(own, task_id)
    assert own.api.finished(task_id)["exit_code"] == 7
    assert own.api.lines(task_id) == LINES


def test_a_container_that_ended_without_a_server_is_told_of_as_it_was(own: ContainerHome) -> None:
    task_id = held(own)

    own.process.kill()
    let_go(own, task_id)
    until((own.process.folder(task_id).path / "exit.json").exists)
    own.process.start()

    assert own.api.finished(task_id)["exit_code"] == 7
    assert own.api.lines(task_id) == LINES


def test_a_time_limit_is_kept_without_a_server(own: ContainerHome) -> None:
    task_id = own.api.create(own.new_app(BUSYBOX), UP, max_hours=A_SECOND)["id"]
    own.api.says(task_id, "up")

    own.process.kill()
    until((own.process.folder(task_id).path / "exit.json").exists)
    own.process.start()

    task = own.api.finished(task_id)
    assert (task["status"], task["ended_by"], task["exit_code"]) == ("TIMED_OUT", "deadline", 143)
    assert datetime.fromisoformat(task["stopped_at"]) >= datetime.fromisoformat(task["deadline"])


def test_a_container_whose_supervisor_was_killed_does_not_run_on_unwatched(own: ContainerHome) -> None:
    task_id = held(own)

    own.kill_supervisor(task_id)

    task = own.api.finished(task_id)
    assert (task["status"], task["ended_by"]) == ("FAILED", "infrastructure")
    assert own.api.lines(task_id) == ["up"]
    until(lambda: not any(task_id in name for name in own.left()))


def test_a_container_whose_supervisor_and_server_were_killed_is_found_by_the_next_one(
    own: ContainerHome,
) -> None:
    task_id = held(own)

    own.process.kill()
    own.kill_supervisor(task_id)
    own.process.start()

    task = own.api.finished(task_id)
    assert (task["status"], task["ended_by"]) == ("FAILED", "infrastructure")
    until(lambda: not any(task_id in name for name in own.left()))


def test_a_container_goes_on_while_its_engine_is_restarted(fragile: Podman, on_it: ContainerHome) -> None:
    task_id = held(on_it)

    fragile.restart()

    assert on_it.api.show(task_id)["status"] == "RUNNING"
    let_go(on_it, task_id)
    assert on_it.api.finished(task_id)["exit_code"] == 7
    assert on_it.api.lines(task_id) == LINES


def test_what_a_container_does_while_its_engine_is_away_is_told_when_that_is_back(
    fragile: Podman, on_it: ContainerHome
) -> None:
    app = on_it.new_app(BUSYBOX, mounts=["shared:/shared:rw"])
    task_id = on_it.api.create(
        app, "echo up; until [ -e /shared/go ]; do sleep 0.02; done; seq 1000; exit 7"
    )["id"]
    on_it.api.says(task_id, "up")

    fragile.kill()
    (fragile.folder / "root/volumes/shared/_data/go").touch()
    until(lambda: not fragile.command("ps", "--quiet"))
    fragile.start()

    assert on_it.api.finished(task_id)["exit_code"] == 7
    assert on_it.api.lines(task_id) == LINES


def test_a_task_whose_engine_does_not_answer_says_so(fragile: Podman, on_it: ContainerHome) -> None:
    app = on_it.new_app(BUSYBOX)
    before = on_it.api.run(app, "exit 3")["id"]
    until(lambda: not any(before in name for name in on_it.left()))
    starter = starter_of(on_it)
    os.kill(starter, signal.SIGSTOP)  # so that the engine is found, and is gone when it is needed
    task_id = on_it.api.create(app, "exit 3")["id"]
    on_it.api.wait_until(task_id, "STARTING")
    fragile.kill()
    os.kill(starter, signal.SIGCONT)

    task = on_it.api.finished(task_id)

    assert (task["status"], task["ended_by"]) == ("FAILED", "start_failure")
    assert f"the container engine at {fragile.host} does not answer" in task["diagnosis"]["what"]
    assert "Start the container engine again" in task["diagnosis"]["next"]
    fragile.start()
    assert on_it.api.run(app, "exit 3")["exit_code"] == 3


def test_a_task_whose_engine_went_away_while_it_fetched_the_image_says_so(
    fragile: Podman, on_it: ContainerHome
) -> None:
    port = SILENT_REGISTRY.rpartition(":")[2]
    silent = fragile.run_inside(sys.executable, str(SILENT), port)
    try:
        until(lambda: f"silent on {port}" in fragile.log)
        task_id = on_it.api.create(on_it.new_app(f"{SILENT_REGISTRY}/shop/web:1"), "true")["id"]
        until(lambda: "0 of 1 layers" in (on_it.api.show(task_id)["waiting_for"] or ""))
        fragile.kill()
        task = on_it.api.finished(task_id)
    finally:
        kill(silent)
        fragile.start()

    assert (task["status"], task["ended_by"]) == ("FAILED", "start_failure")
    assert f"the container engine at {fragile.host} does not answer" in task["diagnosis"]["what"]


def test_a_stop_reaches_a_container_when_its_engine_is_back(fragile: Podman, on_it: ContainerHome) -> None:
    task_id = on_it.api.create(on_it.new_app(BUSYBOX), UP)["id"]
    on_it.api.says(task_id, "up")

    fragile.kill()
    on_it.api.stop(task_id)
    fragile.start()

    task = on_it.api.finished(task_id)
    assert (task["status"], task["exit_code"]) == ("STOPPED", 143)


def test_what_ran_when_its_engine_went_down_is_not_said_never_to_have_started(
    fragile: Podman, on_it: ContainerHome
) -> None:
    app = on_it.new_app(BUSYBOX)
    task_id = on_it.api.create(app, UP)["id"]
    on_it.api.says(task_id, "up")

    fragile.reboot()

    task = on_it.api.finished(task_id)
    assert (task["status"], task["ended_by"]) == ("FAILED", "infrastructure")
    assert on_it.api.lines(task_id) == ["up"]
    until(lambda: not any(task_id in name for name in on_it.left()))


def test_all_that_a_container_prints_is_there_however_often_its_engine_is_killed_meanwhile(
    fragile: Podman, on_it: ContainerHome
) -> None:
    numbers = "seq 40000; sleep 0.3; seq 40000; sleep 0.3; seq 40000; sleep 0.3; "
    task_id = on_it.api.create(on_it.new_app(BUSYBOX), f"echo up; {numbers * 2}exit 7", cpu=1)["id"]
    on_it.api.says(task_id, "up")

    for _ in range(3):
        fragile.restart()

    assert on_it.api.finished(task_id)["exit_code"] == 7
    assert on_it.api.lines(task_id) == ["up", *map(str, [*range(1, 40001)] * 6)]


def test_a_container_that_its_engine_has_lost_sight_of_ends_with_its_stop(
    fragile: Podman, on_it: ContainerHome
) -> None:
    """Podman says for ever that such a one runs."""
    task_id = on_it.api.create(on_it.new_app(BUSYBOX, stop_timeout=2), UP)["id"]
    on_it.api.says(task_id, "up")
    kill(parent_of(on_it.container_of(task_id)["State"]["Pid"]))  # conmon, which watches it

    on_it.api.stop(task_id)

    task = until(lambda: (shown := on_it.api.show(task_id))["status"] == "STOPPED" and shown)
    assert task["exit_code"] == 137
    until(lambda: not any(task_id in name for name in on_it.left()))


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[1])


def test_a_machine_that_goes_down_takes_a_container_along_and_leaves_nothing_of_it(
    fragile: Podman, on_it: ContainerHome
) -> None:
    app = on_it.new_app(BUSYBOX, mounts=["/own"])
    task_id = on_it.api.create(app, UP)["id"]
    on_it.api.says(task_id, "up")

    on_it.process.kill()
    on_it.kill_supervisor(task_id)
    fragile.reboot()
    on_it.process.start()

    task = on_it.api.finished(task_id)
    assert (task["status"], task["ended_by"]) == ("FAILED", "infrastructure")
    assert on_it.api.lines(task_id) == ["up"]
    until(lambda: not any(task_id in name for name in on_it.left()))
    assert on_it.api.run(app, "exit 3")["exit_code"] == 3


def test_two_homes_have_nothing_to_do_with_each_other_on_one_engine(
    own: ContainerHome, engine: Engine, tmp_path: Path
) -> None:
    with container_home(engine, tmp_path / "other") as other:
        made = []
        for home in (own, other):
            home.api.post("/apps", {"name": "shop", "image": BUSYBOX})
            made.append(home.api.create("shop", HELD)["id"])
            home.api.says(made[-1], "up")
        own.process.kill()
        own.kill_supervisor(made[0])
        own.process.start()
        own.api.finished(made[0])

        assert other.api.show(made[1])["status"] == "RUNNING"
        let_go(other, made[1])
        assert other.api.finished(made[1])["exit_code"] == 7


def test_a_container_that_its_engine_had_half_removed_when_it_was_killed_is_removed(
    fragile: Podman, on_it: ContainerHome
) -> None:
    task_id = held(on_it)
    half_remove(fragile, on_it.container_of(task_id)["State"]["Pid"], task_id)

    fragile.start()

    task = on_it.api.finished(task_id)
    assert (task["status"], task["ended_by"]) == ("LOST", "lost")
    assert "removed its container" in task["reason"]
    until(lambda: not any(task_id in name for name in on_it.left()))


def test_one_that_was_left_half_removed_is_in_nobodys_way_and_goes_with_a_clean_up(
    fragile: Podman, on_it: ContainerHome
) -> None:
    app = on_it.new_app(BUSYBOX)
    task_id = on_it.api.create(app, UP)["id"]
    on_it.api.says(task_id, "up")
    half_remove(fragile, on_it.container_of(task_id)["State"]["Pid"], task_id)
    on_it.kill_supervisor(task_id)
    on_it.api.finished(task_id)
    fragile.start()

    assert on_it.api.run(app, "exit 3")["exit_code"] == 3
    assert on_it.clean().returncode == 0
    assert not any(task_id in name for name in on_it.left())


def starter_of(home: ContainerHome) -> int:
    """Return the process that starts supervisors of containers."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in children_of(home.process.pid)}
    return next(pid for pid, command in commands.items() if "docker_driver" in command)


def half_remove(engine: Podman, process: int, task_id: str) -> None:
    """Kill the engine, and leave what there is of a container as when that happens while it removes it."""
    engine.kill()
    kill(process)
    until(lambda: not engine.command("ps", "--quiet"))
    store = engine.folder / "root/overlay-containers/containers.json"
    others = [each for each in json.loads(store.read_text()) if f"tapit-{task_id}-1" not in each["names"]]
    store.write_text(json.dumps(others))
