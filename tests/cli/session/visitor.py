"""A process that does nothing but attach: `visitor.py FOLDER`, where the test leaves what it is to be told.

opened.json    what the home answered
resumed.json   what it answers to a resumption: {"raises": ...} or a channel; missing: as opened, with another token
deadline.json  what it answers when asked for the deadline
slow           there: a resumption takes long
deaf           there: the home cannot be told of the end
breaks         there: a bug shows when the command begins
pid            its process's
told.txt       a line for each callback
result.json    how it ended
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tapit.errors import CliError, SessionOver, Unreachable
from tapit.session import link
from tapit.session.session import attach

link.FIRST_PAUSE = 0.05
FOLDER = Path(sys.argv[1])
ERRORS: dict[str, type[CliError]] = {"SessionOver": SessionOver, "Unreachable": Unreachable}


def told(line: str) -> None:
    with (FOLDER / "told.txt").open("a") as file:
        file.write(line + "\n")


def read(name: str, otherwise: Any) -> Any:
    path = FOLDER / name
    return json.loads(path.read_text()) if path.exists() else otherwise


def report(code: int) -> None:
    told(f"report {code}")
    if (FOLDER / "deaf").exists():
        raise Unreachable("the home does not answer")


def resume() -> Any:
    told("resume")
    if (FOLDER / "slow").exists():
        time.sleep(30)
    answer = read("resumed.json", {**opened, "token": "another"})
    if "raises" in answer:
        raise ERRORS[answer["raises"]]("there is nothing to come back to")
    return answer


def new_deadline() -> Any:
    told("deadline?")
    return read("deadline.json", opened["deadline"])


def on_ready() -> None:
    told("ready")
    if (FOLDER / "breaks").exists():
        raise RuntimeError("a bug")


(FOLDER / "pid").write_text(str(os.getpid()))
opened = read("opened.json", {})
try:
    ending = attach(
        opened,
        terminal=os.isatty(0) and os.isatty(1),
        report=report,
        resume=resume,
        new_deadline=new_deadline,
        on_ready=on_ready,
    )
    said = {"kind": type(ending).__name__, **vars(ending)}
except CliError as error:
    said = {"kind": "CliError", "what": error.what}
(FOLDER / "result.json").write_text(json.dumps(said, default=str))
os._exit(0)
