"""Two homes of one user: the second does not take the first one's profile away."""

import subprocess
import sys
from pathlib import Path

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
    assert f"belongs to another server, which is running at {first.url}" in second.stderr
    assert "--profile local2" in second.stderr


def test_a_dead_homes_profile_is_taken_over(new_home: NewHome) -> None:
    first, second = new_home().start(), new_home()
    first.end()
    second.env = first.env

    second.start()

    shown = subprocess.run(
        [BIN / "tapit", "config", "show", "-o", "json"], env=second.env, capture_output=True, text=True
    )
    assert second.url in shown.stdout
