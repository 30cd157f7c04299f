"""Tasks of a home that run in containers: what they find there, what bounds them, and what they leave."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX, image, without_shell
from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until

GIB = 1024**3
_REMOVAL = 1.0  # seconds that an engine may take for one, in which a killed container is watched
WAITS = "echo up; exec sleep 1000"


@pytest.fixture(scope="module")
def home(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeProcess]:
    shared = HomeProcess(tmp_path_factory.mktemp("home"))
    try:
        yield shared.start(DOCKER_HOST=engine.host)
        assert "Traceback" not in shared.log
    finally:
        shared.close()


@pytest.fixture
def app(home: HomeProcess) -> str:
    return home.new_app(image=BUSYBOX)


def test_it_prints_and_ends_as_its_command_does(home: HomeProcess, app: str) -> None:
    task = home.api.run(app, "echo hi; echo oh >&2; exit 3")

    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 3, "exit")
    assert (task["driver"], task["image_used"]) == ("docker", BUSYBOX)
    assert sorted(home.api.lines(task["id"])) == ["hi", "oh"]


def test_it_has_ended_when_its_container_had_however_long_one_has_to_look_for_why(
    home: HomeProcess, app: str
) -> None:
    task = home.api.run(app, "echo up; exit 137")

    (up,) = home.api.get(f"/tasks/{task['id']}/logs")["items"]
    ran_on = datetime.fromisoformat(task["stopped_at"]) - datetime.fromisoformat(up["time"])
    assert ran_on.total_seconds() < _REMOVAL


def test_nothing_of_it_is_left_after_its_end(home: HomeProcess, app: str, engine: Engine) -> None:
    task = home.api.run(app, "true", image=BUSYBOX)

    with engine.client() as client:
        labels = {"label": f"tapit.task={task['id']}"}
        until(lambda: not client.containers.list(all=True, filters=labels, ignore_removed=True))


def test_it_has_the_images_path_and_what_the_app_and_the_task_say(home: HomeProcess) -> None:
    app = home.new_app(environment={"PATH": "/a/shells/own", "COLOUR": "red", "SIZE": "l"})
    task = home.api.run(
        app, 'echo "$PATH $COLOUR $SIZE $TAPIT_TASK_ID"', image=BUSYBOX, environment={"SIZE": "s"}
    )

    assert home.api.lines(task["id"]) == [f"/usr/local/bin:/usr/bin:/bin red s {task['id']}"]


def test_it_has_no_more_rights_than_it_needs_and_no_more_room(
    home: HomeProcess, app: str, engine: Engine
) -> None:
    task_id = home.api.create(app, WAITS, cpu=0.5, memory=1)["id"]
    home.api.says(task_id, "up")

    found = _inspected(engine, task_id)

    config = found["HostConfig"]
    assert (config["Memory"], config["MemorySwap"], config["NanoCpus"]) == (GIB, GIB, 500_000_000)
    assert (config["Privileged"], config["Init"]) == (False, True)
    assert any("no-new-privileges" in option for option in config["SecurityOpt"])
    assert {"tapit.app": app, "tapit.task": task_id, "tapit.attempt": "1"}.items() <= found["Config"][
        "Labels"
    ].items()
    home.api.stop(task_id)
    assert home.api.finished(task_id)["status"] == "STOPPED"


def test_its_processes_may_neither_make_devices_nor_gain_rights(home: HomeProcess, app: str) -> None:
    task = home.api.run(app, "mknod /tmp/null c 1 3; grep NoNewPrivs /proc/self/status")

    assert home.api.lines(task["id"])[-1].split() == ["NoNewPrivs:", "1"]


def test_it_is_stopped_at_its_time_limit_and_ends_well(home: HomeProcess, app: str) -> None:
    line = "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"
    task_id = home.api.create(app, line)["id"]
    home.api.says(task_id, "up")

    home.api.patch(f"/tasks/{task_id}", {"max_hours": 1 / 3600})

    task = home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("TIMED_OUT", 7, "deadline")
    assert "bye" in home.api.lines(task["id"])


def test_it_is_the_user_in_the_folder_that_were_asked_for(home: HomeProcess) -> None:
    app = home.new_app(image=BUSYBOX, user="ann", workdir="/work")
    assert home.api.lines(home.api.run(app, "id -un; pwd")["id"]) == ["ann", "/work"]
    assert home.api.lines(home.api.run(app, "id -un; pwd", user="root", workdir="/tmp")["id"]) == [
        "root",
        "/tmp",
    ]


def test_a_mounted_folder_is_read_only_unless_it_is_to_be_written(home: HomeProcess) -> None:
    folder = home.place / "given"
    folder.mkdir()
    (folder / "file").write_text("inside\n")
    app = home.new_app(image=BUSYBOX, mounts=[f"{folder}:/in", f"{folder}:/out:rw", "/own"])

    task = home.api.run(app, "cat /in/file; touch /in/x || echo refused; touch /out/made /own/made")

    assert [line for line in home.api.lines(task["id"]) if "touch" not in line] == ["inside", "refused"]
    assert (task["exit_code"], (folder / "made").exists()) == (0, True)


def test_a_task_without_an_image_runs_as_a_process_of_this_machine(home: HomeProcess) -> None:
    task = home.api.run(home.new_app(), "cat /proc/$PPID/comm; pwd")

    assert str(home.state) in home.api.lines(task["id"])[-1]


def test_where_containers_are_wanted_a_task_without_an_image_is_refused(
    engine: Engine, new_home: Any
) -> None:
    home = new_home("--driver", "docker").start(DOCKER_HOST=engine.host)

    refused = home.api.ask("POST", f"/apps/{home.new_app()}/tasks", {"command": "true"})

    assert (refused.status, list(refused.json["Fields"])) == (400, ["image"])


def test_without_an_engine_a_task_with_an_image_is_refused_with_how_to_get_one(new_home: Any) -> None:
    home = new_home().start(DOCKER_HOST="unix:///no/such.sock")

    refused = home.api.ask("POST", f"/apps/{home.new_app(image=BUSYBOX)}/tasks", {"command": "true"})

    assert refused.status == 400
    assert "no container engine answers" in refused.json["Message"]
    assert refused.json["Hint"].startswith("Start it, or start tapit-local without DOCKER_HOST.")
    assert any("Tasks with an image are refused" in line for line in home.said)


def test_an_engine_that_comes_later_is_used_and_one_that_has_gone_is_said_to_be(
    engine: Engine, new_home: Any, tmp_path: Path
) -> None:
    if not engine.host.startswith("unix://"):
        pytest.skip("The engine is not at a socket.")
    address = tmp_path / "engine.sock"
    home = new_home().start(DOCKER_HOST=f"unix://{address}")
    app = home.new_app(image=BUSYBOX, networks=["none"])
    assert home.api.ask("POST", f"/apps/{app}/tasks", {"command": "true"}).status == 400

    address.symlink_to(engine.host.removeprefix("unix://"))
    assert home.api.run(app, "true")["exit_code"] == 0

    address.unlink()
    answer = home.api.ask("POST", f"/apps/{app}/tasks", {"command": "true"})
    is_refused = answer.status == 400  # unless it answered a moment ago, and is not asked again before
    said = answer.json["Message"] if is_refused else home.api.finished(answer.json["id"])["diagnosis"]["what"]
    assert f"unix://{address}" in said


def test_plain_processes_are_chosen_by_hand_and_then_images_are_left_aside(
    engine: Engine, new_home: Any
) -> None:
    home = new_home("--driver", "process").start(DOCKER_HOST=engine.host)
    app = home.api.post("/apps", {"name": "shop", "image": BUSYBOX})
    created = home.api.create("shop", "pwd", image=BUSYBOX)
    of_the_app = home.api.create("shop", "true")

    not_used = f"image={BUSYBOX} is kept with the {{}}, but not used"
    assert app["notes"][0].startswith(not_used.format("app"))
    assert created["notes"][0].startswith(not_used.format("task"))
    assert of_the_app["notes"] == [f"It runs as a plain process, and not in the image of shop, {BUSYBOX}."]
    assert str(home.state) in home.api.lines(created["id"])[0]


def _inspected(engine: Engine, task_id: str) -> dict[str, Any]:
    with engine.client() as client:
        (container,) = client.containers.list(filters={"label": f"tapit.task={task_id}"})
        attrs: dict[str, Any] = json.loads(json.dumps(container.attrs))
        return attrs


def test_what_containers_honour_is_not_said_to_be_unused(home: HomeProcess, app: str) -> None:
    task = home.api.create(app, "true", user="root", pull="never", docker_tag="1")

    assert task["notes"] == []
    assert home.api.finished(task["id"])["notes"] == []
    plain = home.api.create(home.new_app(), "true", user="root")
    assert plain["notes"][0].startswith("user=root is kept with the task, but not used")


def test_a_path_of_somebodys_shell_is_told_of_when_the_app_gets_an_image(home: HomeProcess) -> None:
    app = home.new_app(environment={"PATH": "/a/shells/own"})

    changed = home.api.patch(f"/apps/{app}", {"image": BUSYBOX})

    assert f"tapit set app name={app} unset_env=PATH" in changed["notes"][0]


def test_a_folder_that_is_not_there_is_told_of(home: HomeProcess, app: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    mounts = [f"{tmp_path}/there:/a", f"{tmp_path}/misspelt:/b"]

    changed = home.api.patch(f"/apps/{app}", {"mounts": mounts})

    assert changed["notes"] == [f"{tmp_path}/misspelt of mounts= is not there on this machine."]


def test_a_folder_that_is_not_there_fails_the_start_and_is_not_made(
    home: HomeProcess, tmp_path: Path
) -> None:
    missing = tmp_path / "misspelt"
    task = home.api.run(home.new_app(image=BUSYBOX, mounts=[f"{missing}:/in"]), "true")

    assert task["ended_by"] == "start_failure"
    assert "make it, or name another one" in task["diagnosis"]["next"]
    assert not missing.exists()


def test_a_folder_that_holds_an_engines_socket_is_refused_when_the_app_is_saved(
    home: HomeProcess, engine: Engine, tmp_path: Path
) -> None:
    place = Path(engine.host.removeprefix("unix://")).parent
    (tmp_path / "innocent").symlink_to(place)
    app = home.new_app()  # its tasks may name an image

    for folder in (place, tmp_path / "innocent", f"{place}/root/..", "/var/run"):
        asked = {"mounts": [f"{folder}:/given"]}
        refused = home.api.ask("PATCH", f"/apps/{app}", asked)

        assert (refused.status, list(refused.json["Fields"])) == (400, ["mounts"]), folder
        assert "whoever has that has the machine" in refused.json["Message"]
        assert "Name the folder below it" in refused.json["Hint"]


def test_a_folder_that_holds_the_homes_own_socket_is_refused_when_the_app_is_saved(home: HomeProcess) -> None:
    """No token is needed there, so any task with it could do what an admin can."""
    refused = home.api.ask("PATCH", f"/apps/{home.new_app()}", {"mounts": [f"{home.state}:/given"]})

    assert (refused.status, list(refused.json["Fields"])) == (400, ["mounts"])
    assert f"{home.state}/api.sock" in refused.json["Message"]


def test_what_became_a_way_to_the_engine_fails_the_start(
    home: HomeProcess, engine: Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    app = home.new_app(image=BUSYBOX, mounts=[f"{folder}:/given"])
    folder.rmdir()
    folder.symlink_to(Path(engine.host.removeprefix("unix://")).parent)

    task = home.api.run(app, "true")

    assert task["ended_by"] == "start_failure"
    assert f"{folder} of mounts= is or holds the socket of an engine" in task["reason"]


def test_a_volume_that_is_the_engines_folder_fails_the_start(home: HomeProcess, engine: Engine) -> None:
    place = Path(engine.host.removeprefix("unix://")).parent
    bound = {"type": "none", "o": "bind", "device": str(place)}
    with engine.client() as client:
        volume = client.volumes.create("innocent", driver_opts=bound)
        try:
            task = home.api.run(home.new_app(image=BUSYBOX, mounts=["innocent:/given"]), "ls /given")
        finally:
            volume.remove()

    assert task["ended_by"] == "start_failure"
    assert f"the volume innocent of mounts= is the folder {place}, which is or holds" in task["reason"]


def test_a_folder_over_a_file_of_the_image_is_told_of(home: HomeProcess, tmp_path: Path) -> None:
    task = home.api.run(home.new_app(image=BUSYBOX, mounts=[f"{tmp_path}:/bin/busybox"]), "true")

    assert task["ended_by"] == "start_failure"
    assert "check mounts=" in task["diagnosis"]["next"], task["diagnosis"]


def test_an_image_without_a_shell_is_told_of_as_such(home: HomeProcess, engine: Engine) -> None:
    """Its init begins all the same, and ends with a code that is none of the command's."""
    name = "localhost/tapit-tests/no-shell:1"
    with engine.client() as client:
        client.images.load(image(name, without_shell))
    app = home.new_app(image=name)

    task = home.api.run(app, "echo hi")
    kept = home.api.run(home.new_app(image=name, keep_entrypoint=True), "/bin/echo hi")

    assert (task["status"], task["ended_by"], task["exit_code"]) == ("FAILED", "start_failure", None)
    assert "no /bin/sh" in task["diagnosis"]["next"]
    assert [line["status"] for line in task["history"]] == ["PENDING", "STARTING", "FAILED"]
    assert home.api.lines(kept["id"]) == ["hi"]


def test_a_network_that_is_not_there_is_said_to_be_missing(home: HomeProcess) -> None:
    task = home.api.run(home.new_app(image=BUSYBOX, networks=["nobodys_default"]), "true")

    assert task["ended_by"] == "start_failure"
    assert "nobodys_default" in task["diagnosis"]["what"]
    assert "docker compose up --no-start SERVICE" in task["diagnosis"]["next"]
