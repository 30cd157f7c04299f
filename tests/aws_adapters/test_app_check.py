"""What is said of an app when it is made: what its tasks could never do, and what its owner should know."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.domain.errors import InvalidRequest
from tests.aws_adapters.ecs_account import NO_SESSIONS, PROXY, WEB, a_cluster, a_web_app, ecs_on_moto
from tests.aws_clients import REGION
from tests.builders import an_app


@pytest.fixture
def ecs() -> Iterator[Any]:
    with ecs_on_moto() as ecs:
        yield ecs


class Mute:
    """A client of an ECS that refuses whatever it is asked, or does not answer."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def describe_services(self, **_: Any) -> Any:
        raise self._error


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}}, "DescribeServices")


def a_cluster_that_hears(client: Any) -> EcsCluster:
    return EcsCluster(None, LogGroups(None), NO_SESSIONS, stage="test", region=REGION, hurried=client)


@pytest.mark.parametrize(
    ("app", "field", "words", "then"),
    [
        ({"service": "gone"}, "service", "there is no service gone in the cluster prod", "service="),
        ({"cluster": "gone"}, "cluster", "there is no cluster gone", "cluster="),
        ({"container": "api"}, "container", "has no container api, but web, proxy", "container=NAME"),
        ({"sidecars": ("proxi",)}, "sidecars", "has no container proxi, but web, proxy", "sidecars=NAME"),
    ],
)
def test_an_app_whose_tasks_could_never_start_is_refused(
    ecs: Any, app: dict[str, Any], field: str, words: str, then: str
) -> None:
    with pytest.raises(InvalidRequest, match=words) as refusal:
        a_cluster(ecs).check_app(a_web_app(**app))

    assert words in refusal.value.fields[field]
    assert then in (refusal.value.hint or "")


@pytest.mark.parametrize(
    ("app", "then"),
    [
        ({"mounts": ("data:/data",)}, "volumes of its definition"),
        ({"networks": ("shop_default",)}, "subnets="),
    ],
)
def test_what_containers_of_one_machine_have_is_refused(ecs: Any, app: dict[str, Any], then: str) -> None:
    with pytest.raises(InvalidRequest, match="ECS has nothing like it") as refusal:
        a_cluster(ecs).check_app(a_web_app(**app))

    assert list(refusal.value.fields) == list(app)
    assert then in (refusal.value.hint or "")


def test_of_several_essential_containers_one_has_to_be_named_when_the_app_is_made() -> None:
    with ecs_on_moto(WEB, {**PROXY, "essential": True}) as ecs:
        with pytest.raises(InvalidRequest, match="several essential containers") as refusal:
            a_cluster(ecs).check_app(a_web_app())
        assert "container=NAME" in (refusal.value.hint or "")

        assert a_cluster(ecs).check_app(a_web_app(sidecars=("proxy",))) == []


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("AccessDeniedException"),
        EndpointConnectionError(endpoint_url="https://ecs"),
    ],
    ids=["busy", "not allowed", "out of reach"],
)
def test_an_ecs_that_cannot_be_asked_keeps_nobody_from_making_an_app(error: Exception) -> None:
    (note,) = a_cluster_that_hears(Mute(error)).check_app(a_web_app())

    assert "at the first launch" in note


def test_an_app_without_a_service_asks_nobody() -> None:
    assert (
        a_cluster_that_hears(Mute(AssertionError())).check_app(an_app(cluster="prod", image="busybox")) == ()
    )


def test_containers_that_a_task_goes_without_are_told(ecs: Any) -> None:
    (note,) = a_cluster(ecs).check_app(a_web_app())

    assert "(proxy)" in note
    assert "sidecars=" in note


def test_service_connect_is_told_to_be_for_services_alone(ecs: Any) -> None:
    (service,) = ecs.describe_services(cluster="prod", services=["web"])["services"]
    connected = {"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": True, "namespace": "shop"}}

    class Connected:
        def describe_services(self, **_: Any) -> Any:
            return {"services": [{**service, "deployments": [connected]}]}

        def __getattr__(self, name: str) -> Any:
            return getattr(ecs, name)

    (note,) = a_cluster_that_hears(Connected()).check_app(a_web_app(sidecars=("proxy",)))

    assert "Service Connect" in note
