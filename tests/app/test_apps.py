"""Apps over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from chalicelib.http.app_models import LimitsBody
from tests.home_in_process import HomeInProcess

NO_LIMITS = dict.fromkeys(LimitsBody.model_fields)


def a_name() -> str:
    return f"app-{uuid4().hex[:12]}"


def change(inside: HomeInProcess, name: str, **fields: Any) -> Any:
    answer = inside.ask("PATCH", f"/apps/{name}", fields)
    assert answer.status == 200, answer.text
    return answer.json


def test_an_app_has_defaults_for_all_but_its_name(inside: HomeInProcess) -> None:
    name = a_name()

    created = inside.ask("POST", "/apps", {"name": name})

    app = created.json
    assert (created.status, app["name"], app["created_by"]) == (201, name, "alice")
    assert (app["cpu"], app["memory"], app["ephemeral_storage_gb"]) == (0.25, 0.5, 20)
    assert (app["max_hours"], app["stop_timeout"], app["environment"]) == (24, 30, [])
    assert app["limits"] == NO_LIMITS


def test_an_app_is_shown_as_it_was_created(inside: HomeInProcess) -> None:
    name = a_name()
    created = inside.ask("POST", "/apps", {"name": name, "memory": 4, "cpu": 2, "limits": {"max_running": 3}})

    assert inside.ask("GET", f"/apps/{name}").json == created.json


def test_apps_are_listed_by_name_in_pages(inside: HomeInProcess) -> None:
    made = {inside.new_app() for _ in range(3)}

    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while query:
        page = inside.ask("GET", "/apps", query=query).json
        found += [app["name"] for app in page["items"]]
        query = {"limit": 2, "cursor": page["next"]} if page["next"] else {}

    assert found == sorted(set(found))
    assert made <= set(found)


def test_only_what_is_given_changes(inside: HomeInProcess) -> None:
    name = inside.new_app(memory=4, cpu=2, workdir="/srv")

    changed = change(inside, name, stop_timeout=5)

    assert (changed["memory"], changed["cpu"], changed["workdir"], changed["stop_timeout"]) == (
        4,
        2,
        "/srv",
        5,
    )


def test_a_change_says_what_it_changed(inside: HomeInProcess) -> None:
    app = inside.new_app(environment={"A": "1", "B": "2"}, secret_values={"S": "1", "T": "1"}, cpu=1)

    def changed(**body: Any) -> Any:
        answer = inside.ask("PATCH", f"/apps/{app}", body)
        assert answer.status == 200, answer.text
        return answer.json["changed"]

    assert changed(memory=4, environment={"A": "2", "B": "2"}) == ["environment.A", "memory"]
    assert changed(memory=4, environment={"A": "2"}) == changed() == changed(limits={}) == []
    assert changed(secret_values={"S": "2"}, secrets={"T": None}) == ["secrets.S", "secrets.T"]
    assert changed(limits={"max_hours": 30}) == ["limits.max_hours"]


def test_to_remove_what_is_not_there_is_noted(inside: HomeInProcess) -> None:
    app = inside.new_app(environment={"A": "1"}, secret_values={"S": "1"})

    body = {"environment": {"NOPE": None, "A": None}, "secrets": {"NONE": None, "S": None}}
    first, again = (inside.ask("PATCH", f"/apps/{app}", body).json for _ in range(2))

    assert first["notes"] == ["There is no variable NOPE to remove.", "There is no secret NONE to remove."]
    assert (first["changed"], again["changed"]) == (["environment.A", "secrets.S"], [])
    assert len(again["notes"]) == 4


def test_null_puts_a_field_back_to_its_default(inside: HomeInProcess) -> None:
    name = inside.new_app(memory=4, cpu=2, workdir="/srv", max_hours="none", stop_timeout=5, image="a")

    changed = change(
        inside, name, memory=None, cpu=None, workdir=None, max_hours=None, stop_timeout=None, image=None
    )

    assert (changed["memory"], changed["cpu"], changed["workdir"]) == (0.5, 0.25, None)
    assert (changed["max_hours"], changed["stop_timeout"], changed["image"]) == (24, 30, None)


def test_no_limit_is_null(inside: HomeInProcess) -> None:
    assert change(inside, inside.new_app(), max_hours="none")["max_hours"] is None


def test_variables_are_set_and_removed_one_by_one(inside: HomeInProcess) -> None:
    name = inside.new_app(environment={"A": "1", "B": "2"})

    changed = change(inside, name, environment={"B": None, "C": "3"})

    assert changed["environment"] == ["A", "C"]


def test_limits_are_set_and_removed_one_by_one(inside: HomeInProcess) -> None:
    name = inside.new_app(limits={"max_cpu": 2, "max_running": 3})

    changed = change(inside, name, limits={"max_cpu": None, "max_memory": 8})

    assert changed["limits"] == {**NO_LIMITS, "max_memory": 8, "max_running": 3}


def test_an_apps_size_is_snapped_to_a_valid_pair(inside: HomeInProcess) -> None:
    changed = change(inside, inside.new_app(), memory=3)

    assert (changed["cpu"], changed["memory"]) == (0.5, 3)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"name": "My_App"},
            "name must be 1 to 40 lower-case letters, digits and hyphens, starting with a letter",
        ),
        ({"cluster": "prod!"}, "cluster must be an ECS cluster's name or ARN"),
        ({"subnets": ["eu-west-1a"]}, "subnets.0 must be a subnet's id: subnet-..."),
        ({"task_role": "admin"}, "task_role must be a role's ARN: arn:aws:iam::...:role/..."),
    ],
)
def test_what_is_misspelt_is_told_how_it_is_spelt(
    inside: HomeInProcess, fields: dict[str, object], problem: str
) -> None:
    refused = inside.ask("POST", "/apps", {"name": a_name(), "cluster": "prod", **fields})

    assert refused.json["Message"] == f"The request is not valid: {problem}."


def test_null_takes_every_limit_away(inside: HomeInProcess) -> None:
    name = inside.new_app(limits={"max_cpu": 2, "max_running": 3})

    changed = change(inside, name, limits=None)

    assert set(changed["limits"].values()) == {None}


def test_an_app_whose_defaults_its_limits_would_refuse_is_refused(inside: HomeInProcess) -> None:
    refused = inside.ask("POST", "/apps", {"name": a_name(), "memory": 8, "limits": {"max_memory": 4}})

    assert (refused.status, refused.json["Code"]) == (403, "LimitExceeded")
    assert refused.json["Message"].endswith(" allows max_memory=4; its own default is 8.")
    assert refused.json["Hint"] == "Give it a smaller memory=, or a larger limit."


def test_a_default_without_time_limit_is_refused_by_a_limit_on_hours(inside: HomeInProcess) -> None:
    name = inside.new_app(max_hours="none")

    refused = inside.ask("PATCH", f"/apps/{name}", {"limits": {"max_hours": 2}})

    assert (
        refused.json["Message"] == f"App {name} allows max_hours=2; its own default is no time limit at all."
    )
    assert refused.json["Hint"] == "Give it a smaller max_hours=, or a larger limit."


def test_a_limit_of_seconds_is_named_as_it_is_typed(inside: HomeInProcess) -> None:
    refused = inside.ask(
        "POST", "/apps", {"name": a_name(), "max_hours": 1 / 12, "limits": {"max_hours": 4 / 3600}}
    )

    assert refused.json["Message"].endswith(" allows max_hours=4s; its own default is 5m.")


def test_a_lower_limit_on_hours_brings_the_default_down_with_it(inside: HomeInProcess) -> None:
    name = inside.new_app(limits={"max_hours": 2})

    assert inside.ask("GET", f"/apps/{name}").json["max_hours"] == 2


def test_tasks_inherit_from_the_app_as_it_is_now(inside: HomeInProcess) -> None:
    name = inside.new_app()
    change(inside, name, memory=4, cpu=1, max_hours=2, ephemeral_storage_gb=50)

    task = inside.new_task(name)

    assert (task["memory"], task["cpu"], task["max_hours"], task["ephemeral_storage_gb"]) == (4, 1, 2, 50)


def test_a_name_is_taken_once(inside: HomeInProcess) -> None:
    refused = inside.ask("POST", "/apps", {"name": inside.new_app()})

    assert (refused.status, refused.json["Code"]) == (409, "AppExists")


def test_an_app_without_unfinished_tasks_is_removed(inside: HomeInProcess) -> None:
    name = inside.new_app()

    removed = inside.ask("DELETE", f"/apps/{name}")

    assert (removed.status, removed.json) == (200, {"name": name, "removed": True})
    assert inside.ask("GET", f"/apps/{name}").json["Code"] == "AppNotFound"


def test_an_app_with_unfinished_tasks_is_in_use(inside: HomeInProcess) -> None:
    name = inside.new_app()
    inside.new_task(name)

    refused = inside.ask("DELETE", f"/apps/{name}")

    assert (refused.status, refused.json["Code"]) == (409, "AppInUse")
    assert "1 unfinished task" in refused.json["Message"]


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"cpu": 1}), ("DELETE", None)])
def test_an_unknown_app_is_not_found(inside: HomeInProcess, method: str, body: Any) -> None:
    answer = inside.ask(method, "/apps/nope", body)

    assert (answer.status, answer.json["Code"]) == (404, "AppNotFound")


def test_the_default_that_null_puts_back_is_one_the_limits_allow(inside: HomeInProcess) -> None:
    name = inside.new_app(limits={"max_hours": 2}, max_hours=1)

    assert change(inside, name, max_hours=None)["max_hours"] == 2


def test_a_size_that_was_snapped_is_noted(inside: HomeInProcess) -> None:
    created = inside.ask("POST", "/apps", {"name": a_name(), "cpu": 3, "memory": 1}).json

    assert (created["cpu"], created["memory"]) == (4, 8)
    assert created["notes"] == ["cpu=3 memory=1 is not a Fargate size here; using cpu=4 memory=8."]


def test_a_size_that_fits_is_not_noted(inside: HomeInProcess) -> None:
    assert inside.ask("POST", "/apps", {"name": a_name(), "cpu": 2, "memory": 4}).json["notes"] == []


def test_each_tag_of_an_app_is_set_and_taken_away_by_itself(inside: HomeInProcess) -> None:
    name = inside.new_app(tags={"team": "shop", "cost-centre": "12"})

    assert change(inside, name, memory=4)["tags"] == {"team": "shop", "cost-centre": "12"}
    changed = change(inside, name, tags={"team": "search", "cost-centre": None, "stage": ""})
    assert changed["tags"] == {"team": "search", "stage": ""}
    assert change(inside, name, tags=None)["tags"] == {}


def test_an_app_comes_to_no_more_than_ten_tags(inside: HomeInProcess) -> None:
    name = inside.new_app(tags={f"t{number}": "" for number in range(9)})

    refused = inside.ask("PATCH", f"/apps/{name}", {"tags": {"a": "", "b": ""}})

    assert (refused.status, refused.json["Fields"]) == (400, {"tags": "would be 11 in all; 10 is the most"})
    assert len(change(inside, name, tags={"a": "", "b": "", "t0": None})["tags"]) == 10
