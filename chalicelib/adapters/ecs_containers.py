"""Which of a service's containers a task is made of: the one whose place its command takes, and those beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.errors import Unfit
from chalicelib.ecs_events import MAIN_CONTAINER

Definition = Mapping[str, Any]


def chosen_containers(app: App, containers: Sequence[Definition]) -> tuple[Definition, Sequence[Definition]]:
    """Return the main one and the sidecars, in the definition's order; raise Unfit."""
    for name in app.sidecars:
        _refuse_as_sidecar(_named(app, containers, name, "sidecars"))
    main = _main(app, containers)
    if main["name"] in app.sidecars:
        raise Unfit(f"the container {main['name']} runs the command, and is none beside it", "sidecars")
    return main, [one for one in containers if one["name"] in app.sidecars]


def is_log_router(container: Definition) -> bool:
    return bool(container.get("firelensConfiguration"))


def _main(app: App, containers: Sequence[Definition]) -> Definition:
    if app.container is not None:
        return _named(app, containers, app.container, "container")
    others = [one for one in containers if one["name"] not in app.sidecars and not is_log_router(one)]
    essential = [one for one in others if one.get("essential", True)]
    if not essential:
        raise Unfit(
            f"the service {app.service} has no essential container left to run the command", "sidecars"
        )
    if len(essential) > 1:
        raise Unfit(
            f"the service {app.service} has several essential containers ({_names(essential)})", "container"
        )
    return essential[0]


def _refuse_as_sidecar(container: Definition) -> None:
    name = container["name"]
    if name == MAIN_CONTAINER:
        raise Unfit(f"a sidecar cannot be named {name}, as the container of the command is", "sidecars")
    if is_log_router(container):
        # ECS wants somebody to use a router, and tasks do not.
        raise Unfit(
            f"the container {name} is there to route logs (FireLens), and tasks log to CloudWatch Logs",
            "sidecars",
        )


def _named(app: App, containers: Sequence[Definition], name: str, field: str) -> Definition:
    found = next((container for container in containers if container["name"] == name), None)
    if found is None:
        raise Unfit(f"the service {app.service} has no container {name}, but {_names(containers)}", field)
    return found


def _names(containers: Sequence[Definition]) -> str:
    return ", ".join(container["name"] for container in containers)
