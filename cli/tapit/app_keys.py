"""What can be said of an app, for `create app` and `set app` alike, and the body it becomes."""

from pathlib import Path

from tapit import aws_keys, sizes, values
from tapit.call import Call
from tapit.errors import UsageError
from tapit.grammar import Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _workdir(key: str, given: str) -> str:
    """Absolute: the home runs elsewhere than this shell."""
    return str(_expanded(key, given).absolute().resolve(strict=False))


def _expanded(key: str, given: str) -> Path:
    try:
        return Path(values.text(key, given)).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{key}={given} leads to no folder",
            "~ stands for a home folder, and there is none by that name.",
            "write the whole path, or set HOME",
        ) from None


def _file(key: str, given: str) -> list[tuple[str, str]]:
    try:
        content = Path(values.text(key, given)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {given}", getattr(error, "strerror", None) or str(error)) from None
    return [
        pair for at, line in enumerate(content.split("\n"), 1) for pair in _pair(f"{given}, line {at}", line)
    ]


def _pair(where: str, line: str) -> list[tuple[str, str]]:
    """KEY=VALUE, quotes around the value being optional; comments and empty lines are skipped.

    The line itself is never repeated in an error: it may hold a secret.
    """
    line = line.strip().removeprefix("export ").lstrip()
    if not line or line.startswith("#"):
        return []
    name, equals, value = line.partition("=")
    if not equals or not values.names_variable(name.rstrip()):
        raise UsageError(f"{where} is not KEY=VALUE")
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return [(name.rstrip(), values.plain(f"{where}: {name}", value))]


NAME = Key("name", values.name, "the app", placeholder="APP")
INHERITED = (
    Key("image", values.text, "the image its tasks run", placeholder="IMAGE"),
    Key("workdir", _workdir, "the folder its tasks start in; made absolute", placeholder="PATH"),
    Key(
        "env",
        values.variable,
        "a variable of its tasks; may be repeated",
        placeholder="KEY=VALUE",
        repeats=True,
    ),
    Key("env_file", _file, "a file of KEY=VALUE lines; may be repeated", placeholder="PATH", repeats=True),
    Key("cpu", sizes.cpu, "vCPU of a task that asks for none", placeholder="VCPU"),
    Key("memory", sizes.memory, "GB of a task that asks for none", placeholder="GB"),
    Key("ephemeral_storage_gb", sizes.disk, "disk of a task that asks for none", placeholder="GB"),
    Key("max_hours", sizes.hours, "time limit of a task that asks for none", placeholder="HOURS"),
    Key("stop_timeout", values.whole(2, 120), "seconds between SIGTERM and SIGKILL", placeholder="SECONDS"),
    Key(
        "queue_timeout",
        values.duration_or_none_at_all,
        "how long a task may wait for room, such as 10m or 1h",
        placeholder="TIME",
    ),
    Key("max_cpu", values.vcpu, "the most vCPU a task may have", placeholder="VCPU"),
    Key("max_memory", values.memory, "the most GB a task may have", placeholder="GB"),
    Key("max_hours_limit", values.hours, "the longest time limit a task may have", placeholder="HOURS"),
    Key("max_running", values.whole(1, 100_000), "the most tasks at one time", placeholder="N"),
    *aws_keys.KEYS,
)
LIMITS = {
    "max_cpu": "max_cpu",
    "max_memory": "max_memory",
    "max_hours_limit": "max_hours",
    "max_running": "max_running",
}
PLAIN = (
    "image",
    "workdir",
    "cpu",
    "memory",
    "ephemeral_storage_gb",
    "max_hours",
    "stop_timeout",
    "queue_timeout",
    *aws_keys.PLAIN,
)
DETAILS = (
    "What is typed on a command line stays in the shell's history and is seen by ps:\n"
    "give secrets in a file, with env_file=PATH. Values of variables are never shown again.\n\n"
    + aws_keys.DETAILS
)


def body(call: Call) -> "dict[str, Any]":
    """The request's body, holding what was given and nothing else."""
    wanted: dict[str, Any] = {name: call.get(name) for name in PLAIN if name in call.settings}
    limits = {field: call.get(name) for name, field in LIMITS.items() if name in call.settings}
    if limits:
        wanted["limits"] = {field: None if value == "none" else value for field, value in limits.items()}
    # files first, so that a variable on the command line has the last word
    environment = [pair for file in call.get("env_file") or [] for pair in file] + (call.get("env") or [])
    variables = {
        "environment": _changed(environment, call.get("unset_env") or []),
        "secrets": _changed(call.get("secret") or [], call.get("unset_secret") or []),
    }
    return wanted | {name: changed for name, changed in variables.items() if changed}


def _changed(pairs: list[tuple[str, str]], unset: list[str]) -> dict[str, str | None]:
    wanted: dict[str, str | None] = dict(pairs)
    for name in unset:
        if name in wanted:
            raise UsageError(f"{name} is both set and unset", then="leave one of them out")
        wanted[name] = None
    return wanted
