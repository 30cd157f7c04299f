"""Asks a home over HTTP, and keeps all that it answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalicelib.adapters.clock import SystemClock
from chalicelib.domain.ids import first_id_at
from tests.local.supervisor.supervised_task import GENEROUS, until

FINAL = {"SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT", "LOST"}
LONGEST_WAIT = 20


@dataclass(frozen=True)
class Answer:
    """One answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def pass_the_moment_of(task_id: str) -> None:
    """Return when that has passed: tasks that are created within one of its milliseconds come in any order."""
    until(lambda: first_id_at(SystemClock().now()) > task_id)


class Api:
    """The API as a caller sees it. `ask` takes anything; the others expect to succeed and return the JSON."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a body as it is when it is bytes, as JSON when it is anything else but None."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        target = path + (f"?{urlencode(query)}" if query else "")
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=GENEROUS + LONGEST_WAIT)
        try:
            connection.request(method, target, content, self._headers(headers or {}))
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answered, response.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Any:
        return _succeeded(self.ask("GET", path, query=query))

    def post(self, path: str, body: Any = None) -> Any:
        return _succeeded(self.ask("POST", path, body))

    def patch(self, path: str, body: Any) -> Any:
        return _succeeded(self.ask("PATCH", path, body))

    def delete(self, path: str) -> Any:
        return _succeeded(self.ask("DELETE", path))

    # A task's life

    def create(self, app: str, command: str, **fields: Any) -> Any:
        """Return the task once one that is created next comes after it."""
        task = self.post(f"/apps/{app}/tasks", {"command": command, **fields})
        pass_the_moment_of(task["id"])
        return task

    def show(self, task_id: str, **query: Any) -> Any:
        return self.get(f"/tasks/{task_id}", **query)

    def stop(self, task_id: str) -> Any:
        return self.post(f"/tasks/{task_id}/stop")

    def wait_until(self, task_id: str, *statuses: str) -> Any:
        """Return the task once it has one of the statuses."""
        return until(lambda: self._if_in(task_id, set(statuses)))

    def finished(self, task_id: str) -> Any:
        return self.wait_until(task_id, *FINAL)

    def run(self, app: str, command: str, **fields: Any) -> Any:
        """Create a task and return it once it is over."""
        return self.finished(self.create(app, command, **fields)["id"])

    def lines(self, task_id: str) -> list[str]:
        """Return all the output of a task, once it is complete."""
        lines: list[str] = []
        query: dict[str, Any] = {"wait": LONGEST_WAIT}
        while True:
            page = self.get(f"/tasks/{task_id}/logs", **query)
            lines += [line["message"] for line in page["items"]]
            if page["complete"]:
                return lines
            query = {"wait": LONGEST_WAIT, "cursor": page["next"], "revision": page["revision"]}

    def says(self, task_id: str, line: str) -> None:
        """Return once the task has printed the line."""
        path = f"/tasks/{task_id}/logs"
        until(lambda: line in [item["message"] for item in self.get(path)["items"]])

    def _if_in(self, task_id: str, statuses: set[str]) -> Any:
        task = self.show(task_id)
        revision = task["revision"]
        if task["status"] not in statuses | FINAL:
            task = self.show(task_id, wait=LONGEST_WAIT, revision=revision)
        return task if task["status"] in statuses else None

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return {**own, **headers}


def _succeeded(answer: Answer) -> Any:
    assert answer.status < 300, f"{answer.status}: {answer.text}"
    return answer.json
