"""What a new task may be told, whether it runs by itself or at a person's terminal."""

import os

from tapit import sizes, values
from tapit.client import segment
from tapit.errors import UsageError
from tapit.grammar import Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call

COMMAND = Key(
    "command",
    values.command_line,
    "one line for /bin/sh; a bare word is the same",
    placeholder="'LINE'",
    may_hold_spaces=True,
)
KEYS = (
    COMMAND,
    Key("memory", sizes.memory, "GB, 120 at most: 4, 4.5, 4G or 4096M", placeholder="GB"),
    Key("cpu", sizes.cpu, "vCPU: 0.25 to 16", placeholder="VCPU"),
    Key("max_hours", sizes.hours, "stop the task after this long; none for no limit", placeholder="HOURS"),
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
)
ABOUT_COMMANDS = (
    "The command is one shell line: $VARIABLES, pipes, && and quotes are the task's own.\n"
    "Several words are quoted together; put -- before a command with options or a=b words of its own."
)


def create(call: "Call", **more: object) -> "dict[str, Any]":
    """Create the task that was asked for; `more` goes with the request."""
    path = f"/apps/{segment(call.app())}/tasks"
    body = {key.name: call.get(key.name) for key in KEYS if key.name in call.settings}
    try:
        # the same key on every try: a repeated request finds the task, instead of starting a second one
        return call.client.send("POST", path, {**body, **more}, idempotency_key=os.urandom(16).hex())
    except KeyboardInterrupt:
        call.say("Interrupted; the task may have been created all the same.")
        call.hint("look", "tapit list tasks")
        raise


def refuse_two_images(call: "Call") -> None:
    if "image" in call.settings and "docker_tag" in call.settings:
        raise UsageError(
            "image= and docker_tag= contradict each other",
            "image= names a whole image; docker_tag= picks a tag of the app's own.",
            "leave one of them out",
        )
