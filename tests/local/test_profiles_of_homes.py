"""Two homes of one user: the second does not take the first one's profile away."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NewHome

BIN = Path(sys.executable).parent


def test_a_running_homes_profile_is_not_taken_by_another(new_home: NewHome, tmp_path: Path) -> None:
    first = new_home().start()

    second = subprocess.run(
        [BIN / "tapit-local", "--state", tmp_path / "other", "--port", "0"],
        env=first.env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert second.returncode == 1
    assert f"belongs to another server, which is running at {first.socket_url}" in second.stderr
    assert "--profile local2" in second.stderr


def test_a_dead_homes_profile_is_taken_over(new_home: NewHome) -> None:
    first, second = new_home().start(), new_home()
    first.end()
    second.env = first.env

    second.start()

    shown = subprocess.run(
        [BIN / "tapit", "config", "show", "-o", "json"], env=second.env, capture_output=True, text=True
    )
    assert second.socket_url in shown.stdout


@pytest.mark.parametrize("default", ["local", "team"])
def test_what_it_says_to_type_leads_to_it(new_home: NewHome, default: str) -> None:
    home = new_home()
    config = Path(home.env["XDG_CONFIG_HOME"]) / "tapit" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'default_profile = "{default}"\n[profile.team]\nurl = "https://tapit.example.com"\n')

    home.start()

    typed = [line.strip() for line in home.said if line.startswith("  tapit ")]
    tapit = "tapit" if default == "local" else "tapit --profile local"
    assert typed == [f"{tapit} create app name=demo", f"{tapit} create task 'echo hi' -w"]


def test_a_word_that_names_no_profile_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    state = tmp_path / "state"

    refused = subprocess.run(
        [BIN / "tapit-local", "--state", state, "--port", "0", "--profile", "a b"],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert refused.returncode == 2
    assert "'--profile': 'a b' is not a profile's name" in refused.stderr
    assert not state.exists()


@pytest.mark.parametrize("what", ["a folder in its place", "no folder for it", "nonsense in it"])
def test_a_home_whose_profile_cannot_be_written_serves_and_says_how_to_reach_it(
    new_home: NewHome, what: str
) -> None:
    home = new_home()
    config = Path(home.env["XDG_CONFIG_HOME"])
    if what == "no folder for it":
        config.parent.mkdir(exist_ok=True)
        config.write_text("a file")
    elif what == "a folder in its place":
        (config / "tapit" / "config.toml").mkdir(parents=True)
    else:
        (config / "tapit").mkdir(parents=True)
        (config / "tapit" / "config.toml").write_text("[[[")

    home.start()

    assert "The profile `local` could not be written: " in home.log
    export = next(line.strip() for line in home.said if line.startswith("  export "))
    tapit = f"{export}; exec {BIN}/tapit list apps"
    env = home.env | {"XDG_CONFIG_HOME": "/no/such/folder"}
    listed = subprocess.run(["sh", "-c", tapit], env=env, capture_output=True, text=True, check=False)
    assert (listed.returncode, listed.stderr[:6]) == (0, "No app"), listed.stderr
