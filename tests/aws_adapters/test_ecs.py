"""Tasks on ECS: what is asked of it, and what is read of its answers."""

import json
from typing import Any

import pytest

from chalicelib.adapters import graceful_line
from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_overrides import LONGEST_OVERRIDES
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest, RefusedForGood
from chalicelib.domain.image import Pull
from chalicelib.domain.task import Task, accept_launch
from tests.aws_adapters.ecs_account import (
    EXECUTION_ROLE,
    NO_SESSIONS,
    PROXY,
    SECRET,
    TASK_ROLE,
    WEB,
    a_cluster,
    a_planned_task,
    a_web_app,
    client,
    ecs_on_moto,
    security_groups,
    subnets,
)
from tests.aws_clients import REGION
from tests.builders import NOON, TASK_ID, a_task, an_app


def run_task_of(cluster: EcsCluster, app: App, **task: Any) -> dict[str, Any]:
    call: dict[str, Any] = cluster.plan(a_task(**task), app)["run_task"]
    return call


def derived(ecs: Any, cluster: EcsCluster, app: App, **task: Any) -> dict[str, Any]:
    arn = run_task_of(cluster, app, **task)["taskDefinition"]
    found: dict[str, Any] = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return found


def container_of(ecs: Any, cluster: EcsCluster, app: App, **task: Any) -> dict[str, Any]:
    (container,) = derived(ecs, cluster, app, **task)["containerDefinitions"]
    found: dict[str, Any] = container
    return found


def started(cluster: EcsCluster, app: App) -> Task:
    task = a_planned_task(cluster, app)
    return accept_launch(task, cluster.start(task, app), NOON)


def revisions(ecs: Any) -> list[str]:
    families: list[str] = ecs.list_task_definitions()["taskDefinitionArns"]
    return [arn for arn in families if "tapit-test_shop_" in arn]


def test_a_task_takes_over_the_image_environment_secrets_and_roles_of_the_service(
    ecs: Any, cluster: EcsCluster
) -> None:
    definition = derived(ecs, cluster, a_web_app())
    (container,) = definition["containerDefinitions"]

    assert definition["executionRoleArn"] == EXECUTION_ROLE
    assert definition["taskRoleArn"] == TASK_ROLE
    assert container["image"] == WEB["image"]
    assert container["environment"] == WEB["environment"]
    assert container["secrets"] == WEB["secrets"]
    assert container["user"] == "app"
    assert [volume["name"] for volume in definition["volumes"]] == ["media"]


@pytest.mark.parametrize(
    "field",
    ["portMappings", "healthCheck", "dependsOn", "links", "volumesFrom", "memoryReservation", "command"],
)
def test_what_is_about_a_service_is_left_out(ecs: Any, cluster: EcsCluster, field: str) -> None:
    assert not container_of(ecs, cluster, a_web_app()).get(field)


def test_no_size_of_the_container_survives_the_tasks_own(ecs: Any, cluster: EcsCluster) -> None:
    container = container_of(ecs, cluster, a_web_app())

    assert container.get("cpu", 0) == 0
    assert "memory" not in container


def test_the_command_is_one_line_for_a_shell_that_reaps_its_children(ecs: Any, cluster: EcsCluster) -> None:
    call = run_task_of(cluster, a_web_app(), command="echo 'a b' | wc")
    container = container_of(ecs, cluster, a_web_app())

    assert container["entryPoint"] == graceful_line.ENTRY_POINT
    assert container["linuxParameters"] == {"sharedMemorySize": 64, "initProcessEnabled": True}
    assert call["overrides"]["containerOverrides"][0]["command"] == ["tapit-line", "echo 'a b' | wc", "2970"]


def test_an_app_can_keep_the_entry_point(ecs: Any, cluster: EcsCluster) -> None:
    app = a_web_app(keep_entrypoint=True)

    call = run_task_of(cluster, app, command="migrate --to 'the end'")

    assert container_of(ecs, cluster, app)["entryPoint"] == WEB["entryPoint"]
    assert call["overrides"]["containerOverrides"][0]["command"] == ["migrate", "--to", "the end"]


def test_a_command_that_is_no_list_of_words_cannot_go_to_an_entry_point(cluster: EcsCluster) -> None:
    with pytest.raises(RefusedForGood, match="cannot be split into words"):
        cluster.plan(a_task(command="echo 'a"), a_web_app(keep_entrypoint=True))


def test_output_is_never_dropped_and_goes_to_a_group_of_the_apps_own(ecs: Any, cluster: EcsCluster) -> None:
    options = container_of(ecs, cluster, a_web_app())["logConfiguration"]["options"]

    assert options == {
        "awslogs-region": "eu-central-1",
        "awslogs-group": "/tapit/test/shop",
        "awslogs-stream-prefix": "tapit",
        "mode": "blocking",
    }
    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/tapit/test/shop", 90)


