"""What of `mounts=` no container is given."""

from pathlib import Path

import pytest

from local.docker_driver.mount_check import problem_with_folders


@pytest.mark.parametrize("folder", ["", "engine", "engine/own.sock", "link"])
def test_the_socket_in_use_is_refused_and_so_is_what_holds_it(tmp_path: Path, folder: str) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine/own.sock").touch()
    (tmp_path / "link").symlink_to(tmp_path / "engine")
    problem = problem_with_folders(f"unix://{tmp_path}/engine/own.sock", [str(tmp_path / folder)])
    assert problem is not None
    assert "holds an engine's socket" in problem


@pytest.mark.parametrize("folder", ["/run", "/var/run"])
def test_a_folder_of_a_usual_socket_is_refused(folder: str) -> None:
    assert "socket" in str(problem_with_folders("unix:///tmp/own.sock", [folder]))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    missing = f"{tmp_path}/missing"
    assert f"there is no folder {missing} on this machine" in str(
        problem_with_folders("unix:///a", [missing])
    )


def test_folders_of_another_machine_are_its_own_matter() -> None:
    assert problem_with_folders("tcp://far:2375", ["/missing", "/run"]) is None


def test_a_folder_beside_the_socket_may_be_mounted(tmp_path: Path) -> None:
    assert problem_with_folders(f"unix://{tmp_path}.sock", [str(tmp_path)]) is None


def test_what_we_may_not_look_at_can_be_there_for_the_engine(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert problem_with_folders("unix:///a", [f"{tmp_path}/loop"]) is None
