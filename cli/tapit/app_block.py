"""How an app is told: its row in the list, its block, its limits."""

from tapit import table, times
from tapit.show_block import Block
from tapit.tasks import print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call

HEADERS = ["NAME", "CPU/MEM", "MAX HOURS", "CREATED", "BY", "IMAGE"]


def print_list(call: "Call", apps: "list[dict[str, Any]]") -> None:
    if call.output == "id":
        call.out.write("".join(f"{app['name']}\n" for app in apps))
    elif call.output == "json":
        print_json(call.out, apps)
    elif apps:
        rows = [_row(call, app) for app in apps]
        table.draw(call.out, HEADERS, rows, lambda at, _cell: ("bold",) if at == 0 else ())


def print_answer(call: "Call", app: "dict[str, Any]") -> None:
    """After a change: data for a script; a person has been told already."""
    if call.output == "json":
        print_json(call.out, app)
    elif call.output == "id":
        call.out.write(f"{app['name']}\n")


def print_app(call: "Call", app: "dict[str, Any]") -> None:
    block = Block(call)
    block.line("App", app["name"], "bold")
    block.line("Image", app.get("image"))
    block.line("Workdir", app.get("workdir") or "an empty one for each task")
    block.line("Environment", _environment(app))
    block.line("Size", _size(app))
    block.line("Time limit", _hours(app.get("max_hours")))
    block.line("Stopping", f"SIGKILL {app['stop_timeout']:g}s after SIGTERM")
    block.line("Queueing", f"at most {times.brief(app['queue_timeout'])} for room")
    block.lines("Limits", _limits(app.get("limits") or {}))
    _print_place(block, app)
    block.line("Created", times.both(app["created_at"]))
    block.line("By", f"{app.get('created_by')} (verified)")
    block.lines(
        "Next", [f"tapit -a {app['name']} create task 'COMMAND'", f"tapit -a {app['name']} list tasks"]
    )


def _print_place(block: Block, app: "dict[str, Any]") -> None:
    """Where on AWS; nothing for an app that says nothing of it."""
    block.line("Like", _named(app, ("cluster", "service", "container")))
    block.lines("Network", _network(app))
    block.line("Capacity", ", ".join(app.get("capacity") or []))
    block.lines(
        "Roles", [f"{app[name]} ({name})" for name in ("execution_role", "task_role") if app.get(name)]
    )
    block.line("Log group", app.get("log_group"))
    block.line("Entry point", "the image's own" if app.get("keep_entrypoint") else None)
    block.lines("Secrets", [f"{name} from {arn}" for name, arn in sorted((app.get("secrets") or {}).items())])


def _named(app: "dict[str, Any]", names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {app[name]}" for name in names if app.get(name))


def _network(app: "dict[str, Any]") -> list[str]:
    public = app.get("assign_public_ip")
    address = [] if public is None else ["a public address" if public else "no public address"]
    parts = [", ".join(app.get(name) or []) for name in ("subnets", "security_groups")]
    return [part for part in parts if part] + address


def _row(call: "Call", app: "dict[str, Any]") -> list[str]:
    created = app["created_at"]
    return [
        app["name"],
        f"{app['cpu']:g}/{app['memory']:g}" if app.get("cpu") and app.get("memory") else "-",
        "none" if app.get("max_hours") is None else f"{app['max_hours']:g}",
        times.ago(created) if call.out.is_terminal else created,
        app.get("created_by") or "-",
        app.get("image") or "-",
    ]


def _environment(app: "dict[str, Any]") -> str:
    names = app.get("environment") or []
    return ", ".join(names) + " (values are not shown)" if names else "none"


def _size(app: "dict[str, Any]") -> str | None:
    parts = [
        f"{app[name]:g} {unit}"
        for name, unit in (("cpu", "vCPU"), ("memory", "GB memory"), ("ephemeral_storage_gb", "GB disk"))
        if app.get(name) is not None
    ]
    return ", ".join(parts) or None


def _hours(hours: float | None) -> str:
    return "none" if hours is None else times.hours(hours)


def _limits(limits: "dict[str, Any]") -> list[str]:
    words = {
        "max_cpu": "vCPU",
        "max_memory": "GB memory",
        "max_hours": "hours",
        "max_running": "running at a time",
    }
    if limits.get("max_hours") == 1:
        words["max_hours"] = "hour"
    return [f"at most {limits[name]:g} {word}" for name, word in words.items() if limits.get(name)] or [
        "none"
    ]
