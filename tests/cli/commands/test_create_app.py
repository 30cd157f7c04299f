"""`tapit create app`: the app is told, whatever becomes of the profile."""

import subprocess
import sys

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    Says,
)


def test_an_app_is_told_even_where_the_profile_cannot_be_written(place: Place, home_that: HomeThat) -> None:
    made = home_that(lambda _asked: Says({"name": "shop"}, 201))
    for variable in ("TAPIT_URL", "TAPIT_TOKEN", "TAPIT_APP"):
        del place.env[variable]
    place.save_profile("local", made.url)
    script = (
        "from tapit import main\n"
        "from tapit.home import config_file\n"
        "from tapit.errors import CliError\n"
        "def refuse(document): raise CliError('cannot write it', 'Read-only file system')\n"
        "config_file.write_config = refuse\n"
        "main.main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "create", "app", "name=shop", "-o", "id"],
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "shop\n")
    assert "The profile was not changed: cannot write it. Read-only file system" in done.stderr


@pytest.mark.parametrize("verb", ["create", "set"])
def test_notes_on_an_app_are_said(verb: str, place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"name": "shop", "notes": ["memory was raised to 8 GB", "two"]}))

    result = place.run(verb, "app", "name=shop", "memory=7.5", "-o", "id")

    assert result.stdout == "shop\n"
    assert result.stderr.splitlines()[1:] == ["  note: memory was raised to 8 GB", "  note: two"]
