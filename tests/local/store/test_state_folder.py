"""The state folder: one server's at a time, private, and refused with a word when it cannot be used."""

import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from chalicelib.domain.errors import OwnersToken
from chalicelib.domain.token import Role, new_token, read_token
from local.store.schema import MIGRATIONS
from local.store.socket_paths import socket_path
from local.store.state_folder import InUse, NotOurs, NotWritable, StateError, TooNew, open_state
from local.store.token_store import SqliteTokenStore
from tests.builders import NOON
from tests.conftest import NewHome
from tests.home_process import BIN, HomeProcess
from tests.local.supervisor.supervised_task import until


def test_a_new_folder_is_made_and_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    with open_state(tmp_path / "a" / "state") as state:
        state.token("alice")
        state.remember_server(url="unix:/x/api.sock")

        assert stat.S_IMODE(state.path.stat().st_mode) == 0o700
        open_to_others = [path for path in state.path.iterdir() if path.stat().st_mode & 0o077]
        assert open_to_others == []


def test_a_folder_is_one_servers_at_a_time(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.remember_server(url="unix:/x/api.sock")

        with pytest.raises(InUse, match="unix:/x/api"), open_state(tmp_path):
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


def test_whoever_removes_the_owner_s_token_replaces_it_and_no_other(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        first = state.token("alice")
        others, _ = new_token("ci")
        SqliteTokenStore(state.database).add(others, NOON)
    (tmp_path / "token").unlink()

    with open_state(tmp_path) as state:
        second = state.token("alice")
        tokens = SqliteTokenStore(state.database)
        known = [token.name for token in tokens.list(10, None).items]
        assert tokens.find(first[4:12]) is None
        assert (second != first, known, tokens.find(others.id)) == (True, ["alice", "ci"], others)


def test_a_token_that_has_the_owner_s_name_is_in_nobody_s_way(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        others, _ = new_token("alice")
        tokens = SqliteTokenStore(state.database)
        tokens.add(others, NOON)
        owner = state.token("alice")

        tokens.remove(tokens.get("alice"))

        assert tokens.find(others.id) is None
        assert tokens.find(owner[4:12]) is not None
        with pytest.raises(OwnersToken):
            tokens.remove(tokens.get("alice"))


def test_the_token_of_an_older_version_is_the_owner_s_and_an_admin_s(tmp_path: Path) -> None:
    token, text = new_token("alice")
    (tmp_path / "token").write_text(text)
    with closing(sqlite3.connect(tmp_path / "tapit.db")) as connection, connection:
        connection.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1;")
        connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", (token.id, token.name, token.secret_sha256))

    with open_state(tmp_path) as state:
        tokens = SqliteTokenStore(state.database)
        assert (state.token("alice"), tokens.find(token.id)) == (text, token)
        assert (tokens.get("alice").role, tokens.get("alice").created_at) == (Role.ADMIN, None)
        with pytest.raises(OwnersToken):
            tokens.remove(tokens.get("alice"))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"port": "x"}', "\x00"])
def test_a_damaged_note_of_the_last_server_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)

    with open_state(tmp_path), pytest.raises(InUse, match="not known"), open_state(tmp_path):
        pass


def test_a_note_of_the_last_server_that_is_no_text_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_bytes(b"\xff\xfe")

    with open_state(tmp_path), pytest.raises(InUse, match="not known"), open_state(tmp_path):
        pass


# The same from a user's side


def test_a_second_server_is_told_where_the_first_one_is(home: HomeProcess) -> None:
    second = HomeProcess(home.place / "second")
    second.state = home.state

    with pytest.raises(AssertionError, match="Another server is using") as refused:
        second.start()

    assert home.socket_url in str(refused.value)
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


def test_the_profile_leads_to_a_socket_and_holds_no_token(home: HomeProcess) -> None:
    config = Path(home.env["XDG_CONFIG_HOME"]) / "tapit" / "config.toml"

    assert f'url = "{home.socket_url}"' in config.read_text()
    assert not (Path(home.env["XDG_STATE_HOME"]) / "tapit" / "tokens" / "local").exists()


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)

    with pytest.raises(NotOurs, match="Others can write") as refused, open_state(tmp_path):
        pass

    assert "chmod 700" in refused.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, -1)

    with pytest.raises(NotOurs, match="another user") as refused, open_state(tmp_path):
        pass

    assert "chmod" not in refused.value.hint


