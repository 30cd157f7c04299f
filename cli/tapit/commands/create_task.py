"""`tapit create task 'COMMAND'`"""

import os

from tapit import sizes, tasks, values
from tapit.call import Call
from tapit.client import segment
from tapit.errors import UsageError
from tapit.grammar import TIMEOUT, WAIT_FLAGS, Command, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIELDS = (
    "command",
    "memory",
    "cpu",
    "max_hours",
    "docker_tag",
    "image",
    "ephemeral_storage_gb",
    "initiated_by",
)


def run(call: Call) -> int:
    _refuse_contradictions(call)
    task = _create(call)
    waits = "wait" in call.flags
    _announce(call, task, waits=waits)
    if not waits:
        tasks.print_one(call, task)
        return 0
    if call.chosen_output == "id":
        tasks.print_one(call, task)
    from tapit.waiting import Waiting

    return Waiting(call, task).to_the_end(stream_output=True)


def _create(call: Call) -> "dict[str, Any]":
    path = f"/apps/{segment(call.app())}/tasks"
    body = {name: call.get(name) for name in FIELDS if name in call.settings}
    try:
        # the same key on every try: a repeated request finds the task, instead of starting a second one
        return call.client.send("POST", path, body, idempotency_key=os.urandom(16).hex())
    except KeyboardInterrupt:
        call.say("Interrupted; the task may have been created all the same.")
        call.hint("look", "tapit list tasks")
        raise


def _refuse_contradictions(call: Call) -> None:
    if "image" in call.settings and "docker_tag" in call.settings:
        raise UsageError(
            "image= and docker_tag= contradict each other",
            "image= names a whole image; docker_tag= picks a tag of the app's own.",
            "leave one of them out",
        )
    for name, given in (("timeout", call.settings), ("cancel_on_interrupt", call.flags)):
        if name in given and "wait" not in call.flags:
            raise UsageError(f"--{name.replace('_', '-')} goes with --wait", then="add -w")


def _announce(call: Call, task: "dict[str, Any]", *, waits: bool) -> None:
    call.say(f"Created task {task['id']}.")
    call.say_notes(task)
    if not waits:
        call.hint("follow", f"tapit logs -f task={task['id']}")
        call.hint("wait", f"tapit wait task={task['id']}")


COMMAND = Command(
    "create",
    "task",
    "Run a command in a container of its own.",
    run,
    example="tapit create task 'python manage.py migrate' --wait",
    word="command",
    required=("command",),
    keys=(
        Key(
            "command",
            values.command_line,
            "one line for /bin/sh; a bare word is the same",
            placeholder="'LINE'",
            may_hold_spaces=True,
        ),
        Key("memory", sizes.memory, "GB, 120 at most: 4, 4.5, 4G or 4096M", placeholder="GB"),
        Key("cpu", sizes.cpu, "vCPU: 0.25 to 16", placeholder="VCPU"),
        Key(
            "max_hours", sizes.hours, "stop the task after this long; none for no limit", placeholder="HOURS"
        ),
        Key("docker_tag", values.text, "another tag of the app's image", placeholder="TAG"),
        Key("image", values.text, "another image altogether", placeholder="IMAGE"),
        Key("ephemeral_storage_gb", sizes.disk, "disk: 20 to 200", placeholder="GB"),
        Key(
            "initiated_by",
            values.text,
            "on whose behalf",
            placeholder="WHO",
            aliases=("initiator",),
            may_hold_spaces=True,
        ),
        TIMEOUT,
    ),
    flags=WAIT_FLAGS,
    details=(
        "The command is one shell line: $VARIABLES, pipes, && and quotes are the task's own.\n"
        "Several words are quoted together; put -- before a command with options or a=b words of its own."
    ),
)
