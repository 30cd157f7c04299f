"""Saved commands and reruns over HTTP on AWS."""

from collections.abc import Iterator

import pytest

from tests.aws_adapters.aws_home import AwsHome, aws_home

PATH = "/apps/shop/commands"
LINE = "python manage.py migrate"


@pytest.fixture
def home() -> Iterator[AwsHome]:
    with aws_home() as home:
        yield home


def test_a_saved_command_becomes_tasks_and_they_outlive_it(home: AwsHome) -> None:
    home.ask(
        "POST", PATH, {"name": "migrate", "command": LINE, "memory": 4, "environment": {"A": "1", "B": "2"}}
    )
    task = home.ask("POST", "/apps/shop/tasks", {"command_name": "migrate", "environment": {"B": "3"}})
    changed = home.ask("PATCH", f"{PATH}/migrate", {"memory": 8, "environment": {"A": None}})
    home.ask("DELETE", f"{PATH}/migrate")

    again = home.ask("POST", f"/tasks/{task['id']}/rerun", {"memory": 2})

    assert (changed["revision"], changed["environment"]) == (2, ["B"])
    assert home.ask("GET", PATH)["items"] == []
    assert (task["command_revision"], task["memory"]) == (1, 4)
    assert (again["command"], again["command_name"], again["memory"]) == (LINE, "migrate", 2)
    assert home.services().tasks.get(again["id"]).environment == {"A": "1", "B": "3"}
    listed = home.ask("GET", "/apps/shop/tasks")["items"]
    assert [(each["command_name"], each["rerun_of"]) for each in listed] == [
        ("migrate", task["id"]),
        ("migrate", None),
    ]


def test_a_task_of_a_saved_command_costs_one_read_more(home: AwsHome) -> None:
    home.ask("POST", PATH, {"name": "migrate", "command": LINE})
    home.requests.clear()
    home.ask("POST", "/apps/shop/tasks", {"command": LINE})
    by_line = dict(home.requests)
    home.requests.clear()

    home.ask("POST", "/apps/shop/tasks", {"command_name": "migrate"})

    one_more = by_line | {"dynamodb.GetItem": by_line["dynamodb.GetItem"] + 1}
    assert dict(home.requests) == one_more


def test_a_page_of_them_costs_the_same_however_many_there_are(home: AwsHome) -> None:
    for number in range(12):
        home.ask("POST", PATH, {"name": f"n{number:02}", "command": LINE})
    home.requests.clear()

    page = home.ask("GET", f"{PATH}?limit=5")

    assert [each["name"] for each in page["items"]] == [f"n{number:02}" for number in range(5)]
    assert home.requests["dynamodb.BatchGetItem"] == 1
