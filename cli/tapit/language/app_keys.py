"""What can be said of an app, for `create app` and `set app` alike, and the body it becomes."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.language import (
    aws_keys,
    container_keys,
    environment_keys,
    secret_keys,
    sizes,
    source_keys,
    tag_keys,
    unsetting,
    values,
)
from tapit.language.command import Key

if TYPE_CHECKING:
    from typing import Any


NEW_NAME = Key("name", values.name, "the app", placeholder="APP")
NAME = Key("name", values.name, "the app", placeholder="APP", offers="apps")
INHERITED = (
    *source_keys.KEYS,
    Key("image", values.text, "the image its tasks run", placeholder="IMAGE"),
    environment_keys.workdir("the folder its tasks start in; made absolute"),
    *container_keys.OF_APPS,
    environment_keys.env("a variable of its tasks; may be repeated"),
    environment_keys.ENV_FILE,
    secret_keys.SECRET,
    secret_keys.SECRET_FILE,
    Key("cpu", sizes.cpu, "vCPU of a task that asks for none", placeholder="VCPU"),
    Key("memory", sizes.memory, "GB of a task that asks for none", placeholder="GB"),
    Key("ephemeral_storage_gb", sizes.disk, "disk of a task that asks for none", placeholder="GB"),
    Key("max_hours", sizes.hours, "time limit of a task that asks for none", placeholder="HOURS"),
    Key(
        "stop_timeout", values.seconds(2, 120), "between SIGTERM and SIGKILL, such as 30s", placeholder="TIME"
    ),
    Key(
        "queue_timeout",
        values.duration_or_none_at_all,
        "how long a task may wait for capacity, such as 10m or 1h",
        placeholder="TIME",
    ),
    tag_keys.tags_key("tags of each task, unless it has the same keys with others"),
    Key("max_cpu", sizes.cpu_limit, "the most vCPU a task may have", placeholder="VCPU"),
    Key("max_memory", sizes.memory_limit, "the most GB a task may have", placeholder="GB"),
    Key("max_hours_limit", sizes.hours_limit, "the longest time limit a task may have", placeholder="HOURS"),
    Key("max_running", values.whole(1, 100_000), "the most tasks at one time", placeholder="N"),
    Key("max_subscriptions", values.whole(1, 100), "the most subscriptions; else 20", placeholder="N"),
    Key("max_commands", values.whole(1, 1000), "the most saved commands; else 200", placeholder="N"),
    Key("max_schedules", values.whole(1, 1000), "the most schedules; else 200", placeholder="N"),
    *aws_keys.KEYS,
)
LIMITS = {
    "max_cpu": "max_cpu",
    "max_memory": "max_memory",
    "max_hours_limit": "max_hours",
    "max_running": "max_running",
    "max_subscriptions": "max_subscriptions",
    "max_commands": "max_commands",
    "max_schedules": "max_schedules",
}
NOT_OF_TASKS = ("max_subscriptions", "max_commands", "max_schedules")  # limits of what else an app may have
PLAIN = (
    "image",
    "workdir",
    "cpu",
    "memory",
    "ephemeral_storage_gb",
    "max_hours",
    "stop_timeout",
    "queue_timeout",
    *container_keys.PLAIN,
    *aws_keys.PLAIN,
)
DETAILS = "\n\n".join(
    (
        source_keys.DETAILS,
        secret_keys.DETAILS,
        environment_keys.RULES,
        container_keys.DETAILS,
        aws_keys.DETAILS,
    )
)


def body(given: dict[str, Any], typed: list[tuple[str, str]]) -> dict[str, object]:
    """The request's body, holding what was given and nothing else; `typed` are values of secrets, asked for."""
    wanted: dict[str, object] = {name: given[name] for name in PLAIN if name in given}
    if "compose" in given:
        wanted.pop("service", None)  # it is one of that file
    limits = {field: given[name] for name, field in LIMITS.items() if name in given}
    if limits:
        wanted["limits"] = {field: None if value == "none" else value for field, value in limits.items()}
    values_of_secrets = dict(secret_keys.values_in_files(given) + typed)
    unset = given.get("unset_secret") or []
    unsetting.refuse_set_and_unset(values_of_secrets, unset)
    variables = {
        "environment": _changed(environment_keys.variables(given), given.get("unset_env") or []),
        "secrets": _changed(secret_keys.arns(given), unset),
        "secret_values": values_of_secrets,
        "tags": _changed([*(given.get("tags") or {}).items()], given.get("unset_tag") or []),
    }
    return wanted | {name: changed for name, changed in variables.items() if changed}


def _changed(pairs: list[tuple[str, str]], unset: list[str]) -> dict[str, str | None]:
    wanted: dict[str, str | None] = dict(pairs)
    unsetting.refuse_set_and_unset(wanted, unset)
    return wanted | dict.fromkeys(unset)