def test_output_goes_where_the_service_logs(ecs: Any) -> None:
    logs = {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/shop",
            "awslogs-region": "eu-central-1",
            "awslogs-stream-prefix": "web",
            "awslogs-multiline-pattern": "^20",
            "mode": "non-blocking",
            "max-buffer-size": "4m",
        },
    }
    with ecs_on_moto({**WEB, "logConfiguration": logs}, PROXY) as ecs:
        options = container_of(ecs, a_cluster(ecs), a_web_app())["logConfiguration"]["options"]

        assert client("logs").describe_log_groups()["logGroups"] == []
    assert options == {
        "awslogs-group": "/shop",
        "awslogs-region": "eu-central-1",
        "awslogs-stream-prefix": "tapit",
        "awslogs-multiline-pattern": "^20",
        "mode": "blocking",
    }


def test_output_of_a_service_that_logs_to_another_region_goes_to_the_apps_own_group(ecs: Any) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/shop", "awslogs-region": "us-east-1"}}
    with ecs_on_moto({**WEB, "logConfiguration": logs}, PROXY) as ecs:
        cluster = a_cluster(ecs)
        options = container_of(ecs, cluster, a_web_app())["logConfiguration"]["options"]

        assert cluster.plan(a_task(), a_web_app())["log_group"] == "/tapit/test/shop"
        (group,) = client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"] == "/tapit/test/shop"
    assert (options["awslogs-region"], options["awslogs-group"]) == ("eu-central-1", "/tapit/test/shop")


def test_what_the_app_says_comes_before_what_the_service_has(ecs: Any, cluster: EcsCluster) -> None:
    app = a_web_app(
        environment={"MODE": "task", "DATABASE_URL": "sqlite:"},
        secrets={"APP_NAME": SECRET},
        workdir="/srv",
        user="1000:1000",
        stop_timeout=90.0,
        log_group="/elsewhere",
        task_role="arn:aws:iam::123456789012:role/other",
    )

    definition = derived(ecs, cluster, app)
    (container,) = definition["containerDefinitions"]

    assert container["environment"] == [
        {"name": "DATABASE_URL", "value": "sqlite:"},
        {"name": "MODE", "value": "task"},
    ]
    assert container["secrets"] == [{"name": "APP_NAME", "valueFrom": SECRET}]
    assert (container["workingDirectory"], container["stopTimeout"]) == ("/srv", 90)
    assert container["user"] == "1000:1000"
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/elsewhere"
    assert definition["taskRoleArn"] == "arn:aws:iam::123456789012:role/other"


@pytest.mark.parametrize(
    ("asked", "image"),
    [
        ({"image": "busybox"}, "busybox"),
        ({"docker_tag": "v2"}, "registry.example:5000/shop/web:v2"),
        ({}, WEB["image"]),
    ],
)
def test_a_task_may_name_its_image_or_its_tag(
    ecs: Any, cluster: EcsCluster, asked: dict[str, str], image: str
) -> None:
    assert container_of(ecs, cluster, a_web_app(), **asked)["image"] == image
    assert cluster.plan(a_task(**asked), a_web_app())["image"] == image


def test_a_task_may_run_as_somebody_else(ecs: Any, cluster: EcsCluster) -> None:
    app = a_web_app(user="app")

    assert container_of(ecs, cluster, app, user="1000")["user"] == "1000"
    assert container_of(ecs, cluster, app)["user"] == "app"


def test_when_images_are_fetched_is_said_to_be_not_ours_to_decide(cluster: EcsCluster) -> None:
    assert cluster.notes(a_task(), None) == ()
    (note,) = cluster.notes(a_task(pull=Pull.NEVER), None)
    assert note.startswith("pull=never is kept with the task, but not used")


def test_equal_tasks_share_one_definition_also_between_two_processes(ecs: Any) -> None:
    asked = [a_web_app(), a_web_app(), a_web_app(memory=2.0)]

    arns = {run_task_of(a_cluster(ecs), app, memory=1.0)["taskDefinition"] for app in asked}

    assert len(arns) == 1
    assert len(revisions(ecs)) == 1


def test_images_in_turn_make_no_definition_per_task(ecs: Any) -> None:
    for number in range(6):
        run_task_of(a_cluster(ecs), a_web_app(), docker_tag=f"v{number % 2}")

    assert len(revisions(ecs)) == 2


def test_a_definition_that_was_deregistered_is_registered_anew(ecs: Any) -> None:
    before = run_task_of(a_cluster(ecs), a_web_app())["taskDefinition"]
    ecs.deregister_task_definition(taskDefinition=before)

    after = run_task_of(a_cluster(ecs), a_web_app())["taskDefinition"]

    assert after != before
    assert ecs.describe_task_definition(taskDefinition=after)["taskDefinition"]["status"] == "ACTIVE"


