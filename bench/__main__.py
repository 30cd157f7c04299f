"""`python -m bench [NAME ...]`: run all benchmarks, or those that are named, and print what came of them."""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import machine
from bench.row import Row
from bench.table import as_markdown, as_text

NAMES = (
    "cli_startup",
    "task_overhead",
    "api_throughput",
    "followers",
    "webhooks",
    "feed",
    "log_throughput",
    "page_of_50",
    "schedules",
    "memory",
    "stop_at_limit",
    "sessions",
    "containers",
    "cold_start",
    "aws_home",
)


def main() -> None:
    asked = _arguments()
    facts = machine.facts()
    rows = [row for name in asked.names or NAMES for row in _run(name, quick=asked.quick)]
    print(as_text(rows, facts))
    if asked.markdown is not None:
        asked.markdown.write_text(as_markdown(rows, facts))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all when none is named"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run: it shows that all works, and no figures to quote"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table as Markdown as well")
    asked = parser.parse_args()
    _refuse_unknown(parser, asked.names)
    return asked


def _refuse_unknown(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")


def _run(name: str, *, quick: bool) -> list[Row]:
    print(f"{name} ...", end=" ", flush=True, file=sys.stderr)
    began = time.monotonic()
    rows: list[Row] = importlib.import_module(f"bench.{name}").measure(quick=quick)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return rows


if __name__ == "__main__":
    main()
