"""A table fits the terminal: whole columns go, and only the last one is cut."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    TASK_ID,
    a_finished_task,
    a_list,
    a_task,
)


def test_only_the_command_is_cut_to_the_terminal(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(command="word " * 60), a_task(command="日本語" * 60)))

    lines = run_at_a_terminal(place, "list", "tasks", columns=90).text.splitlines()

    assert len(lines) == 3
    assert len(lines[1]) == 90
    assert lines[1].endswith("…")
    assert lines[2].endswith("…")


@pytest.mark.parametrize(
    ("columns", "headers"),
    [
        (120, ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "DOCKER", "TAG", "BY", "COMMAND"]),
        (92, ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "BY", "COMMAND"]),
        (80, ["ID", "STATUS", "CREATED", "RAN", "BY", "COMMAND"]),
        (65, ["ID", "STATUS", "CREATED", "RAN", "COMMAND"]),
        (56, ["ID", "STATUS", "CREATED", "COMMAND"]),
        (45, ["ID", "STATUS", "COMMAND"]),
        (39, ["ID", "STATUS"]),
        (27, ["ID", "STATUS"]),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns(
    columns: int, headers: list[str], place: Place, home_that: HomeThat
) -> None:
    created = (datetime.now(UTC) - timedelta(minutes=50)).isoformat()
    times = {
        "created_at": created,
        "started_at": "2026-11-24T01:00:00Z",
        "stopped_at": "2026-11-24T01:00:03Z",
    }
    home_that(
        a_list(
            a_finished_task(137, docker_tag="v1.2.3", initiated_by="john.doe", command="word " * 60, **times)
        )
    )

    lines = run_at_a_terminal(place, "list", "tasks", columns=columns).text.splitlines()

    assert lines[0].split() == headers
    assert len(lines) == 2
    assert max(map(len, lines)) <= columns
    assert lines[1].startswith(f"{TASK_ID}  FAILED (137)")
    assert lines[1].endswith("…") is ("COMMAND" in headers)


@pytest.mark.parametrize("columns", [120, 80, 50, 30])
def test_a_list_of_apps_never_wraps(columns: int, place: Place, home_that: HomeThat) -> None:
    app = {
        "name": "shop",
        "cpu": 0.25,
        "memory": 0.5,
        "max_hours": 24,
        "created_by": "alice",
        "image": "r/" * 60,
    }
    home_that(a_list(app | {"created_at": "2026-11-24T01:50:00.000Z"}))

    lines = run_at_a_terminal(place, "list", "apps", columns=columns).text.splitlines()

    assert len(lines) == 2
    assert max(map(len, lines)) <= columns
    assert lines[0].split()[0] == "NAME"
