"""The real `tapit-local`, in a process of its own, with a user's home of its own."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from local.docker_driver.leftovers import kill_leftovers as remove_container
from local.process_driver.leftovers import kill_leftovers
from local.runs.run_folder import RunFolder
from tests.http_client import Api
from tests.local.supervisor.supervised_task import GENEROUS, until
from tests.ports import free_port

BIN = Path(sys.executable).parent
LAST_LINE = "Ctrl-C ends the server.\n"


class HomeProcess:
    """A state folder, and the server that serves it now, if any.

    `env` is what a user of it has: with it, `tapit` finds the server by its profile `local`. Options are those of
    `tapit-local`, at every start.
    """

    def __init__(self, place: Path, *options: str, programs: Path = BIN) -> None:
        self.place = place
        self._options = options
        self._programs = programs
        self.state = place / "state"
        self.user = place / "user"
        self.user.mkdir(parents=True)
        self.env = {
            "HOME": str(self.user),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self.user / "config"),
            "XDG_STATE_HOME": str(self.user / "state"),
            "XDG_CACHE_HOME": str(self.user / "cache"),
            "XDG_DATA_HOME": str(self.user / "data"),
        }
        self.said: list[str] = []  # at the newest start
        self._log = place / "server.log"
        self._port = free_port()
        self._server: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it is served on a port, which takes the token."""
        return str(self._addresses["tcp_url"])

    @property
    def socket_url(self) -> str:
        """Where the user's own command line reaches it."""
        return str(self._addresses["url"])

    @property
    def _addresses(self) -> Any:
        return json.loads((self.state / "server.json").read_text())

    @property
    def token(self) -> str:
        return (self.state / "token").read_text()

    @property
    def api(self) -> Api:
        return Api(self.url, self.token)

    @property
    def is_served(self) -> bool:
        return self._server is not None

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    @property
    def log(self) -> str:
        """What the server has complained about, over all its lives."""
        return self._log.read_text()

    def env_for(self, app: str) -> dict[str, str]:
        return {**self.env, "TAPIT_APP": app}

    def new_app(self, **fields: object) -> str:
        """Create an app that nobody else uses, and return its name."""
        name = f"app-{uuid4().hex[:12]}"
        self.api.post("/apps", {"name": name, **fields})
        return name

    def start(self, **env: str) -> "HomeProcess":
        """Return once it serves; after a restart it has the same address."""
        with self._log.open("a") as log:
            self._server = subprocess.Popen(
                [
                    self._programs / "tapit-local",
                    "--state",
                    self.state,
                    "--port",
                    str(self._port),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.place,
                env={**self.env, **env},
            )
        assert self._server.stdout is not None
        self.said = []
        while LAST_LINE not in self.said and (line := self._server.stdout.readline()):
            self.said.append(line)
        if LAST_LINE not in self.said:
            self._reap()
            raise AssertionError(f"The server did not start: {self.log}")
        return self

    def kill(self) -> None:
        """End the server as a crash of it would; its tasks are on their own."""
        self._end(signal.SIGKILL)

    def end(self) -> int:
        """End the server as its user would, and return its exit code."""
        return self._end(signal.SIGTERM)

    def wait_for_end(self) -> int:
        """Return its exit code once it has ended by itself."""
        return self._reap()

    def restart(self) -> None:
        if self.is_served:
            self.end()
        self.start()

    def restart_with(self, *options: str) -> None:
        """Have other options than those of before, from now on."""
        self._options = options
        self.restart()

    def folder(self, task_id: str) -> RunFolder:
        """Return the folder of a task's first attempt."""
        return RunFolder(self.state / "runs" / f"{task_id}-1", task_id)

    def close(self) -> None:
        """Leave no process behind: neither the server nor any task."""
        if self.is_served:
            self.kill()
        runs = self.state / "runs"
        for path in runs.iterdir() if runs.exists() else ():
            folder = RunFolder(path, path.name.rpartition("-")[0])
            until(partial(_is_gone, folder))

    def _end(self, number: signal.Signals) -> int:
        assert self._server is not None
        self._server.send_signal(number)
        return self._reap()

    def _reap(self) -> int:
        assert self._server is not None
        assert self._server.stdout is not None
        code = self._server.wait(GENEROUS)
        self._server.stdout.close()
        self._server = None
        return code


def _is_gone(folder: RunFolder) -> bool:
    return not remove_container(folder) and not kill_leftovers(folder) and not folder.is_alive()
