"""Sessions over HTTP: who is let in, who is not, and what either is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.errors import TaskOver
from chalicelib.domain.session import Session
from chalicelib.domain.task import Task, accept_launch, begin_attempt, observe
from chalicelib.domain.task_sessions import add_session
from chalicelib.domain.token import new_token
from chalicelib.ports import DataChannel, Services
from chalicelib.usecases.change import change_task
from chalicelib.usecases.open_session import open_session
from local.runs.cluster import LocalCluster
from tests.builders import NOON, a_sighting, an_end
from tests.home_in_process import HomeInProcess


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def opened(inside: HomeInProcess, task_id: str, **body: Any) -> Any:
    return inside.ask("POST", f"/tasks/{task_id}/sessions", body)


def started(inside: HomeInProcess, task_id: str) -> None:
    """Say of a task that it runs, though nothing does."""
    now = inside.services.clock.now()
    seen = a_sighting(arn=f"arn:aws:ecs:local:0:task/tapit/{task_id}-1", started_at=now)

    def run(task: Any) -> Any:
        begun = begin_attempt(task, {"driver": "process", "workdir": None}, now)
        return observe(accept_launch(begun, seen.arn, now), seen, now)

    change_task(inside.services, task_id, run)


def test_a_task_says_whether_it_takes_sessions(inside: HomeInProcess, app: str) -> None:
    plain = inside.new_task(app)
    open_to_all = inside.new_task(app, interactive=True)
    attached = inside.new_task(app, attached=True)

    assert (plain["interactive"], plain["attached"], plain["sessions"]) == (False, False, [])
    assert (open_to_all["interactive"], open_to_all["attached"]) == (True, False)
    assert (attached["interactive"], attached["attached"]) == (True, True)


def test_a_task_that_starts_is_to_be_asked_again(inside: HomeInProcess, app: str) -> None:
    refused = opened(inside, inside.new_task(app, attached=True)["id"])

    assert (refused.status, refused.json["Code"]) == (409, "NotReady")
    assert refused.headers["retry-after"] == "1"


def test_a_task_whose_agent_is_not_up_yet_is_to_be_asked_again(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app, attached=True)["id"]
    started(inside, task_id)

    refused = opened(inside, task_id)

    assert (refused.status, refused.json["Code"]) == (409, "NotReady")


class EndsMeanwhile(LocalCluster):
    """A cluster in which the task ends just while its session is opened."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def open_session(self, task: Task, argv: Sequence[str]) -> DataChannel:  # noqa: ARG002 - the port's shape
        seen = an_end(arn=task.ecs_arn, version=9)
        change_task(self._services, task.id, lambda task: observe(task, seen, NOON))
        return DataChannel("s1", "wss://nowhere", "token", {})


def test_a_session_that_was_opened_while_its_task_ended_is_refused_and_not_kept(
    inside: HomeInProcess, app: str
) -> None:
    task_id = inside.new_task(app, attached=True)["id"]
    started(inside, task_id)
    services = replace(inside.services, cluster=EndsMeanwhile(inside.services))

    with pytest.raises(TaskOver):
        open_session(services, task_id, None, on_terminal=True, by=new_token("alice")[0])
    assert inside.record(task_id).sessions == ()


def test_a_session_that_nobody_attends_any_more_is_shown_as_left(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app, interactive=True)["id"]
    started(inside, task_id)
    long_ago = inside.services.clock.now() - timedelta(hours=2)
    for name in ("vanished", "attended"):
        session = Session(id=name, command="bash", opened_by="alice", opened_at=long_ago)
        change_task(inside.services, task_id, partial(add_session, session=session))

    inside.ask("POST", f"/tasks/{task_id}/sessions/attended/attend")
    vanished, attended = inside.ask("GET", f"/tasks/{task_id}").json["sessions"]

    assert (vanished["ended_at"], vanished["exit_code"]) == (vanished["opened_at"], None)
    assert attended["ended_at"] is None


def test_a_task_that_was_not_started_for_it_is_no_place_for_a_session(
    inside: HomeInProcess, app: str
) -> None:
    refused = opened(inside, inside.new_task(app)["id"], command="bash")

    assert (refused.status, refused.json["Code"]) == (409, "NotInteractive")
    assert "tapit run" in refused.json["Hint"]


def test_a_task_that_runs_its_command_by_itself_does_not_run_it_twice(
    inside: HomeInProcess, app: str
) -> None:
    refused = opened(inside, inside.new_task(app, interactive=True)["id"])

    assert (refused.status, refused.json["Code"]) == (409, "NotInteractive")


def test_a_task_that_is_over_says_so(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app, attached=True)["id"]
    inside.ask("POST", f"/tasks/{task_id}/stop")

    refused = opened(inside, task_id)

    assert (refused.status, refused.json["Code"]) == (409, "TaskOver")


@pytest.mark.parametrize(("part", "body"), [("resume", None), ("attend", None), ("end", {"exit_code": 0})])
def test_an_unknown_session_is_not_found(
    part: str, body: dict[str, Any] | None, inside: HomeInProcess, app: str
) -> None:
    task_id = inside.new_task(app, attached=True)["id"]

    refused = inside.ask("POST", f"/tasks/{task_id}/sessions/local-0/{part}", body)

    assert (refused.status, refused.json["Code"]) == (404, "SessionNotFound")


@pytest.mark.parametrize("name", ["", "$(reboot)", "a b", "../x", "x" * 41, "-x"])
def test_a_terminal_type_is_a_name(name: str, inside: HomeInProcess, app: str) -> None:
    refused = opened(inside, inside.new_task(app, attached=True)["id"], terminal_type=name)

    assert (refused.status, refused.json["Code"]) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    "body", [{"exit_code": 256}, {"exit_code": -1}, {"exit_code": "0"}, {"exit_code": True}, {"code": 0}]
)
def test_an_exit_code_is_a_byte(body: dict[str, Any], inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app, attached=True)["id"]

    refused = inside.ask("POST", f"/tasks/{task_id}/sessions/local-0/end", body)

    assert (refused.status, refused.json["Code"]) == (400, "InvalidRequest")


def test_whoever_has_no_token_is_not_let_in(inside: HomeInProcess, app: str) -> None:
    task_id = inside.new_task(app, attached=True)["id"]

    refused = inside.ask("POST", f"/tasks/{task_id}/sessions", {}, headers={"Authorization": "Bearer x"})

    assert refused.status == 401
