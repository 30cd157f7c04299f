"""What of `mounts=` no container is given."""

from pathlib import Path

import pytest

from local.docker_driver.engine_addresses import engine_sockets
from local.docker_driver.mount_check import problem_with_folders, problem_with_volume, socket_in

HERE, ELSEWHERE = "unix:///a", "tcp://far:2375"


@pytest.fixture
def socket(tmp_path: Path) -> str:
    """It has other names: link/own.sock, and linked.sock; pointer leads nowhere yet."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine/own.sock").touch()
    (tmp_path / "link").symlink_to(tmp_path / "engine")
    (tmp_path / "linked.sock").symlink_to("link/own.sock")
    (tmp_path / "beside").mkdir()
    (tmp_path / "hard.sock").hardlink_to(
        tmp_path / "engine/own.sock"
    )  # as what is mounted twice has one identity
    return f"{tmp_path}/engine/own.sock"


@pytest.mark.parametrize(
    "folder",
    ["", "engine", "engine/own.sock", "link", "link/own.sock", "linked.sock", "beside/..", "hard.sock"],
)
def test_a_socket_is_refused_and_so_is_what_holds_it_by_any_name(
    tmp_path: Path, socket: str, folder: str
) -> None:
    for named in (socket, f"{tmp_path}/linked.sock", f"{tmp_path}/beside/../link/own.sock"):
        problem = problem_with_folders(HERE, [str(tmp_path / folder)], [named])
        assert f"holds the socket of an engine or of tapit-local ({named})" in str(problem)


def test_where_a_socket_has_its_name_another_may_be_tomorrow(tmp_path: Path) -> None:
    (tmp_path / "names").mkdir()
    (tmp_path / "names/docker.sock").symlink_to("/nowhere/yet.sock")
    named = f"{tmp_path}/names/docker.sock"
    assert socket_in(f"{tmp_path}/names", [named]) == named


@pytest.mark.parametrize("folder", ["/run", "/var/run", "/var/run/docker.sock", "/run/docker.sock"])
def test_the_machines_own_engine_is_on_nearly_every_machine(folder: str) -> None:
    assert socket_in(folder, engine_sockets({})) is not None
    assert "socket" in str(problem_with_folders(ELSEWHERE, [folder], engine_sockets({})))


@pytest.mark.parametrize("folder", ["/proc/1/root", "/proc/self/cwd", "/proc/../proc/1/task/1/root"])
def test_what_a_process_has_open_may_be_any_folder_also_one_that_we_may_not_look_at(folder: str) -> None:
    for url in (HERE, ELSEWHERE):
        assert "socket" in str(problem_with_folders(url, [folder], ["/run/docker.sock"]))


def test_a_link_that_we_may_not_follow_ends_in_no_traceback(
    socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(path: str) -> str:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.readlink", refuses)

    assert problem_with_folders(HERE, [str(Path(socket).parent)], [socket]) is not None


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    missing = f"{tmp_path}/missing"
    assert f"there is no folder {missing} on this machine" in str(problem_with_folders(HERE, [missing], []))


def test_folders_of_another_machine_need_not_be_here() -> None:
    assert problem_with_folders(ELSEWHERE, ["/missing", "/var"], engine_sockets({})) is None


def test_a_folder_beside_the_socket_may_be_mounted(tmp_path: Path, socket: str) -> None:
    assert problem_with_folders(HERE, [str(tmp_path / "beside")], [socket, f"{tmp_path}.sock"]) is None


def test_what_we_may_not_look_at_can_be_there_for_the_engine(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert problem_with_folders(HERE, [f"{tmp_path}/loop"], []) is None


def test_a_volume_that_is_another_name_of_a_folder_is_looked_at_as_that(tmp_path: Path, socket: str) -> None:
    bound = {"type": "none", "o": "bind", "device": f"{tmp_path}/link"}
    problem = problem_with_volume({"Name": "data", "Options": bound, "Mountpoint": "/volumes/data"}, [socket])
    assert f"the volume data of mounts= is the folder {tmp_path}/link, which is or holds" in str(problem)


@pytest.mark.parametrize(
    "options", [None, {}, {"device": "tmpfs", "type": "tmpfs"}, {"device": ":/exported"}]
)
def test_other_volumes_may_be_mounted(options: dict[str, str] | None, socket: str) -> None:
    volume = {"Name": "data", "Options": options, "Mountpoint": "/volumes/data"}
    assert problem_with_volume(volume, [socket]) is None
