"""What a task costs beside itself: create it, wait for it, read its output."""

from bench.home import running_home
from bench.row import Budget, Row, milliseconds
from bench.timing import Command, medians

BUDGET = Budget(300, 150, "ms")


def measure(*, quick: bool) -> list[Row]:
    """Time `tapit create task -w true` against `sh -c true` and `tapit --version` together."""
    with running_home() as home:
        commands = {
            "task": home.tapit("create", "task", "-w", "true"),
            "shell": Command(["/bin/sh", "-c", "true"], home.env),
            "version": home.tapit("--version"),
        }
        took = medians(commands, 3 if quick else 25)
    bare = took["shell"] + took["version"]
    overhead = (took["task"] - bare) * 1000
    return [
        Row(
            "`tapit create task -w true`, whole command",
            milliseconds(took["task"]),
            f"{milliseconds(bare)} `sh -c true` + `tapit --version`",
        ),
        Row("... over those two", milliseconds(overhead / 1000), judged=overhead, budget=BUDGET),
    ]
