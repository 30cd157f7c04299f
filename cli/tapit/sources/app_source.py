"""`compose=` and `build=` of an app: what they add to what was typed, and the commands that come with them."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import AppNotFound, CliError, UsageError
from tapit.home.client import segment
from tapit.sources.found import Found

if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call
    from tapit.home.answers import App


def refuse_what_cannot_be(call: Call) -> None:
    """Before anything is read or built."""
    given = call.settings
    if "compose" in given and "build" in given:
        raise UsageError(
            "compose= and build= contradict each other",
            "Each says what image the app has.",
            "leave one of them out; docker compose build makes the images of a compose file",
        )
    if "compose" in given and "cluster" in given:
        raise UsageError(
            "compose= and cluster= contradict each other",
            "With compose=, service= is one of that file; with cluster=, one of ECS.",
            "leave one of them out",
        )
    if "build" in given and "image" in given:
        raise UsageError("build= and image= contradict each other", then="leave one of them out")
    if "build" in given and not call.home.is_local:
        raise UsageError(
            "build= is for a home on this machine",
            "An image that is built here is on this machine alone.",
            "push the image to a registry, and give image=",
        )


def found_for(call: Call, given: dict[str, Any]) -> Found:
    """What is in the files that were named; nothing where none is. `given` is the body of what was typed."""
    if "compose" not in call.settings and "build" not in call.settings:
        return Found({})
    app = _app_as_it_is(call)
    if "build" in call.settings:
        return _in_folder(call)
    found = _in_compose(call)
    found.leave_to_secrets({*_secrets_of(app), *given.get("secrets", {}), *given.get("secret_values", {})})
    return found


def _app_as_it_is(call: Call) -> App | None:
    """None for a new one. Whether there is one is asked before it takes minutes to build."""
    name = call.get("name") or call.app()
    is_new = call.command.path == "create app"
    try:
        app: App = call.client.get(f"/apps/{segment(name)}")
    except AppNotFound:
        if is_new:
            return None
        raise
    if is_new:
        how = "build" if "build" in call.settings else "compose"
        raise CliError(
            f"there is an app {name} already", then=f"tapit set app name={name} {how}=...    changes it"
        )
    return app


def _secrets_of(app: App | None) -> list[str]:
    if app is None:
        return []
    kept = app.get("kept_secrets")
    return [*(app.get("secrets") or {}), *(kept["names"] if kept else [])]


def _in_compose(call: Call) -> Found:
    from tapit.sources.compose import read_project
    from tapit.sources.compose_service import as_app, service_of

    project = read_project(call.text("compose"), call.get("service"))
    name = service_of(project, call.get("service"))
    return as_app(project, name, call.settings, is_local=call.home.is_local)


def _in_folder(call: Call) -> Found:
    from tapit.sources.folder import read_folder

    return read_folder(call, call.get("name") or call.app(), call.text("build"))


def say_notes(call: Call, found: Found) -> None:
    for note in found.notes:
        call.say(f"  note: {note}", "yellow")


def save_commands(call: Call, app: str, commands: dict[str, str]) -> None:
    """Each line under its name; what else a command of that name says stays as it is."""
    if not commands:
        return
    path = f"/apps/{segment(app)}/commands"
    there = {one["name"] for page in call.client.pages(path, {}) for one in page["items"]}
    for name, line in commands.items():
        if name in there:
            call.client.send("PATCH", f"{path}/{name}", {"command": line})
        else:
            call.client.send("POST", path, {"name": name, "command": line})
    call.say(f"Saved its {'command' if len(commands) == 1 else 'commands'} {', '.join(commands)}.")
    call.hint("run one", f"tapit -a {app} create task command={next(iter(commands))} -w")
