"""What the server tells an agent, on its command line."""

import json
import os
import shlex
from collections.abc import Sequence

FIRST = 300.0  # seconds that an attached task waits for its first client
IDLE = 2.0  # ... and goes on after the last session
RESUME = 6.0  # ... that a session waits for a client that lost its connection

# Python itself may set LC_CTYPE, which the task is not to see: "" when it was not set, else "=" and its value.
_LC_CTYPE = '"${LC_CTYPE+=}${LC_CTYPE-}"'


class AgentOptions:
    """`socket` is where the agent listens, a path short enough for one.

    `command` is the task's own, run beside the sessions; None: it runs in a session, or nothing does.

    With `handshake`, sessions begin as those of Session Manager may, and ECS Exec's do not.
    """

    def __init__(
        self,
        folder: str,
        socket: str,
        command: str | None = None,
        *,
        first: float = FIRST,
        idle: float = IDLE,
        resume: float = RESUME,
        handshake: bool = False,
        lc_ctype: str = "",
    ) -> None:
        self.folder = folder
        self.socket = socket
        self.command = command
        self.first = first
        self.idle = idle
        self.resume = resume
        self.handshake = handshake
        self._lc_ctype = lc_ctype

    def command_line(self, python: str, script: str) -> str:
        """Return what a shell is to run; nothing of the task's environment or folder can get in its way."""
        options = {name: getattr(self, name) for name in ("first", "idle", "resume", "handshake")}
        head = shlex.join([python, "-I", "-X", "utf8", script, self.folder, self.socket, json.dumps(options)])
        return f"exec {head} {_LC_CTYPE}" + ("" if self.command is None else f" {shlex.quote(self.command)}")

    def environment(self) -> dict[bytes, bytes]:
        """Return the task's environment as it was before Python started."""
        environment = dict(os.environb)
        environment.pop(b"LC_CTYPE", None)
        if self._lc_ctype:
            environment[b"LC_CTYPE"] = os.fsencode(self._lc_ctype[1:])
        return environment


def decode(arguments: Sequence[str]) -> AgentOptions:
    folder, socket, options, lc_ctype, *command = arguments
    return AgentOptions(
        folder, socket, command[0] if command else None, lc_ctype=lc_ctype, **json.loads(options)
    )
