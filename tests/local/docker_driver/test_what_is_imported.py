"""docker-py is imported where containers are run, and nowhere else: it would cost every server its time and memory."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["local.main", "local.docker_driver.agent_process", "tapit.main"])
def test_neither_a_server_nor_the_command_line_imports_it(module: str) -> None:
    ask = f"import sys, {module}; print({{'docker', 'requests'}} & sys.modules.keys())"

    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
