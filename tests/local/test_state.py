"""The state folder: one server's at a time, private, and refused with a word when it cannot be used."""

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.domain.token import read_token
from local.database import MIGRATIONS
from local.state import InUse, NotWritable, StateError, TooNew, open_state
from tests.home_process import HomeProcess


def test_a_new_folder_is_made_and_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    with open_state(tmp_path / "a" / "state") as state:
        state.token("alice")
        state.remember_server("http://127.0.0.1:1", 1)

        assert stat.S_IMODE(state.path.stat().st_mode) == 0o700
        open_to_others = [path for path in state.path.iterdir() if path.stat().st_mode & 0o077]
        assert open_to_others == []


def test_a_folder_is_one_servers_at_a_time(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.remember_server("http://127.0.0.1:7845", 7845)

        with pytest.raises(InUse, match=":7845"), open_state(tmp_path):
            pass


def test_a_folder_is_free_again_once_its_server_is_gone(tmp_path: Path) -> None:
    with open_state(tmp_path):
        pass

    with open_state(tmp_path) as state:
        assert state.path == tmp_path


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(NotWritable, match="cannot be used"), open_state(tmp_path / "state"):
        pass


@pytest.mark.parametrize("place", ["/proc/tapit", "/dev/null/state"])
def test_where_no_folder_can_be_made_is_refused_even_to_root(place: str) -> None:
    with pytest.raises(NotWritable, match=place) as refused, open_state(Path(place)):
        pass

    assert "--state" in refused.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(NotWritable, match="ermission"), open_state(tmp_path):
        pass


def test_a_newer_versions_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with open_state(tmp_path):
        pass
    set_version(tmp_path, len(MIGRATIONS) + 1)

    with pytest.raises(TooNew, match="newer version") as refused, open_state(tmp_path):
        pass

    assert "Upgrade" in refused.value.hint
    assert version(tmp_path) == len(MIGRATIONS) + 1


def test_an_older_versions_folder_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "tapit.db").touch()

    with open_state(tmp_path):
        assert version(tmp_path) == len(MIGRATIONS)


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tapit.db").write_bytes(b"this is no database at all" * 100)

    with pytest.raises(StateError, match="not a database"), open_state(tmp_path):
        pass


def test_a_refused_folder_is_not_kept_locked(tmp_path: Path) -> None:
    database = tmp_path / "tapit.db"
    database.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StateError), open_state(tmp_path):
        pass
    database.unlink()

    with open_state(tmp_path) as state:
        assert state.path == tmp_path


def test_the_token_is_the_same_at_every_start(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        first = state.token("alice")
    with open_state(tmp_path) as state:
        assert state.token("alice") == first


@pytest.mark.parametrize("damaged", ["", "nonsense", "tpt_00000000_" + "x" * 43])
def test_a_damaged_token_is_replaced_by_one_that_works(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "token").write_text(damaged)

    with open_state(tmp_path) as state:
        token = state.token("alice")

    assert read_token(token) is not None
    assert (tmp_path / "token").read_text() == token


@pytest.mark.parametrize("text", ["", "[]", "{", '{"port": "x"}', "\x00"])
def test_a_damaged_note_of_the_last_server_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)

    with open_state(tmp_path) as state:
        assert state.last_port() is None


def test_a_note_of_the_last_server_that_is_no_text_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_bytes(b"\xff\xfe")

    with open_state(tmp_path) as state:
        assert state.last_port() is None


# The same from a user's side


def test_a_second_server_is_told_where_the_first_one_is(home: HomeProcess) -> None:
    second = HomeProcess(home.place / "second")
    second.state = home.state

    with pytest.raises(AssertionError, match="Another server is using") as refused:
        second.start()

    assert home.url in str(refused.value)
    assert home.api.get("/health")["status"] == "ok"


def test_a_newer_versions_folder_is_refused_with_a_hint(new_home: Callable[[], HomeProcess]) -> None:
    home = new_home().start()
    home.end()
    set_version(home.state, 99)

    with pytest.raises(AssertionError, match="Upgrade tapit"):
        home.start()
    assert "Traceback" not in home.log


def test_a_folder_that_cannot_be_made_is_refused_with_a_hint(new_home: Callable[[], HomeProcess]) -> None:
    home = new_home()
    home.state = Path("/proc/tapit")

    with pytest.raises(AssertionError, match="--state DIR"):
        home.start()
    assert "Traceback" not in home.log


def test_the_profile_and_its_token_are_written_for_the_user_alone(home: HomeProcess) -> None:
    kept = Path(home.env["XDG_STATE_HOME"]) / "tapit" / "tokens" / "local"

    assert json.loads(kept.read_text()) == {"url": home.url, "token": home.token}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def set_version(state: Path, number: int) -> None:
    connection = sqlite3.connect(state / "tapit.db")
    connection.execute(f"PRAGMA user_version = {number}")
    connection.close()


def version(state: Path) -> int:
    connection = sqlite3.connect(state / "tapit.db")
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(number)
