"""`tapit create task 'COMMAND'`"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import task_list
from tapit.errors import CliError, CommandNotFound, UsageError
from tapit.home.client import segment
from tapit.language import task_keys
from tapit.language.command import TIMEOUT, WAIT_FLAGS, Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tapit.home.answers import Task


def run(call: Call) -> int:
    refuse_contradictions(call)
    return to_the_end(call, create(call))


def to_the_end(call: Call, task: Task) -> int:
    """Say which task was made, and with --wait stay until it has ended."""
    waits = "wait" in call.flags
    _announce(call, task, waits=waits)
    if not waits:
        task_list.print_one(call, task)
        return 0
    if call.chosen_output == "id":
        task_list.print_one(call, task)
    from tapit.waiting.wait import Waiting

    return Waiting(call, task).to_the_end(stream_output=True)


def create(call: Call, **more: object) -> Task:
    """Create the task that was asked for; `more` goes with the request."""
    require_a_command(call)
    path, body = f"/apps/{segment(call.app())}/tasks", {**task_keys.body(call.settings), **more}
    with naming_the_command(call):
        return send(call, path, body)


@contextmanager
def naming_the_command(call: Call) -> Iterator[None]:
    """Whoever mistypes the name of a saved command, or has taken command= for its line, is told what was meant."""
    try:
        yield
    except CommandNotFound as missing:
        if "command" in call.settings:
            missing.then = _what_was_meant(call, missing.then)
        raise


def _what_was_meant(call: Call, then: str | None) -> str:
    """A saved command that is called almost so, or, as command= has been taken for that, a line."""
    from tapit.language.did_you_mean import did_you_mean

    name, pages = call.text("command"), call.client.pages(f"/apps/{segment(call.app())}/commands", {})
    with suppress(CliError):  # what is said already is enough
        names = [one["name"] for page in pages for one in page["items"]]
        then = did_you_mean(name, names, before="command=") or then
    as_line = f"line={name}" if "name" in call.settings else call.typed_in_app(f"{call.command.path} {name}")
    return "\n".join(filter(None, (then, f"or, if it is a line: {as_line}")))


def send(call: Call, path: str, body: dict[str, object]) -> Task:
    """Ask for a task, once."""
    try:
        # the same key on every try: a repeated request finds the task, instead of starting a second one
        task: Task = call.client.send("POST", path, body, idempotency_key=os.urandom(16).hex())
    except KeyboardInterrupt:
        call.say("Interrupted; the task may have been created anyway.")
        call.hint("look", "tapit list tasks")
        raise
    return task


def require_a_command(call: Call) -> None:
    if "line" not in call.settings and "command" not in call.settings:
        raise UsageError(
            f"tapit {call.command.path} needs a command",
            "It is a line in quotes, or command=, a saved command.",
            call.command.example,
        )


def refuse_two_images(call: Call) -> None:
    if "image" in call.settings and "docker_tag" in call.settings:
        raise UsageError(
            "image= and docker_tag= contradict each other",
            "image= names a whole image; docker_tag= picks a tag of the app's own.",
            "leave one of them out",
        )


def refuse_contradictions(call: Call) -> None:
    refuse_two_images(call)
    refuse_flags_without_wait(call)


def refuse_flags_without_wait(call: Call) -> None:
    for name, given in (("timeout", call.settings), ("cancel_on_interrupt", call.flags)):
        if name in given and "wait" not in call.flags:
            raise UsageError(f"--{name.replace('_', '-')} goes with --wait", then="add -w")


def _announce(call: Call, task: Task, *, waits: bool) -> None:
    call.say(f"Created task {task['id']}.")
    call.say_notes(task)
    if not waits:
        call.hint("follow", f"tapit logs -f task={task['id']}")
        call.hint("wait", f"tapit wait task={task['id']}")


COMMAND = Command(
    "create task",
    example="tapit create task 'python manage.py migrate' --wait",
    word="line",
    needless=(task_keys.NO_REMAINS, (("-d", "--detach"), "It returns once the task is written down.")),
    keys=(
        *task_keys.KEYS,
        task_keys.INTERACTIVE,
        TIMEOUT,
    ),
    flags=WAIT_FLAGS,
    details=task_keys.ABOUT_COMMANDS,
)
