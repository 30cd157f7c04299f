"""A process that does nothing but attach: `visitor.py FOLDER`, where the test leaves what it is to be told.

opened.json    what the home answered
resumed.json   what it answers to a resumption: {"raises": ...} or a channel; missing: as opened, with another token
task.json      what it answers about the task, but for what it would have answered anyway
impatient      there: the home is asked soon
slow           there: a resumption takes long
remote         there: the home is not on this machine
deaf           there: the home cannot be told of the end
breaks         there: a bug shows when the command begins
pid            its process's
told.txt       a line for each callback
memory         the most it ever had, in bytes, once it has ended
result.json    how it ended
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tapit.errors import CliError, SessionOver, Unreachable
from tapit.session import attendance, reconnecting_websocket
from tapit.session.attach import attach
from tapit.session.session_requests import SessionRequests

reconnecting_websocket.FIRST_PAUSE = 0.05
FOLDER = Path(sys.argv[1])
ERRORS: dict[str, type[CliError]] = {"SessionOver": SessionOver, "Unreachable": Unreachable}


def told(line: str) -> None:
    with (FOLDER / "told.txt").open("a") as file:
        file.write(line + "\n")


def read(name: str, otherwise: Any) -> Any:
    path = FOLDER / name
    return json.loads(path.read_text()) if path.exists() else otherwise


class Requests(SessionRequests):
    def __init__(self) -> None:
        """There is no client."""

    @property
    def home_is_here(self) -> bool:
        return not (FOLDER / "remote").exists()

    def report_end(self, exit_code: int | None) -> None:
        told(f"report {exit_code}")
        if (FOLDER / "deaf").exists():
            raise Unreachable("the home does not answer")

    def resume(self) -> Any:
        told("resume")
        if (FOLDER / "slow").exists():
            time.sleep(30)
        answer = read("resumed.json", {**opened, "token": "another"})
        if "raises" in answer:
            raise ERRORS[answer["raises"]]("there is nothing to come back to")
        return answer

    def look(self) -> Any:
        return {"status": "RUNNING", "deadline": opened["deadline"], **read("task.json", {})}


def on_ready() -> None:
    told("ready")
    if (FOLDER / "breaks").exists():
        raise RuntimeError("a bug")


def most_memory() -> int:
    """What getrusage says counts the memory of whoever started us."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


(FOLDER / "pid").write_text(str(os.getpid()))
opened = read("opened.json", {})
if (FOLDER / "impatient").exists():
    attendance.LOOK_EVERY = attendance.GRACE = 0.2
try:
    ending = attach(
        opened,
        terminal=os.isatty(0) and os.isatty(1),
        requests=Requests(),
        on_ready=on_ready,
    )
    said = {"kind": type(ending).__name__, **vars(ending)}
except CliError as error:
    said = {"kind": "CliError", "what": error.what}
(FOLDER / "memory").write_text(str(most_memory()))
(FOLDER / "result.json").write_text(json.dumps(said, default=str))
os._exit(0)
