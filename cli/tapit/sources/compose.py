"""`compose=FILE`: a compose project as docker compose resolves it, so that it means here what it means there."""

from __future__ import annotations

import json
import os
import re

from tapit import TYPE_CHECKING
from tapit.errors import CliError, UsageError
from tapit.language.did_you_mean import did_you_mean

if TYPE_CHECKING:
    from subprocess import CompletedProcess
    from typing import Any

OLDEST = 2  # what came before resolves other files, and into YAML alone
WARNING = (
    r"time=\S+ level=(warning|info|debug)\b|(WARN|INFO|DEBU)\[|WARNING: "  # without a terminal, and with one
)


def read_project(place: str, service: str | None) -> dict[str, Any]:
    """The project of a file, or of a folder, as JSON; with a service, that one and what it depends on."""
    if not os.path.exists(place):
        raise UsageError(f"there is no {place}", "compose= is a compose file, or a folder that has one.")
    program = [*_program(), "--project-directory" if os.path.isdir(place) else "-f", place]
    done = _run([*program, "config", "--format", "json", *([service] if service else [])])
    if done.returncode != 0:
        if service:
            _refuse_unknown(program, service)
        whole = f"{' '.join(program)} config    says it whole"
        raise UsageError(f"docker compose cannot read {place}", _without_values(done.stderr), whole)
    project: dict[str, Any] = json.loads(done.stdout.replace("$$", "$"))  # escaped, to be read once more
    return project


def _refuse_unknown(program: list[str], service: str) -> None:
    """Where that is what was wrong, the services that there are are told, of every profile."""
    done = _run([*program, "--profile", "*", "config", "--services"])
    services = sorted(done.stdout.split())
    if done.returncode == 0 and service not in services:
        raise UsageError(
            f"there is no service {service} in that compose project",
            f"It has {', '.join(services)}.",
            did_you_mean(service, services, before="service="),
        )


def _run(words: list[str]) -> CompletedProcess[str]:
    import subprocess

    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def _program() -> list[str]:
    for words in (["docker", "compose"], ["docker-compose"]):
        try:
            done = _run([*words, "version", "--short"])
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
    """Its first line that is no mere warning, without what it quotes of the file: that may be a secret."""
    lines = said.strip().splitlines()
    line = next((line for line in lines if not re.match(WARNING, line)), "it said nothing of why")
    return re.sub(r"""(["'`]).*?(\1|$)""", "…", line)