@pytest.mark.parametrize("umask", [0o000, 0o277])
def test_a_folder_is_its_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with open_state(tmp_path / "state") as state:
            modes = [stat.S_IMODE(path.stat().st_mode) for path in (state.path, state.runs)]
    finally:
        os.umask(before)

    assert modes == [0o700, 0o700]


def test_a_long_path_gets_a_short_socket_in_a_folder_of_the_owners(tmp_path: Path) -> None:
    with open_state(tmp_path / ("long" * 30)) as state:
        short = state.socket
        again = state.socket

    assert (short, len(str(short)) <= 100) == (again, True)
    assert stat.S_IMODE(short.parent.stat().st_mode) == 0o700
    shutil.rmtree(short.parent)


def set_version(state: Path, number: int) -> None:
    connection = sqlite3.connect(state / "tapit.db")
    connection.execute(f"PRAGMA user_version = {number}")
    connection.close()


def version(state: Path) -> int:
    connection = sqlite3.connect(state / "tapit.db")
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(number)


def test_a_server_whose_folder_is_taken_away_ends_with_a_word(own_home: HomeProcess) -> None:
    shutil.rmtree(own_home.state)

    assert own_home.wait_for_end() == 1
    assert "was taken away" in own_home.log
    assert "Traceback" not in own_home.log


def test_a_server_whose_database_is_taken_away_ends_with_a_word(own_home: HomeProcess) -> None:
    """It would go on with an empty one, and tasks would be forgotten."""
    for file in own_home.state.glob("tapit.db*"):
        file.unlink()

    assert own_home.wait_for_end() == 1
    assert "tapit.db was taken away" in own_home.log
    assert "Traceback" not in own_home.log


@pytest.mark.parametrize("name", ["api.sock", "notifications"])
def test_a_server_that_cannot_be_reached_any_more_starts_anew(own_home: HomeProcess, name: str) -> None:
    app, taken = own_home.new_app(), own_home.state / name
    task_id = own_home.api.create(app, "exec sleep 1000")["id"]
    own_home.api.wait_until(task_id, "RUNNING")
    server = own_home.pid

    taken.unlink()

    until(taken.exists)
    assert task_id in tapit(own_home, "list", "tasks", "-a", app)
    own_home.api.stop(task_id)
    assert own_home.api.finished(task_id)["status"] == "STOPPED"
    assert own_home.pid == server
    assert "was taken away: starting anew" in own_home.log
    assert "Traceback" not in own_home.log


def tapit(home: HomeProcess, *words: str) -> str:
    """Ask through the socket, until the server answers."""
    return until(
        lambda: (
            subprocess.run(
                [BIN / "tapit", *words], env=home.env, capture_output=True, text=True, check=False
            ).stdout
        )
    )


@pytest.mark.parametrize("what", ["nothing", "a file", "another user's", "too long", "relative"])
def test_a_runtime_folder_that_is_none_of_ours_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """After `su` it is the other user's, and after a logout it is gone."""
    runtime = tmp_path / ("x" * 100 if what == "too long" else "run")
    if what == "a file":
        runtime.touch()
    elif what == "another user's":
        runtime = Path("/proc/1") if os.geteuid() else _of_nobody(runtime)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "run" if what == "relative" else str(runtime))

    path = socket_path(tmp_path / ("d" * 100) / "api.sock")

    assert path.parent.parent == Path("/tmp")
    shutil.rmtree(path.parent, ignore_errors=True)  # it stands for nothing: any home may have removed it


def test_a_runtime_folder_of_ours_holds_what_has_too_long_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(dir="/tmp") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)

        path = socket_path(tmp_path / ("d" * 100) / "api.sock")

        assert path.parent.parent == Path(runtime)


def _of_nobody(folder: Path) -> Path:
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    return folder


def test_an_odd_umask_makes_no_home_that_its_owner_cannot_use(new_home: NewHome) -> None:
    """Not root only, whom no mode keeps out: what lacks the owner's own right would end the second start."""
    home = new_home()
    (home.place / "server.log").touch()
    before = os.umask(0o777)
    try:
        home.start()
        home.restart()
    finally:
        os.umask(before)

    made = [home.state, *home.state.iterdir()]
    assert [path.name for path in made if path.stat().st_mode & 0o600 != 0o600] == []
    assert [path.name for path in made if path.stat().st_mode & 0o077] == []
    task = home.api.run(home.new_app(), "umask; touch made; stat -c %a made")
    assert home.folder(task["id"]).output.read(0, 100) == b"0022\n644\n"
