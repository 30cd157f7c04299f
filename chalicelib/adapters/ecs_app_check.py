"""What there is to say of an app before its first task: whether its service is one that tasks can be like."""

from collections.abc import Iterator, Sequence

from chalicelib.adapters.ecs_inheritance import Inheritance, Inherited
from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest, NotDone, Unfit
from chalicelib.domain.known_reasons import next_step


def check_app(inheritance: Inheritance, app: App) -> Sequence[str]:
    """Raise InvalidRequest when no task of the app could start; an AWS that does not answer is no reason to refuse."""
    _refuse_what_is_of_one_machine(app)
    if app.service is None:
        return _about_environment(app)
    try:
        return [*_about_environment(app), *_notes(app, inheritance.of(app))]
    except Unfit as refusal:
        said = str(refusal)
        raise InvalidRequest(
            f"No task of {app.name} could start: {said}.", {refusal.field: said}, hint=next_step(said)
        ) from refusal
    except NotDone as silence:
        then = next_step(str(silence)) or ""
        return [
            *_about_environment(app),
            f"Whether the service {app.service} fits is seen at the first launch: {silence}. {then}".rstrip(),
        ]


def _refuse_what_is_of_one_machine(app: App) -> None:
    for name, given, instead in (
        ("mounts", app.mounts, "Tasks that are like a service= have the volumes of its definition."),
        ("networks", app.networks, "Where in the network tasks are, subnets= and security_groups= say."),
    ):
        if given:
            problem = "is for tasks in containers of one machine; ECS has nothing like it"
            raise InvalidRequest(f"{name}= {problem}.", {name: problem}, hint=instead)


def _about_environment(app: App) -> Sequence[str]:
    """ECS has it so: what is no secret is written out in the definition of each task."""
    note = (
        "Values of env= and env_file= are configuration: whoever may describe task definitions in this account can "
        f"read them. What is secret goes into secret_file=FILE, or: tapit set app name={app.name} secret=NAME"
    )
    return (note,) if app.environment else ()


def _notes(app: App, inherited: Inherited) -> Iterator[str]:
    if inherited.left_out and not inherited.sidecars:
        yield (
            f"The command runs without the other containers of the service {app.service} "
            f"({', '.join(inherited.left_out)}); sidecars=NAME,NAME keeps those that it needs."
        )
    if inherited.service_connect:
        yield (
            f"The service {app.service} uses Service Connect, which ECS gives to services alone: "
            "what it names cannot be reached by those names from tasks."
        )