def test_a_new_deployment_of_the_service_is_taken_over_at_once(ecs: Any, cluster: EcsCluster) -> None:
    run_task_of(cluster, a_web_app())
    newer = ecs.register_task_definition(
        family="shop-web", containerDefinitions=[{**WEB, "image": "shop:v2"}]
    )
    ecs.update_service(
        cluster="prod", service="web", taskDefinition=newer["taskDefinition"]["taskDefinitionArn"]
    )

    assert container_of(ecs, cluster, a_web_app())["image"] == "shop:v2"


def test_sizes_are_overrides_and_the_smallest_disk_is_not_one(cluster: EcsCluster) -> None:
    small = run_task_of(cluster, a_web_app(), cpu=0.25, memory=0.5)["overrides"]
    large = run_task_of(cluster, a_web_app(), cpu=4.0, memory=30.0, ephemeral_storage_gb=100)["overrides"]

    assert (small["cpu"], small["memory"]) == ("256", "512")
    assert "ephemeralStorage" not in small
    assert (large["cpu"], large["memory"]) == ("4096", "30720")
    assert large["ephemeralStorage"] == {"sizeInGiB": 100}


def test_a_task_knows_who_it_is(cluster: EcsCluster) -> None:
    (container,) = run_task_of(cluster, a_web_app())["overrides"]["containerOverrides"]

    assert container["environment"] == [
        {"name": "TAPIT_TASK_ID", "value": TASK_ID},
        {"name": "TAPIT_APP", "value": "shop"},
    ]


def test_variables_of_a_task_are_overrides_and_its_folder_is_a_definition_of_its_own(
    ecs: Any, cluster: EcsCluster
) -> None:
    app = a_web_app(workdir="/srv")
    own = {"environment": {"LEVEL": "debug"}, "workdir": "/tmp"}

    (container,) = run_task_of(cluster, app, **own)["overrides"]["containerOverrides"]

    assert {"name": "LEVEL", "value": "debug"} in container["environment"]
    assert container_of(ecs, cluster, app, **own)["workingDirectory"] == "/tmp"
    assert container_of(ecs, cluster, app)["workingDirectory"] == "/srv"


def test_a_command_that_ecs_would_refuse_is_refused_before(cluster: EcsCluster) -> None:
    longest = "x" * 7000
    assert (
        len(json.dumps(run_task_of(cluster, a_web_app(), command=longest)["overrides"])) < LONGEST_OVERRIDES
    )

    with pytest.raises(RefusedForGood, match="8192"):
        cluster.plan(a_task(command='"' * 5000), a_web_app())


@pytest.mark.parametrize(
    ("command", "app", "told"),
    [
        ('"' * 5000, a_web_app(), "8192 characters"),
        ("echo 'one", a_web_app(keep_entrypoint=True), "split into words"),
    ],
    ids=["too long", "no words"],
)
def test_a_command_that_can_never_start_is_refused_without_asking_aws(
    command: str, app: App, told: str
) -> None:
    unasked = EcsCluster(None, LogGroups(None), NO_SESSIONS, stage="test", region=REGION)

    with pytest.raises(InvalidRequest, match=told) as refused:
        unasked.refuse(a_task(command=command), app)

    assert "command" in refused.value.fields


def test_the_longest_command_that_fits_is_not_refused(cluster: EcsCluster) -> None:
    for command in ("x" * 7000, "é" * 7000):
        cluster.refuse(a_task(command=command), a_web_app())


def test_the_network_is_the_services_unless_the_app_has_its_own(cluster: EcsCluster) -> None:
    inherited = run_task_of(cluster, a_web_app())["networkConfiguration"]["awsvpcConfiguration"]
    own = run_task_of(cluster, a_web_app(subnets=("subnet-9",), assign_public_ip=True))

    assert inherited == {
        "subnets": subnets(),
        "securityGroups": security_groups(),
        "assignPublicIp": "DISABLED",
    }
    assert own["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-9"],
        "securityGroups": security_groups(),
        "assignPublicIp": "ENABLED",
    }


