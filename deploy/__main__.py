"""`python -m deploy COMMAND`: what the Makefile calls."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.package import ARCHITECTURES, package
from deploy.refusals import Refusal

BUILD = Path("build")


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except Refusal as refusal:
        print(f"tapit: {refusal}", *([f"  {refusal.hint}"] if refusal.hint else []), sep="\n", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy")
    commands = parser.add_subparsers(required=True)
    _add(commands, "package", _package).add_argument("--arch", choices=ARCHITECTURES, default="arm64")
    return parser


def _add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
    command = commands.add_parser(name)
    command.set_defaults(run=run)
    return command


def _package(asked: argparse.Namespace) -> None:
    made = package(asked.arch, BUILD)
    print(f"{made.zip} ({made.zip.stat().st_size:,} bytes) and {made.template}")


if __name__ == "__main__":
    sys.exit(main())
