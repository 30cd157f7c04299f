"""Folders that stand for others with too long a path: removed with what they stand for, and never under somebody."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local.store.short_folders import remove_abandoned
from local.store.socket_paths import linked_socket_path, socket_path


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / ("d" * 100)
    (state / "runs").mkdir(parents=True)
    return state


def short(state: Path) -> list[Path]:
    """The folders for both kinds of sockets."""
    return [
        socket_path(state / "api.sock").parent,
        linked_socket_path(state / "runs" / "1jd3m8k7x2qf-1" / "agent.sock").parents[2],
    ]


def listening_at(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


def test_they_stay_as_long_as_what_they_stand_for(runtime: Path, state: Path) -> None:
    kept = short(state)

    remove_abandoned()

    assert sorted(kept) == sorted(runtime.iterdir())


def test_they_go_with_it(runtime: Path, state: Path) -> None:
    api, _ = short(state)
    listening_at(api / "api.sock").close()  # a server that was killed leaves its socket
    shutil.rmtree(state)

    remove_abandoned()

    assert list(runtime.iterdir()) == []


def test_one_where_a_server_listens_stays(runtime: Path, state: Path) -> None:
    api, _ = short(state)
    shutil.rmtree(state)
    with listening_at(api / "api.sock"):
        remove_abandoned()

        assert list(runtime.iterdir()) == [api]
        assert (api / "api.sock").is_socket()


def test_what_somebody_keeps_in_one_is_not_ours_to_remove(runtime: Path, state: Path) -> None:
    api, _ = short(state)
    (api / "notes").write_text("mine")
    shutil.rmtree(state)

    remove_abandoned()

    assert (api / "notes").read_text() == "mine"


@pytest.mark.parametrize("age", [0, 7200])
def test_one_that_stands_for_nothing_yet_has_an_hour_for_it(runtime: Path, age: int) -> None:
    """Another server may have made it just now."""
    folder = runtime / f"tapit-{os.geteuid()}-0123456789abcdef"
    folder.mkdir()
    then = folder.stat().st_mtime - age
    os.utime(folder, (then, then))

    remove_abandoned()

    assert folder.exists() == (age == 0)


@pytest.mark.parametrize("name", ["tapit-4711-0123456789abcdef", "tapit-{uid}-notes", "other"])
def test_what_only_looks_like_one_is_left_alone(runtime: Path, tmp_path: Path, name: str) -> None:
    folder = runtime / name.format(uid=os.geteuid())
    folder.mkdir()
    (folder / "of").symlink_to(tmp_path / "gone")
    (runtime / f"tapit-{os.geteuid()}-0123456789abcdef").symlink_to(folder)
    os.utime(folder, (0, 0))

    remove_abandoned()

    assert (folder / "of").is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_is_left_alone(runtime: Path, tmp_path: Path) -> None:
    folder = runtime / f"tapit-{os.geteuid()}-0123456789abcdef"
    folder.mkdir()
    (folder / "of").symlink_to(tmp_path / "gone")
    os.chown(folder, 65534, 65534)

    remove_abandoned()

    assert folder.exists()