@pytest.mark.parametrize(
    ("capacity", "asked", "compatible"),
    [
        ((), {"launchType": "FARGATE"}, "FARGATE"),
        (("EC2",), {"launchType": "EC2"}, "EC2"),
        (
            ("FARGATE_SPOT",),
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
            "FARGATE",
        ),
        (
            ("gpu", "cpu"),
            {
                "capacityProviderStrategy": [
                    {"capacityProvider": "gpu", "weight": 1},
                    {"capacityProvider": "cpu", "weight": 1},
                ]
            },
            "EC2",
        ),
    ],
)
def test_a_task_runs_where_the_app_says(
    ecs: Any, cluster: EcsCluster, capacity: tuple[str, ...], asked: dict[str, Any], compatible: str
) -> None:
    call = run_task_of(cluster, a_web_app(capacity=capacity), ephemeral_storage_gb=50)

    assert {name: call[name] for name in ("launchType", "capacityProviderStrategy") if name in call} == asked
    definition = ecs.describe_task_definition(taskDefinition=call["taskDefinition"])["taskDefinition"]
    assert definition["requiresCompatibilities"] == [compatible]
    assert ("ephemeralStorage" in call["overrides"]) is (compatible == "FARGATE")


def test_an_app_without_a_service_says_it_all_itself(ecs: Any, cluster: EcsCluster) -> None:
    app = an_app(
        cluster="prod",
        image="busybox",
        subnets=tuple(subnets()),
        security_groups=tuple(security_groups()),
        execution_role=EXECUTION_ROLE,
    )
    task = a_planned_task(cluster, app)

    assert cluster.start(task, app).startswith("arn:aws:ecs:eu-central-1:123456789012:task/prod/")
    definition = derived(ecs, cluster, app)
    assert definition["executionRoleArn"] == EXECUTION_ROLE
    assert definition["networkMode"] == "awsvpc"


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (an_app(image="busybox", subnets=("subnet-1",)), "names no cluster"),
        (an_app(cluster="prod", subnets=("subnet-1",)), "neither an image nor a service"),
        (an_app(cluster="prod", image="busybox"), "has no subnets"),
        (an_app(cluster="prod", service="gone"), "there is no service gone in the cluster prod"),
        (an_app(cluster="gone", service="web"), "there is no cluster gone"),
        (an_app(cluster="prod", service="web", container="app"), "has no container app, but web, proxy"),
    ],
    ids=["cluster", "image", "subnets", "service", "deleted cluster", "container"],
)
def test_what_an_app_lacks_is_named(cluster: EcsCluster, app: App, words: str) -> None:
    with pytest.raises(RefusedForGood, match=words):
        cluster.plan(a_task(), app)


def test_of_several_essential_containers_one_has_to_be_named() -> None:
    with ecs_on_moto(WEB, {**PROXY, "essential": True}) as ecs:
        with pytest.raises(RefusedForGood, match=r"several essential containers \(web, proxy\)"):
            a_cluster(ecs).plan(a_task(), a_web_app())
        assert container_of(ecs, a_cluster(ecs), a_web_app(container="proxy"))["image"] == "envoy"


def test_a_started_task_can_be_found_and_stopped(ecs: Any, cluster: EcsCluster) -> None:
    task = started(cluster, a_web_app())
    assert cluster.find(task) == task.ecs_arn

    cluster.stop(task, "tapit: stopped by alice")

    (described,) = ecs.describe_tasks(cluster="prod", tasks=[task.ecs_arn])["tasks"]
    assert described["stoppedReason"] == "tapit: stopped by alice"
    assert described["startedBy"] == f"tapit-test/{TASK_ID}/1"
    assert cluster.find(task) == task.ecs_arn


def test_containers_of_a_deleted_cluster_are_unknown(cluster: EcsCluster) -> None:
    task = started(cluster, a_web_app())
    assert task.ecs_arn is not None
    orphan = task.but(ecs_arn=task.ecs_arn.replace("/prod/", "/gone/"))

    assert cluster.look([orphan]) == {orphan.id: None}


def test_nothing_is_found_of_a_task_that_never_ran(cluster: EcsCluster) -> None:
    assert cluster.find(a_planned_task(cluster, a_web_app())) is None


def test_a_task_is_tagged_as_it_was_asked_for_beside_ours(ecs: Any, cluster: EcsCluster) -> None:
    tags = {"ticket": "OPS-7", "team": "", "Straße": "a/b: c"}
    task = a_planned_task(cluster, a_web_app(), tags=tags)

    arn = cluster.start(task, a_web_app())

    (run,) = ecs.describe_tasks(cluster="prod", tasks=[arn], include=["TAGS"])["tasks"]
    assert {tag["key"]: tag["value"] for tag in run["tags"]} == {"tapit:task": TASK_ID, **tags}


def test_equal_definitions_are_shared_whatever_the_tags(ecs: Any, cluster: EcsCluster) -> None:
    first = run_task_of(cluster, a_web_app(), tags={"ticket": "OPS-7"})
    second = run_task_of(cluster, a_web_app(), tags={"ticket": "OPS-8"})

    assert first["taskDefinition"] == second["taskDefinition"]
    assert len(revisions(ecs)) == 1
