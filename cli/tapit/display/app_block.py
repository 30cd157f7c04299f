"""Everything that the tasks of an app inherit, as a block of `Key: value` lines."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import task_words
from tapit.display.option_lines import size
from tapit.terminal import times
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import App, KeptSecrets, Limits, SecretsVersion


def print_app(call: Call, app: App) -> None:
    block, in_image = Block(call.out), app.get("image") or app.get("service")
    block.line("App", app["name"], "bold")
    block.line("Image", app.get("image"))
    block.line(
        "Workdir", app.get("workdir") or ("the image's own" if in_image else "an empty one for each task")
    )
    _print_container(block, app)
    block.line("Environment", _environment(app))
    block.lines("Secrets", _secrets(app))
    block.lines("Versions", _versions(app.get("kept_secrets")))
    block.line("Size", size(app))
    block.line("Tags", task_words.tags(app.get("tags")))
    block.line("Time limit", _hours(app.get("max_hours")))
    block.line("Stopping", f"SIGKILL {app['stop_timeout']:g}s after SIGTERM")
    block.line("Queueing", f"waits at most {times.brief(app['queue_timeout'])} for capacity")
    block.lines("Limits", _limits(app["limits"]))
    _print_place(block, app)
    block.line("Created", times.both(app["created_at"]))
    block.line("By", f"{app.get('created_by')} (verified)")
    create = [f"tapit -a {app['name']} create task 'COMMAND'"] if call.may("operator") else []
    block.lines("Next", [call.typed(line) for line in (*create, f"tapit -a {app['name']} list tasks")])


def _print_place(block: Block, app: App) -> None:
    """Where on AWS; nothing for an app that says nothing of it."""
    block.line("Like", _like(app))
    block.line("Sidecars", ", ".join(app.get("sidecars") or []))
    block.lines("Network", _network(app))
    block.line("Capacity", ", ".join(app.get("capacity") or []))
    block.lines("Roles", _roles(app))
    block.line("Log group", app.get("log_group"))


def _print_container(block: Block, app: App) -> None:
    """Nothing for an app that says nothing of it."""
    block.line("User", app.get("user"))
    block.lines("Mounts", app.get("mounts") or [])
    block.line("Networks", ", ".join(app.get("networks") or []))
    block.line("Entry point", "the image's own" if app.get("keep_entrypoint") else None)


def _like(app: App) -> str:
    parts = (
        ("cluster", app.get("cluster")),
        ("service", app.get("service")),
        ("container", app.get("container")),
    )
    return ", ".join(f"{name} {value}" for name, value in parts if value)


def _roles(app: App) -> list[str]:
    roles = (("execution_role", app.get("execution_role")), ("task_role", app.get("task_role")))
    return [f"{arn} ({name})" for name, arn in roles if arn]


def _network(app: App) -> list[str]:
    public = app.get("assign_public_ip")
    address = [] if public is None else ["a public address" if public else "no public address"]
    parts = [", ".join(app.get("subnets") or []), ", ".join(app.get("security_groups") or [])]
    return [part for part in parts if part] + address


def _environment(app: App) -> str:
    names = app.get("environment") or []
    return ", ".join(names) + " (values are not shown)" if names else "none"


def _secrets(app: App) -> list[str]:
    kept = app.get("kept_secrets")
    names = ", ".join(kept["names"]) if kept else ""
    elsewhere = [f"{name} from {arn}" for name, arn in sorted((app.get("secrets") or {}).items())]
    return ([f"{names} (values are not shown)"] if names else []) + elsewhere


def _versions(kept: KeptSecrets | None) -> list[str]:
    """What one could go back to, the newest first."""
    if kept is None or len(kept["versions"]) < 2:
        return []
    return [_version(kept, version) for version in reversed(kept["versions"])]


def _version(kept: KeptSecrets, version: SecretsVersion) -> str:
    now = ", which tasks get now" if version["number"] == kept["current"] else ""
    given = [name for name in version["changed"] if name in version["names"]]
    removed = [name for name in version["changed"] if name not in version["names"]]
    words = [f"{verb} {', '.join(names)}" for verb, names in (("set", given), ("unset", removed)) if names]
    by = f"{times.ago(version['created_at'])} by {version['created_by']}"
    return f"{version['number']}{now}: {'; '.join([*words, by])}"


def _hours(hours: float | None) -> str:
    return "none" if hours is None else times.hours(hours)


def _several(limit: int | None, noun: str) -> tuple[int | None, str]:
    return limit, noun if limit == 1 else f"{noun}s"


def _limits(limits: Limits) -> list[str]:
    most = (
        (limits.get("max_cpu"), "vCPU"),
        (limits.get("max_memory"), "GB memory"),
        (limits.get("max_hours"), "hour" if limits.get("max_hours") == 1 else "hours"),
        (limits.get("max_running"), "running at a time"),
        _several(limits.get("max_subscriptions"), "subscription"),
        _several(limits.get("max_commands"), "command"),
        _several(limits.get("max_schedules"), "schedule"),
    )
    return [f"at most {limit:g} {unit}" for limit, unit in most if limit] or ["none"]
