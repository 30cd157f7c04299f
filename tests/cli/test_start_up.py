"""What a command imports is most of what it takes."""

import subprocess
import sys

import pytest

from tests.cli.conftest import Place

HEAVY = {
    "asyncio",
    "click",
    "dataclasses",
    "inspect",
    "logging",
    "pathlib",
    "pydantic",
    "rich",
    "tomlkit",
    "typing",
}


@pytest.mark.parametrize("words", [["--version"], ["list", "tasks"]])
def test_a_common_command_imports_nothing_heavy(words: list[str], place: Place) -> None:
    """Start-up is a budget, and these would spend it."""
    place.env["TAPIT_URL"], place.env["TAPIT_TOKEN"] = "http://127.0.0.1:1", "tpt_x"
    script = (
        "import sys; from tapit.main import run; run(sys.argv[1:] + ['-a', 'x']);"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=place.env, capture_output=True, text=True, check=False
    )

    imported = set(done.stdout.splitlines()[-1].split())
    assert "tapit" in imported
    assert imported.isdisjoint(HEAVY)
