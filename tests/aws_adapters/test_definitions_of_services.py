"""Definitions as services really have them, and what of each becomes a task's."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.adapters.derived_definition import derive
from chalicelib.adapters.ecs_inheritance import Inheritance
from chalicelib.domain.app import App
from chalicelib.domain.errors import Unfit
from tests.aws_adapters.ecs_account import a_web_app

OPTIONS = {
    "awslogs-group": "/tapit/test/shop",
    "awslogs-region": "eu-central-1",
    "awslogs-stream-prefix": "tapit",
}
OWN_LOG = {"logDriver": "awslogs", "options": OPTIONS}
SHIPPED = {"logDriver": "awsfirelens", "options": {"Name": "datadog"}}
KEPT_LOG = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/ecs/pgbouncer", "awslogs-region": "eu-central-1"},
}
HEALTH = {"command": ["CMD-SHELL", "pg_isready -h 127.0.0.1 -p 6432"], "interval": 5}
WEB: dict[str, Any] = {"name": "web", "image": "shop:v1", "essential": True}
PGBOUNCER: dict[str, Any] = {
    "name": "pgbouncer",
    "image": "pgbouncer:1",
    "essential": True,
    "cpu": 64,
    "memory": 1024,
    "memoryReservation": 256,
    "command": ["pgbouncer", "/etc/pgbouncer.ini"],
    "environment": [{"name": "POOL", "value": "20"}],
    "secrets": [{"name": "PASSWORD", "valueFrom": "arn:aws:ssm:eu-central-1:1:parameter/pg"}],
    "healthCheck": HEALTH,
    "portMappings": [{"containerPort": 6432}],
    "dockerLabels": {"traefik.enable": "true"},
    "logConfiguration": KEPT_LOG,
    "mountPoints": [{"sourceVolume": "ini", "containerPath": "/etc"}],
    "restartPolicy": {"enabled": True},
    "stopTimeout": 10,
    "startTimeout": 60,
}
INIT: dict[str, Any] = {"name": "init", "image": "init:1", "essential": False, "logConfiguration": SHIPPED}
ROUTER: dict[str, Any] = {
    "name": "log_router",
    "image": "fluent-bit",
    "firelensConfiguration": {"type": "fluentbit"},
}


class AnAccount:
    """A client of ECS that knows one service and its definition."""

    def __init__(
        self, *containers: Mapping[str, Any], definition: Mapping[str, Any], service: Mapping[str, Any]
    ) -> None:
        self._definition = {"containerDefinitions": list(containers), **definition}
        self._service = service

    def describe_services(self, **_: Any) -> dict[str, Any]:
        network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
        dull = {
            "status": "ACTIVE",
            "taskDefinition": "web:1",
            "launchType": "FARGATE",
            "networkConfiguration": network,
        }
        return {"services": [{**dull, **self._service}]}

    def describe_task_definition(self, **_: Any) -> dict[str, Any]:
        return {"taskDefinition": self._definition}


def inherited(
    *containers: Mapping[str, Any], app: App, service: Mapping[str, Any] | None = None, **definition: Any
) -> Any:
    return Inheritance(AnAccount(*containers, definition=definition, service=service or {})).of(app)


def derived(
    *containers: Mapping[str, Any], app: App, service: Mapping[str, Any] | None = None, **definition: Any
) -> Any:
    return derive(app, inherited(*containers, app=app, service=service, **definition), "shop:v1", OPTIONS)


def main_of(definition: Any) -> Any:
    return definition["containerDefinitions"][0]


def sidecars_of(definition: Any) -> Any:
    return {one["name"]: one for one in definition["containerDefinitions"][1:]}


# The container of the command


@pytest.mark.parametrize(
    "field",
    [
        {"pseudoTerminal": True},
        {"interactive": True},
        {"dockerLabels": {"traefik.http.routers.web.rule": "Host(`shop.example`)"}},
        {"restartPolicy": {"enabled": True, "restartAttemptPeriod": 60}},
        {"healthCheck": HEALTH},
        {"startTimeout": 30},
        {"dependsOn": [{"containerName": "pgbouncer", "condition": "START"}]},
        {"links": ["pgbouncer:db"]},
        {"volumesFrom": [{"sourceContainer": "pgbouncer"}]},
        {"firelensConfiguration": {"type": "fluentbit"}},
    ],
    ids=lambda field: next(iter(field)),
)
def test_what_is_not_for_a_command_that_runs_once_is_left_out(field: dict[str, Any]) -> None:
    definition = derived({**WEB, **field}, PGBOUNCER, app=a_web_app(container="web"))

    assert not field.keys() & main_of(definition).keys()
    assert sidecars_of(definition) == {}


@pytest.mark.parametrize(
    "field",
    [
        {"ulimits": [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}]},
        {"user": "1000:1000"},
        {"readonlyRootFilesystem": True},
        {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop/web.env"}]},
        {"systemControls": [{"namespace": "net.ipv4.tcp_keepalive_time", "value": "60"}]},
        {"versionConsistency": "disabled"},
        {"credentialSpecs": ["credentialspecdomainless:arn:aws:ssm:eu-central-1:1:parameter/spec"]},
        {"extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.1"}]},
        {"resourceRequirements": [{"type": "GPU", "value": "1"}]},
    ],
    ids=lambda field: next(iter(field)),
)
def test_what_the_program_may_rely_on_is_kept(field: dict[str, Any]) -> None:
    assert field.items() <= main_of(derived({**WEB, **field}, app=a_web_app())).items()


def test_capabilities_and_devices_are_kept_beside_the_init_process() -> None:
    linux = {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": False, "tmpfs": []}

    container = main_of(derived({**WEB, "linuxParameters": linux}, app=a_web_app()))

    assert container["linuxParameters"] == {**linux, "initProcessEnabled": True}


def test_a_task_runs_on_the_processor_of_the_service_and_takes_part_in_nothing_of_it() -> None:
    platform = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}

    definition = derived(
        WEB,
        app=a_web_app(),
        runtimePlatform=platform,
        proxyConfiguration={"containerName": "envoy"},
        pidMode="task",
        ipcMode="task",
        enableFaultInjection=True,
        ephemeralStorage={"sizeInGiB": 100},
    )

    assert definition["runtimePlatform"] == platform
    assert not {"proxyConfiguration", "pidMode", "ipcMode", "enableFaultInjection", "ephemeralStorage"} & set(
        definition
    )


def test_constraints_on_instances_are_for_instances() -> None:
    constraints = [{"type": "memberOf", "expression": "attribute:ecs.instance-type =~ m5.*"}]
    on_instances = {"launchType": "EC2"}

    kept = derived(WEB, app=a_web_app(), service=on_instances, placementConstraints=constraints)
    left = derived(
        WEB, app=a_web_app(capacity=("FARGATE",)), service=on_instances, placementConstraints=constraints
    )

    assert kept["placementConstraints"] == constraints
    assert "placementConstraints" not in left


@pytest.mark.parametrize(
    ("required", "compatible"),
    [([], ["EC2"]), (["EC2", "FARGATE"], ["EC2"]), (["MANAGED_INSTANCES"], ["MANAGED_INSTANCES"])],
)
def test_on_a_capacity_provider_of_its_own_a_task_wants_what_the_service_wants(
    required: list[str], compatible: list[str]
) -> None:
    strategy = {"capacityProviderStrategy": [{"capacityProvider": "own", "weight": 1}]}

    definition = derived(WEB, app=a_web_app(), service=strategy, requiresCompatibilities=required)

    assert definition["requiresCompatibilities"] == compatible


@pytest.mark.parametrize("family", ["WINDOWS_SERVER_2022_CORE", "WINDOWS_SERVER_2019_FULL"])
def test_windows_is_refused_in_plain_words(family: str) -> None:
    with pytest.raises(Unfit, match=f"web runs on Windows .{family}., and tasks run on Linux alone"):
        inherited(WEB, app=a_web_app(), runtimePlatform={"operatingSystemFamily": family})


# Volumes

EFS = {"name": "media", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}}
AT_LAUNCH = {"name": "data", "configuredAtLaunch": True}
ROLE = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
MOUNTED = {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}


def deployed(**configured: Any) -> dict[str, Any]:
    volume = {"name": "data", "managedEBSVolume": {"roleArn": ROLE, "sizeInGiB": 50, **configured}}
    old = {"status": "ACTIVE", "volumeConfigurations": []}
    return {"deployments": [old, {"status": "PRIMARY", "volumeConfigurations": [volume]}]}


def test_a_file_system_goes_with_the_container_that_mounts_it() -> None:
    mounted = {**WEB, "mountPoints": [{"sourceVolume": "media", "containerPath": "/media"}]}

    assert derived(mounted, app=a_web_app(), volumes=[EFS, {"name": "unused"}])["volumes"] == [EFS]


def test_a_volume_that_is_made_at_launch_is_made_for_the_task_as_for_the_service() -> None:
    tags = [
        {"resourceType": "volume", "propagateTags": "SERVICE", "tags": [{"key": "team", "value": "shop"}]}
    ]

    found = inherited(
        {**WEB, **MOUNTED}, app=a_web_app(), service=deployed(tagSpecifications=tags), volumes=[AT_LAUNCH]
    )

    (volume,) = found.volumes
    assert volume == {
        "name": "data",
        "managedEBSVolume": {
            "roleArn": ROLE,
            "sizeInGiB": 50,
            "terminationPolicy": {"deleteOnTermination": True},
            "tagSpecifications": [{"resourceType": "volume", "tags": [{"key": "team", "value": "shop"}]}],
        },
    }


def test_a_volume_that_nothing_of_the_task_mounts_is_not_made() -> None:
    assert inherited(WEB, app=a_web_app(), service=deployed(), volumes=[AT_LAUNCH]).volumes == []


@pytest.mark.parametrize("service", [{}, {"deployments": [{"status": "PRIMARY"}]}])
def test_a_volume_of_which_the_service_does_not_say_how_it_is_made_is_refused(
    service: dict[str, Any],
) -> None:
    with pytest.raises(Unfit, match="volume data is configured at launch"):
        inherited({**WEB, **MOUNTED}, app=a_web_app(), service=service, volumes=[AT_LAUNCH])


# Sidecars


def test_a_sidecar_is_kept_as_the_service_has_it_but_for_its_size_its_ports_and_its_weight() -> None:
    definition = derived(WEB, PGBOUNCER, app=a_web_app(sidecars=("pgbouncer",)), volumes=[{"name": "ini"}])

    kept = {name: value for name, value in PGBOUNCER.items() if name not in DROPPED}
    assert sidecars_of(definition) == {"pgbouncer": {**kept, "essential": False}}
    assert definition["volumes"] == [{"name": "ini"}]


DROPPED = ("cpu", "memory", "memoryReservation", "portMappings", "dockerLabels")


def test_the_command_alone_decides_about_the_end() -> None:
    definition = derived(WEB, PGBOUNCER, INIT, app=a_web_app(sidecars=("pgbouncer", "init")))

    essential = {one["name"]: one["essential"] for one in definition["containerDefinitions"]}
    assert essential == {"main": True, "pgbouncer": False, "init": False}


def test_the_command_waits_for_each_sidecar_as_the_service_does_and_at_least_for_its_start() -> None:
    said = [
        {"containerName": "init", "condition": "SUCCESS"},
        {"containerName": "pgbouncer", "condition": "HEALTHY"},
        {"containerName": "log_router", "condition": "START"},
    ]
    agent = {"name": "agent", "image": "datadog", "essential": False}
    app = a_web_app(sidecars=("agent", "pgbouncer", "init"))

    container = main_of(
        derived({**WEB, "dependsOn": said}, PGBOUNCER, INIT, agent, ROUTER, app=app.but(container="web"))
    )

    assert container["dependsOn"] == [
        {"containerName": "pgbouncer", "condition": "HEALTHY"},
        {"containerName": "init", "condition": "SUCCESS"},
        {"containerName": "agent", "condition": "START"},
    ]


def test_sidecars_wait_for_each_other_and_never_for_the_command() -> None:
    init = {**INIT, "dependsOn": [{"containerName": "pgbouncer", "condition": "HEALTHY"}]}
    shipper = {
        "name": "shipper",
        "image": "shipper",
        "essential": False,
        "dependsOn": [
            {"containerName": "web", "condition": "START"},
            {"containerName": "envoy", "condition": "START"},
        ],
    }
    app = a_web_app(container="web", sidecars=("pgbouncer", "init", "shipper"))

    sidecars = sidecars_of(
        derived(WEB, PGBOUNCER, init, shipper, {"name": "envoy", "image": "envoy"}, app=app)
    )

    assert sidecars["init"]["dependsOn"] == [{"containerName": "pgbouncer", "condition": "HEALTHY"}]
    assert "dependsOn" not in sidecars["shipper"]


def test_output_of_a_sidecar_goes_where_it_went_and_to_the_apps_group_when_its_router_is_not_there() -> None:
    sidecars = sidecars_of(derived(WEB, PGBOUNCER, INIT, app=a_web_app(sidecars=("pgbouncer", "init"))))

    assert sidecars["pgbouncer"]["logConfiguration"] == KEPT_LOG
    assert sidecars["init"]["logConfiguration"] == OWN_LOG


def test_links_and_shared_volumes_lead_to_sidecars_alone() -> None:
    web = {
        **WEB,
        "links": ["pgbouncer:db", "cache"],
        "volumesFrom": [{"sourceContainer": "pgbouncer"}, {"sourceContainer": "cache"}],
    }
    pgbouncer = {**PGBOUNCER, "links": ["web"], "volumesFrom": [{"sourceContainer": "web"}]}
    cache = {"name": "cache", "image": "redis", "essential": False}
    app = a_web_app(sidecars=("pgbouncer",))

    on_a_bridge = derived(web, pgbouncer, cache, app=app, service={"launchType": "EC2"}, networkMode="bridge")
    on_fargate = derived(web, pgbouncer, cache, app=app)

    assert (main_of(on_a_bridge)["links"], main_of(on_a_bridge)["volumesFrom"]) == (
        ["pgbouncer:db"],
        [{"sourceContainer": "pgbouncer"}],
    )
    assert not {"links", "volumesFrom"} & sidecars_of(on_a_bridge)["pgbouncer"].keys()
    assert "links" not in main_of(on_fargate)


def test_equal_apps_have_equal_definitions_in_whatever_order_they_name_their_sidecars() -> None:
    orders = [("pgbouncer", "init"), ("init", "pgbouncer")]

    one, other = (derived(WEB, PGBOUNCER, INIT, app=a_web_app(sidecars=order)) for order in orders)

    assert one == other


def test_of_two_essential_containers_the_one_that_is_no_sidecar_runs_the_command() -> None:
    assert main_of(derived(WEB, PGBOUNCER, app=a_web_app(sidecars=("pgbouncer",))))["image"] == "shop:v1"


def test_a_router_of_logs_never_runs_the_command_however_essential() -> None:
    definition = derived({**WEB, "logConfiguration": SHIPPED}, ROUTER, app=a_web_app())

    assert [one["logConfiguration"] for one in definition["containerDefinitions"]] == [OWN_LOG]


@pytest.mark.parametrize(
    ("app", "field", "words"),
    [
        (
            {"sidecars": ("pgbuoncer",)},
            "sidecars",
            "has no container pgbuoncer, but web, pgbouncer, log_router, main",
        ),
        ({"container": "api"}, "container", "has no container api, but web, pgbouncer, log_router, main"),
        ({}, "container", r"several essential containers \(web, pgbouncer\)"),
        ({"sidecars": ("web", "pgbouncer")}, "sidecars", "no essential container left"),
        ({"container": "web", "sidecars": ("web",)}, "sidecars", "the container web runs the command"),
        ({"container": "web", "sidecars": ("log_router",)}, "sidecars", "route logs"),
        ({"container": "web", "sidecars": ("main",)}, "sidecars", "cannot be named main"),
    ],
)
def test_what_does_not_fit_is_named_with_what_there_is(app: dict[str, Any], field: str, words: str) -> None:
    strange = {"name": "main", "image": "x", "essential": False}

    with pytest.raises(Unfit, match=words) as refusal:
        inherited(WEB, PGBOUNCER, ROUTER, strange, app=a_web_app(**app))
    assert refusal.value.field == field
