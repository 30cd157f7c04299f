"""Apps whose service does not fit, over HTTP; the cluster is the real one's check on a service of the test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.wiring import running_on
from tests.aws_adapters.ecs_account import PROXY, WEB, a_cluster, ecs_on_moto
from tests.home_in_process import HomeInProcess

ESSENTIAL_PROXY = {**PROXY, "essential": True}


@contextmanager
def on_ecs(inside: HomeInProcess, *containers: Any) -> Iterator[Any]:
    with ecs_on_moto(*containers) as ecs:
        cluster: EcsCluster = a_cluster(ecs)
        with running_on(replace(inside.services, cluster=cluster)):
            yield ecs


def test_what_does_not_fit_is_said_when_the_app_is_made(inside: HomeInProcess) -> None:
    with on_ecs(inside, WEB, ESSENTIAL_PROXY):
        refused = inside.ask("POST", "/apps", {"name": "twins", "cluster": "prod", "service": "web"})

    assert (refused.status, refused.json["Code"]) == (400, "InvalidRequest")
    assert "several essential containers (web, proxy)" in refused.json["Message"]
    assert "container" in refused.json["Fields"]
    assert "container=NAME" in refused.json["Hint"]
    assert inside.ask("GET", "/apps/twins").status == 404


def test_a_change_of_the_service_is_looked_at_and_no_other_change(inside: HomeInProcess) -> None:
    with on_ecs(inside) as ecs:
        app = inside.new_app(cluster="prod", service="web")
        refused = inside.ask("PATCH", f"/apps/{app}", {"sidecars": ["proxi"]})
        kept = inside.ask("PATCH", f"/apps/{app}", {"sidecars": ["proxy"]})
        ecs.delete_service(cluster="prod", service="web", force=True)
        resized = inside.ask("PATCH", f"/apps/{app}", {"memory": 2})
        renamed = inside.ask("PATCH", f"/apps/{app}", {"service": "gone"})

    assert "has no container proxi, but web, proxy" in refused.json["Message"]
    assert (kept.status, kept.json["sidecars"]) == (200, ["proxy"])
    assert resized.status == 200
    assert renamed.status == 400


def test_what_a_task_goes_without_is_a_note(inside: HomeInProcess) -> None:
    with on_ecs(inside):
        made = inside.ask("POST", "/apps", {"name": "alone", "cluster": "prod", "service": "web"})

    assert made.status == 201
    assert "proxy" in made.json["notes"][0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sidecars": ["pgbouncer"]}, "service"),
        ({"cluster": "prod", "service": "web", "container": "web", "sidecars": ["web"]}, "sidecars"),
        ({"cluster": "prod", "service": "web", "sidecars": ["a", "a"]}, "sidecars"),
        ({"cluster": "prod", "service": "web", "sidecars": ["a b"]}, "sidecars.0"),
        ({"cluster": "prod", "service": "web", "sidecars": [f"s{n}" for n in range(10)]}, "sidecars"),
    ],
)
def test_sidecars_that_cannot_be_are_refused(inside: HomeInProcess, body: dict[str, Any], field: str) -> None:
    refused = inside.ask("POST", "/apps", {"name": "shop", **body})

    assert refused.status == 400
    assert field in refused.json["Fields"]


def test_a_home_without_containers_says_that_it_has_no_use_for_sidecars(inside: HomeInProcess) -> None:
    made = inside.ask(
        "POST", "/apps", {"name": "beside", "cluster": "prod", "service": "web", "sidecars": ["proxy"]}
    )

    assert made.json["notes"] == [
        "sidecars=proxy is kept with the app, but not used: its tasks run as plain processes."
    ]
    cleared = inside.ask("PATCH", "/apps/beside", {"sidecars": None})
    assert (cleared.json["sidecars"], cleared.json["notes"]) == ([], [])


def test_what_is_of_one_machine_is_refused_by_name(inside: HomeInProcess) -> None:
    with on_ecs(inside):
        app = inside.new_app(cluster="prod", service="web")
        refused = inside.ask("PATCH", f"/apps/{app}", {"mounts": ["data:/data"]})
        taken_away = inside.ask("PATCH", f"/apps/{app}", {"mounts": None, "user": "1000"})

    assert (refused.status, list(refused.json["Fields"])) == (400, ["mounts"])
    assert "volumes of its definition" in refused.json["Hint"]
    assert (taken_away.status, taken_away.json["user"]) == (200, "1000")
