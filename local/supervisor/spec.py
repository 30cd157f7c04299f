"""What the server tells a supervisor on its standard input, so that secrets never touch the disk.

`key=value` items separated by NUL, an empty item, the environment's items, an empty item. No value can hold a
NUL, as none could be passed to execve, and the final mark tells a whole message from one whose writer died.
"""

import json
from typing import Any

TASK_ID = "TAPIT_TASK_ID"  # in the environment of every process of a task
_END = b"\0\0"


class BrokenSpec(ValueError):
    """The server died while it was telling us what to run."""


class Spec:
    """One task to run: its command, its whole environment, and how it is to be stopped.

    `details` are what its driver alone needs.
    """

    def __init__(
        self,
        folder: str,
        task_id: str,
        command: str,
        environment: dict[bytes, bytes],
        workdir: str,
        stop_timeout: float,
        server_pipe: str,
        memory_bytes: int | None,
        memory_by: str,
        cpu: float | None,
        details: dict[str, Any] | None = None,
    ) -> None:
        self.folder = folder
        self.task_id = task_id
        self.command = command
        self.environment = environment
        self.workdir = workdir
        self.stop_timeout = stop_timeout
        self.server_pipe = server_pipe
        self.memory_bytes = memory_bytes
        self.memory_by = memory_by
        self.cpu = cpu
        self.details = details or {}


def to_bytes(text: str) -> bytes:
    """UTF-8 whatever the locale; undecodable bytes travel as surrogates and come back unchanged."""
    return text.encode("utf-8", "surrogateescape")


def to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def encode(settings: dict[str, str], environment: dict[str, str]) -> bytes:
    return b"".join(
        b"\0".join(to_bytes(f"{key}={value}") for key, value in items.items()) + _END
        for items in (settings, environment)
    )


def decode(data: bytes) -> Spec:
    head, mark, tail = data.partition(_END)
    if not mark or not tail.endswith(_END):
        raise BrokenSpec("the specification of the task is cut short")
    settings = {to_text(key): to_text(value) for key, value in _items(head)}
    memory = settings["memory_bytes"]
    return Spec(
        folder=settings["folder"],
        task_id=settings["task_id"],
        command=settings["command"],
        environment=dict(_items(tail.removesuffix(_END))),
        workdir=settings["workdir"],
        stop_timeout=float(settings["stop_timeout"]),
        server_pipe=settings["server_pipe"],
        memory_bytes=int(memory) if memory else None,
        memory_by=settings["memory_by"],
        cpu=float(settings["cpu"]) if settings["cpu"] else None,
        details=json.loads(settings["details"]) if settings.get("details") else None,
    )


def _items(data: bytes) -> list[tuple[bytes, bytes]]:
    items = (item.partition(b"=") for item in data.split(b"\0") if item)
    return [(key, value) for key, _, value in items]
