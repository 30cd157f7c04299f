"""`compose=FILE`: a compose project as docker compose resolves it, so that it means here what it means there."""

from __future__ import annotations

import json
import os
import re

from tapit import TYPE_CHECKING
from tapit.errors import CliError, UsageError

if TYPE_CHECKING:
    from typing import Any

OLDEST = 2  # what came before resolves other files, and into YAML alone


def read_project(place: str, service: str | None) -> dict[str, Any]:
    """The project of a file, or of a folder, as JSON; with a service, that one and what it depends on."""
    import subprocess

    program = _program()
    file = [] if os.path.isdir(place) else ["-f", place]
    words = [*program, *file, "config", "--format", "json", *([service] if service else [])]
    folder = place if os.path.isdir(place) else None
    done = subprocess.run(
        words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shown = " ".join([*program, *file, "config"])
        raise UsageError(
            f"docker compose cannot read {place}", _without_values(done.stderr), f"{shown}    says it whole"
        )
    project: dict[str, Any] = json.loads(done.stdout.replace("$$", "$"))  # escaped, to be read once more
    return project


def _program() -> list[str]:
    import subprocess

    for words in (["docker", "compose"], ["docker-compose"]):
        try:
            done = subprocess.run(
                [*words, "version", "--short"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            continue
        found = re.match(r"v?(\d+)\.", done.stdout)
        if done.returncode == 0 and found and int(found[1]) >= OLDEST:
            return words
    raise CliError(
        "there is no docker compose here",
        "It resolves compose= files, so that variables, extends and profiles mean what they mean there. It needs no\n"
        "engine for that.",
        "install its plugin (docker-compose-plugin), or give image=, env_file=, mounts= and networks= themselves",
    )


def _without_values(said: str) -> str:
    """Its first line, without what it quotes of the file: that may be a secret."""
    line = next(iter(said.strip().splitlines()), "it said nothing")
    return re.sub(r"""(["'`]).*?(\1|$)""", "…", line)
