"""How soon the command line answers, against the least that Python can do and against the AWS CLI."""

import sys

from bench import aws_cli
from bench.home import BIN, Home, running_home
from bench.row import Budget, Row, compare, quantity
from bench.timing import Command, medians, modules_imported

VERSION = Budget(5, 4.5, "x")
LIST = Budget(7, 6, "x")
AWS = Budget(5, 6, "x", more_is_better=True)
TASKS = 20


def measure(*, quick: bool) -> list[Row]:
    """Time whole processes; the listing has 20 tasks, and its profile and app come from the configuration file."""
    with running_home() as home, aws_cli.endpoint() as url:
        _fill(home)
        commands = {
            "pass": Command([sys.executable, "-I", "-c", "pass"], home.env),
            "version": home.tapit("--version"),
            "list": home.tapit("list", "tasks", "-o", "table"),
            "aws": aws_cli.list_tasks(url, home.env),
        }
        took = medians(commands, 3 if quick else 25)
        return [*_times(took), *_modules(home)]


def _fill(home: Home) -> None:
    for _ in range(TASKS):
        home.create("true")
    home.wait_until_all_ended()


def _times(took: dict[str, float]) -> list[Row]:
    against = "`python -I -c pass`"
    faster = took["aws"] / took["list"]
    return [
        compare("`tapit --version`", took["version"], took["pass"], against, VERSION),
        compare(f"`tapit list tasks` ({TASKS} tasks)", took["list"], took["pass"], against, LIST),
        Row(
            f"`tapit list tasks` against `aws ecs list-tasks` ({aws_cli.VERSION}, nothing to list)",
            quantity(took["list"] * 1000, "ms"),
            quantity(took["aws"] * 1000, "ms"),
            ratio=faster,
            judged=faster,
            budget=AWS,
        ),
    ]


def _modules(home: Home) -> list[Row]:
    bare = modules_imported(Command(["-I", "-c", "pass"], home.env), sys.executable)
    rows = []
    for words in (["--version"], ["list", "tasks"]):
        count = modules_imported(Command([str(BIN / "tapit"), *words], home.env), sys.executable)
        rows.append(Row(f"`tapit {' '.join(words)}`: modules imported", str(count), f"{bare} by `pass`"))
    return rows
