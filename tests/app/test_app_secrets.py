"""Secrets of an app over HTTP: what can be said of them, what is refused, and that no change loses another."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.store.app_secrets import LocalAppSecrets
from tests.home_in_process import HomeInProcess, home_in_process

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"


def change(home: HomeInProcess, app: str, **body: Any) -> Any:
    changed = home.ask("PATCH", f"/apps/{app}", body)
    assert changed.status == 200, changed.text
    return changed.json


def values_of(home: HomeInProcess, app: str) -> Mapping[str, str]:
    """Return what a task that is started now gets."""
    kept = home.services.app_secrets
    assert isinstance(kept, LocalAppSecrets)
    return kept.values_of(home.services.apps.get(app))


def test_secrets_are_set_one_by_one_and_removed_by_null(inside: HomeInProcess) -> None:
    app = inside.new_app(secret_values={"A": "1", "B": "2"})

    change(inside, app, secret_values={"C": "3"})
    told = change(inside, app, secrets={"A": None}, secret_values={"B": "two"})

    assert values_of(inside, app) == {"B": "two", "C": "3"}
    assert told["kept_secrets"]["names"] == ["B", "C"]
    assert told["kept_secrets"]["versions"][-1]["changed"] == ["A", "B"]


def test_an_app_without_secrets_tells_of_none(inside: HomeInProcess) -> None:
    app = inside.new_app()

    assert inside.ask("GET", f"/apps/{app}").json["kept_secrets"] is None
    assert values_of(inside, app) == {}


def test_going_back_gives_the_values_of_then(inside: HomeInProcess) -> None:
    app = inside.new_app(secret_values={"A": "good", "B": "1"})
    change(inside, app, secret_values={"A": "bad"}, secrets={"B": None})

    told = change(inside, app, secrets_version=1)

    assert values_of(inside, app) == {"A": "good", "B": "1"}
    assert told["kept_secrets"]["current"] == 1


def test_a_version_whose_values_are_lost_is_not_gone_back_to(tmp_path: Path) -> None:
    with home_in_process(tmp_path) as home:
        app = home.new_app(secret_values={"A": "1"})
        change(home, app, secret_values={"A": "2"})
        (tmp_path / "secrets.json").unlink()

        refused = home.ask("PATCH", f"/apps/{app}", {"secrets_version": 1})

        assert (refused.status, refused.json["Code"]) == (400, "InvalidRequest")
        assert "The values of A are not where they were kept" in refused.json["Message"]
        assert home.ask("GET", f"/apps/{app}").json["kept_secrets"]["current"] == 2


def test_other_changes_leave_secrets_alone(inside: HomeInProcess) -> None:
    app = inside.new_app(secret_values={"A": "1"})

    told = change(inside, app, memory=2.0)

    assert [version["number"] for version in told["kept_secrets"]["versions"]] == [1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"environment": {"A": "x"}}, "A is in both environment and secrets"),
        ({"secret_values": {"PLAIN": "x"}}, "PLAIN is in both environment and secrets"),
        ({"secrets": {"A": ARN}}, "A has both an ARN and a value that is kept here"),
        ({"secret_values": {"ELSEWHERE": "x"}}, "ELSEWHERE has both an ARN and a value that is kept here"),
        ({"secret_values": {"A": ""}}, "secret_values.A"),
        ({"secrets_version": 7}, "There is no version 7 of the secrets, but 1"),
        ({"secrets_version": 1, "secret_values": {"B": "2"}}, "a version is taken as it is"),
        ({"secrets_version": 1, "secrets": {"A": None}}, "a version is taken as it is"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    inside: HomeInProcess, body: dict[str, Any], said: str
) -> None:
    app = inside.new_app(environment={"PLAIN": "1"}, secrets={"ELSEWHERE": ARN}, secret_values={"A": "1"})

    refused = inside.ask("PATCH", f"/apps/{app}", body)

    assert (refused.status, said in refused.json["Message"]) == (400, True), refused.text
    assert values_of(inside, app) == {"A": "1"}


def test_a_variable_becomes_a_secret_in_one_request(inside: HomeInProcess) -> None:
    app = inside.new_app(environment={"A": "plain"})

    told = change(inside, app, environment={"A": None}, secret_values={"A": "secret"})

    assert (told["environment"], told["kept_secrets"]["names"]) == ([], ["A"])


def test_a_task_cannot_set_what_is_a_secret(inside: HomeInProcess) -> None:
    app = inside.new_app(secret_values={"A": "1"})

    refused = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", "environment": {"A": "2"}})

    assert (refused.status, refused.json["Fields"]) == (400, {"environment": "A is a secret of the app's"})


def test_versions_of_apps_that_were_never_there_do_not_exist(inside: HomeInProcess) -> None:
    refused = inside.ask("PATCH", f"/apps/{inside.new_app()}", {"secrets_version": 1})

    assert (refused.status, "has no secrets of which there are versions" in refused.text) == (400, True)


def test_those_who_change_secrets_at_the_same_time_lose_none(inside: HomeInProcess) -> None:
    app = inside.new_app(secret_values={"FIRST": "0"})
    names = [f"NAME_{number}" for number in range(8)]

    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(lambda name: change(inside, app, secret_values={name: name}), names))

    assert values_of(inside, app) == {"FIRST": "0", **{name: name for name in names}}
