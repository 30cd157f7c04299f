"""Our files are where they should be, and their owner's alone."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import TOKEN, Place
from tests.cli.scripted_home import ScriptedHome


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777])
def test_files_and_folders_are_the_users_alone_whatever_the_umask(umask: int, place: Place) -> None:
    before = os.umask(umask)
    try:
        place.save_profile("local", "http://127.0.0.1:1")
    finally:
        os.umask(before)

    for kept in (place.config, place.tokens / "local"):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        folders = list(kept.parents)[: kept.parents.index(place.folder)]
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700] * len(folders)
    assert json.loads((place.tokens / "local").read_text()) == {"url": "http://127.0.0.1:1", "token": TOKEN}


def test_a_readable_token_is_refused(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url)
    (place.tokens / "local").chmod(0o640)

    result = place.run("list", "tasks", "-a", "shop")

    assert "others can read the token" in result.stderr
    assert profile_home.asked == []


def test_a_relative_xdg_folder_is_ignored(place: Place, profile_home: ScriptedHome) -> None:
    place.env |= {"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": ""}

    assert json.loads(place.run("config", "show").stdout)["file"] == str(
        place.folder / ".config/tapit/config.toml"
    )


@pytest.mark.parametrize("words", [("config", "show"), ("create", "app", "name=a", "workdir=~")])
def test_a_user_without_a_home_folder_is_told_what_to_set(words: tuple[str, ...], place: Place) -> None:
    for variable in ("HOME", "XDG_CONFIG_HOME"):
        del place.env[variable]
    script = "import pwd, sys; pwd.getpwuid = {}.__getitem__; from tapit import main; main.main()"

    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=place.env, capture_output=True, text=True, check=False
    )

    assert done.returncode == (1 if "show" in words else 2)
    assert "set HOME" in done.stderr


def test_a_linked_configuration_is_replaced_where_it_is(place: Place) -> None:
    """The folder of the link may be on another file system, or not be writable."""
    kept, link = place.folder / "dotfiles" / "tapit.toml", place.folder / "link.toml"
    kept.parent.mkdir()
    link.symlink_to(kept)
    script = (
        "import sys; from tapit.home.private_files import write_private\n"
        "sys.addaudithook(lambda event, args: print(args[0]) if event == 'os.rename' else None)\n"
        "write_private(sys.argv[1], 'x = 1')"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, link], env=place.env, capture_output=True, text=True, check=True
    )

    assert link.is_symlink()
    assert kept.read_text() == "x = 1"
    assert Path(done.stdout.strip()).parent == kept.parent
