"""Tasks as they change, on a terminal: those that run on top with the time that they have left, ended ones below."""

from __future__ import annotations

import os
import threading

from tapit import TYPE_CHECKING
from tapit.display.people import who
from tapit.display.task_words import doing, ran, status_cell
from tapit.statuses import FINAL, STATUSES, colours_of, is_final
from tapit.terminal import table, times
from tapit.terminal.stream import Stream, clipped, columns_of, harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

    from tapit.home.answers import ListedTask

HEADERS = ["ID", "STATUS", "LEFT", "RAN", "CPU/MEM", "DOCKER TAG", "BY", "COMMAND"]
SPARE = ("DOCKER TAG", "CPU/MEM", "BY", "RAN", "COMMAND", "LEFT")  # the first to go where it is narrow first
ON_TOP = ("RUNNING", "STOPPING", "STARTING", "PENDING")
ENDED_KEPT = 200
AROUND = 4  # lines: what is watched, the headers, how many more there are, and the prompt that follows


class Board:
    """What is known of the tasks; it is drawn on one thread and told of changes on another."""

    def __init__(self, stream: Stream, app: str, wanted: tuple[str, ...]) -> None:
        self._stream = stream
        self._app = harmless(app)
        self._wanted = wanted  # statuses; none: all of them
        self._tasks: dict[str, ListedTask] = {}
        self._lock = threading.Lock()
        self._trouble: str | None = None

    def change(self, tasks: Iterable[ListedTask]) -> None:
        """What events say: it is later than all that was known."""
        with self._lock:
            self._tasks.update({task["id"]: task for task in tasks})
            self._forget_some()

    def load(self, tasks: Iterable[ListedTask]) -> None:
        """What a list says, which may lag behind the events: no task goes back for it."""
        with self._lock:
            for task in tasks:
                known = self._tasks.get(task["id"])
                if known is None or _age(task) >= _age(known):
                    self._tasks[task["id"]] = task
            self._forget_some()

    def tell_trouble(self, why: str | None) -> None:
        """Why the home cannot be asked at the moment; None once it can."""
        self._trouble = why

    def lines(self) -> list[str]:
        """As much as fits on the terminal."""
        with self._lock:
            tasks = sorted(filter(self._is_shown, self._tasks.values()), key=_place)
        room = max(rows_of(self._stream) - AROUND, 1)
        shown = tasks[:room]
        width = columns_of(self._stream)
        lines = [self._stream.styled(clipped(self._title(tasks), width), "bold")]
        if shown:
            rows = [_row(task) for task in shown]
            lines += table.lines(self._stream, HEADERS, rows, _style, spare=SPARE)
        if len(tasks) > len(shown):
            lines.append(self._stream.styled(clipped(_more(tasks[room:]), width), "dim"))
        if self._trouble:
            said = f"lost the home, trying again: {harmless(self._trouble)}"
            lines.append(self._stream.styled(clipped(said, width), "yellow"))
        return lines

    def drawn(self) -> Text:
        """The same for rich."""
        from rich.text import Text

        return Text.from_ansi("\n".join(self.lines()), no_wrap=True, overflow="crop", end="")

    def _is_shown(self, task: ListedTask) -> bool:
        return not self._wanted or task["status"] in self._wanted

    def _forget_some(self) -> None:
        ended = sorted(filter(is_final, self._tasks.values()), key=_place)
        for is_shown in (True, False):
            alike = [task for task in ended if self._is_shown(task) is is_shown]
            for task in alike[ENDED_KEPT:]:
                del self._tasks[task["id"]]

    def _title(self, tasks: list[ListedTask]) -> str:
        only = f" ({', '.join(self._wanted)})" if self._wanted else ""
        return f"{self._app}{only}: {_counted(tasks) or 'no tasks'}"


def rows_of(stream: Stream) -> int:
    """The terminal's height now."""
    try:
        return os.get_terminal_size(stream.file.fileno()).lines or 24
    except (OSError, ValueError):
        return 24


def _place(task: ListedTask) -> tuple[int, float]:
    """Those that run first; of each kind the newest on top."""
    if is_final(task):
        return len(ON_TOP), -times.parsed(task.get("stopped_at") or task["created_at"]).timestamp()
    rank = ON_TOP.index(task["status"]) if task["status"] in ON_TOP else len(ON_TOP) - 1
    return rank, -times.parsed(task["created_at"]).timestamp()


def _age(task: ListedTask) -> int:
    """How far a task has come in its life."""
    if task["status"] in FINAL:
        return len(STATUSES)
    return STATUSES.index(task["status"]) if task["status"] in STATUSES else 0


def _counted(tasks: list[ListedTask]) -> str:
    ended = sum(map(is_final, tasks))
    counts = {status: sum(task["status"] == status for task in tasks) for status in ON_TOP}
    said = [f"{count} {status.lower()}" for status, count in counts.items() if count]
    return ", ".join([*said, f"{ended} ended"] if ended else said)


def _more(tasks: list[ListedTask]) -> str:
    return f"and {len(tasks)} more: {_counted(tasks)}"


def _row(task: ListedTask) -> list[str]:
    return [
        task["id"],
        status_cell(task),
        _left(task),
        ran(task) or "-",
        f"{task['cpu']:g}/{task['memory']:g}",
        task.get("docker_tag") or "-",
        who(task),
        doing(task),
    ]


def _left(task: ListedTask) -> str:
    deadline = task.get("deadline")
    if is_final(task) or not deadline:
        return "-"
    return times.brief(max(-times.seconds_between(deadline), 0.0))


def _style(at: int, cell: str) -> tuple[str, ...]:
    if at == 0:
        return ("bold",)
    return colours_of(cell.split(" ", maxsplit=1)[0]) if at == 1 else ()
