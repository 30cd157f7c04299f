"""The real docker compose: as the tests' requirements bring it, or the plugin of docker's."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BESIDE = Path(sys.executable).with_name("docker-compose")


def _program() -> list[str]:
    if BESIDE.exists():
        return [str(BESIDE)]
    plugin = ["docker", "compose"]
    is_there = (
        shutil.which("docker")
        and not subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode
    )
    return plugin if is_there else []


PROGRAM = _program()
needs_docker_compose = pytest.mark.skipif(not PROGRAM, reason="docker compose is not installed")
