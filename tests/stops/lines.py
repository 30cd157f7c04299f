"""Shell lines that a stop finds running, and how each is to end: in both homes, whatever shell runs it.

WELL needs time to end (`ends_well.py`); a line without it makes the file `up` itself, and in its shell: `touch` might
be just ending, well, as the stop comes. What a line begins last makes the file `ready`, for all of it is to be there.
"""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

WELL = f"{sys.executable} {Path(__file__).with_name('ends_well.py')}"
SHELLS: Mapping[str, Sequence[str]] = {
    "dash": ("dash",),
    "bash": ("bash", "--posix"),
    "busybox": ("busybox", "sh"),
}
GENEROUS = 30.0
IMPATIENT = 4.0  # where all of it passes: the others have to end within, on a machine that is busy
SIGTERM, SIGKILL = 143, 137
LAST_WORDS = "stopping\nbye\n"
QUIET = "exec 2>/dev/null"  # a shell that lives on tells of the children that it lost
PATIENT = "while :; do sleep 0.01; done"
ASLEEP = "(: > ready; exec sleep 1000)"
UNTIL_GO = "until [ -e go ]; do sleep 0.01; done"


@dataclass(frozen=True)
class Line:
    """`exit_code` and `prints` are what its stop brings about, within `stop_timeout` seconds."""

    script: str
    exit_code: int
    prints: str = LAST_WORDS
    stop_timeout: float = GENEROUS
    shells: Sequence[str] = tuple(SHELLS)

    @property
    def signs(self) -> Sequence[str]:
        """Return the files that are there once all of it has begun."""
        return ("up", "ready") if "ready" in self.script else ("up",)

    @property
    def needs_time(self) -> bool:
        return "stopping" in self.prints


LINES: Mapping[str, Line] = {
    "a command": Line(f"{WELL} 5", 5),
    "a command that succeeds": Line(f"{WELL} 0", 0),
    "one after another": Line(f"{WELL} 5; echo after", 5),
    "a next line": Line(f"{WELL} 5\necho after", 5),
    "and": Line(f"{WELL} 0 && echo after", 0),
    "or": Line(f"{WELL} 5 || echo after", 5),
    "behind others": Line(f"true && {WELL} 5 && echo after", 5),
    "set -e": Line(f"set -e; {WELL} 5; echo after", 5),
    "if": Line(f"if {WELL} 5; then echo after; else echo after; fi; echo after", 5),
    "a subshell": Line(f"({WELL} 5; echo after); echo after", 5),
    "a shell in a shell": Line(f"sh -c '{WELL} 5; echo after'; echo after", 5),
    "a function": Line(f"work() {{ {WELL} 5; echo after; }}; work; echo after", 5),
    "exec": Line(f"exec {WELL} 5", 5),
    "a pipeline": Line(f"{WELL} 0 | (: > ready; exec cat); echo after", 0),
    "a long pipeline": Line(f"{WELL} 0 | grep -v nothing | cat | (: > ready; exec cat)", 0),
    "a pipeline into a loop": Line(
        f'{WELL} 0 | (: > ready; while read -r word; do echo "got $word"; done)', 0, "got stopping\ngot bye\n"
    ),
    "a pipeline whose first stage fails": Line(f"{WELL} 5 | (: > ready; cat; echo after)", SIGTERM),
    "a pipeline whose first stage dies": Line(
        "(: > up; exec sleep 1000) | (: > ready; cat; echo after)", SIGTERM, ""
    ),
    "a pipeline that nobody ends": Line(
        "(trap '' TERM; : > up; exec sleep 1000) | (: > ready; cat; echo after)",
        SIGTERM,
        "",
        stop_timeout=2 * IMPATIENT,  # whose second half is the reader's
    ),
    "in the background": Line(f"{WELL} 5 & wait; echo after", 5),
    "in the background of another": Line(f"{WELL} 5 & {ASLEEP}; echo after", SIGTERM),
    "in a session of its own": Line(f"setsid {WELL} 5 & {ASLEEP}; echo after", SIGTERM),
    "orphaned": Line(f"({WELL} 5 &); {ASLEEP}; echo after", SIGTERM),
    "with job control": Line(f"set -m 2>/dev/null; {WELL} 5; echo after", 5),
    "left behind by its shell": Line(f"{QUIET}; trap 'exit 4' TERM; {WELL} 5 & {ASLEEP}; echo after", 4),
    "a trap of its own": Line(
        f"trap 'echo trapped; exit 4' TERM; {WELL} 5; echo after", 4, f"{LAST_WORDS}trapped\n"
    ),
    "a trap that goes on": Line(
        f"trap 'echo trapped' TERM; {WELL} 5; echo after $?", 0, f"{LAST_WORDS}trapped\nafter 5\n"
    ),
    "a trap that begins something": Line(
        f"{QUIET}; trap '{UNTIL_GO}; echo bye; exit 4' TERM; : > up; {PATIENT}",
        4,
        "bye\n",
    ),
    "nothing that handles it": Line(": > up; sleep 1000; echo after", SIGTERM, ""),
    "very short ones, over and over": Line(f": > up; {PATIENT}; echo after", SIGTERM, ""),
    "a shell that did not ask yet how another has ended": Line(
        "(: > ready) & : > up; while :; do :; done; echo after", SIGTERM, ""
    ),
    "a shell that is busy itself": Line(": > up; while :; do :; done; echo after", SIGTERM, ""),
    "a shell that ignores it": Line(f"trap '' TERM; : > up; {PATIENT}", SIGKILL, "", stop_timeout=1.0),
    "a command that ignores it": Line(
        f"(trap '' TERM; : > up; {PATIENT}); echo after", SIGKILL, "", stop_timeout=1.0
    ),
    "something that ignores it in the background": Line(
        f"(trap '' TERM; exec sleep 1000) & {WELL} 5; echo after", 5, stop_timeout=IMPATIENT
    ),
}


def each_line() -> Sequence[object]:
    """Return every line with every shell, as parameters of a test."""
    return [
        pytest.param(shell, line, id=f"{shell}: {name}")
        for name, line in LINES.items()
        for shell in line.shells
    ]


def words_of(shell: str) -> Sequence[str]:
    """Return what runs that shell, unless this machine has none."""
    words = SHELLS[shell]
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]} on this machine")
    return words
