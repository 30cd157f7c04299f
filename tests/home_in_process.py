"""The real app on a real local home, asked within this process: no server, no threads, and nothing is launched.

What a test creates stays PENDING until the test itself says what became of it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import app as triggers
from chalicelib.domain.task import Task
from chalicelib.ports import Services
from chalicelib.wiring import running_on
from local.home import build_home
from local.serving.gateway import Gateway, Request
from local.store.state_folder import open_state
from tests.http_client import Answer, pass_the_moment_of


class HomeInProcess:
    def __init__(self, services: Services, token: str) -> None:
        self.services = services
        self.token = token
        self._gateway = Gateway(triggers.app)

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
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        own = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent = {name.lower(): value for name, value in {**own, **(headers or {})}.items()}
        target = path + (f"?{urlencode(query)}" if query else "")
        answered = self._gateway.answer(Request(method, target, sent, content))
        return Answer(answered.status, answered.headers, answered.body.decode())

    def new_app(self, **fields: Any) -> str:
        """Create an app that nobody else uses, and return its name."""
        name = f"app-{uuid4().hex[:12]}"
        created = self.ask("POST", "/apps", {"name": name, **fields})
        assert created.status == 201, created.text
        return name

    def new_task(self, app: str, command: str = "true", **fields: Any) -> Any:
        """Return it once one that is created next comes after it."""
        created = self.ask("POST", f"/apps/{app}/tasks", {"command": command, **fields})
        assert created.status == 201, created.text
        pass_the_moment_of(created.json["id"])
        return created.json

    def record(self, task_id: str) -> Task:
        return self.services.tasks.get(task_id)


@contextmanager
def home_in_process(place: Path, *, local_webhooks: bool = False) -> Iterator[HomeInProcess]:
    with open_state(place) as state:
        home = build_home(state, local_webhooks=local_webhooks)
        with running_on(home.services):
            yield HomeInProcess(home.services, state.token("alice"))
