"""The real `tapit`, as a process, talking to the emulated API Gateway."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).parent / "tapit"
PATIENCE = 300  # seconds
MOST_AT_ONCE = 5  # each of them has a function started, and that takes seconds of a processor


@dataclass(frozen=True)
class Tapit:
    """Whoever has no token, "", signs in, and then goes by what is in their profile."""

    url: str
    token: str
    home: Path
    more: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Whatever it ends with."""
        return subprocess.run(
            [PROGRAM, *words],
            env=self._environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            input=typed,
            timeout=PATIENCE,
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Whoever begins it reads what it prints, and may type."""
        return subprocess.Popen(
            [PROGRAM, *words],
            env=self._environment,
            cwd=self.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def at_once(self, *commands: Sequence[str]) -> list[str]:
        """Return what each printed; all must succeed."""
        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            return list(pool.map(lambda words: self.say(*words), commands))

    def say(self, *words: str, typed: str = "") -> str:
        """Return what it prints; it must succeed."""
        done = self.run(*words, typed=typed)
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def create(self, command: str, *words: str) -> str:
        return self.say("create", "task", *words, "-o", "id", "--", command).strip()

    def show(self, task_id: str) -> dict[str, Any]:
        task: dict[str, Any] = json.loads(self.say("show", "task", f"task={task_id}", "-o", "json"))
        return task

    def wait(self, task_id: str) -> dict[str, Any]:
        """Wait for its end and return it as it is then."""
        done = self.run("wait", f"task={task_id}", "timeout=90s", "-q")
        assert done.returncode != 124, f"{self.show(task_id)}\n{done.stderr}"
        return self.show(task_id)

    def get(self, path: str, token: str) -> tuple[int, dict[str, Any]]:
        """Ask without the program; return the status and the JSON."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {token}"})
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return answer.status, json.loads(answer.read())

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        own = {"HOME": str(self.home), "TAPIT_APP": "shop"}
        home = {"TAPIT_URL": self.url, "TAPIT_TOKEN": self.token} if self.token else {}
        return {**kept, **own, **home, **self.more}
