"""`tapit logs ID`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import task_words
from tapit.display.last_lines import say_lost_output
from tapit.display.last_try import last_try
from tapit.display.output_printer import OutputPrinter
from tapit.display.what_to_do import FAILURES, say_what_to_do
from tapit.home.client import segment
from tapit.language import values
from tapit.language.command import FOLLOW, TASK, TIMESTAMPS, Command, Key
from tapit.statuses import is_final
from tapit.terminal import times

if TYPE_CHECKING:
    from collections.abc import Callable

    from tapit.home.answers import LogLine, PageOfOutput, StateOfLog, Task


class LogPrinter(OutputPrinter):
    """Where there is no output of a session's command, it says why, once."""

    def __init__(self, call: Call) -> None:
        self._time_before = _time_before(call)
        super().__init__(call.out, _wording(call), whole_lines=call.chosen_output == "json")
        self._call = call
        self.has_shown = False
        self.has_said_why = False

    def show(self, page: PageOfOutput) -> bool:
        has_shown = super().show(page)
        self.has_shown = self.has_shown or has_shown
        if page.get("attached") and not has_shown and not self.has_said_why:
            self.has_said_why = True
            self.end()
            self._call.say("Its command belongs to a session, and what a session shows is not kept.", "dim")
            self._call.hint("see", f"tapit show task task={self._call.task_id()}")
        return has_shown

    def _rest(self, line: LogLine) -> str:
        return _behind_time(self._call, line, self._time_before) if self._time_before else super()._rest(line)


def run(call: Call) -> int:
    printer = LogPrinter(call)
    if "follow" in call.flags and "tail" not in call.settings:
        return _follow(call, printer, None)
    page = _show_what_there_is(call, printer)
    if "follow" in call.flags:
        return _follow(call, printer, page["next"])
    printer.end()
    if not printer.has_said_why:
        _explain(call, page, has_shown=printer.has_shown)
    return 0


def _show_what_there_is(call: Call, printer: LogPrinter) -> PageOfOutput:
    """Return the last page."""
    path = f"/tasks/{segment(call.task_id())}/logs"
    query: dict[str, object] = {"tail": call.get("tail")}
    while True:
        page: PageOfOutput = call.client.get(path, {**query, **printer.query}, as_text=printer.wants_text)
        is_news = printer.show(page)
        if page["complete"] or not is_news:
            return page
        query = {"cursor": page["next"]}


def _follow(call: Call, printer: LogPrinter, cursor: str | None) -> int:
    """Ends with the last try of the task; a connection that breaks is taken up again where it was lost."""
    import signal

    from tapit.waiting.interrupts import Interrupts

    call.client.told_to = call.out.pipe
    following: str | None = call.task_id()
    with Interrupts(call.client, signal.SIGINT):
        while following is not None:
            retried_by = _follow_one(call, printer, following, cursor)
            if retried_by is not None:
                call.say(f"Task {following} is tried again as {retried_by}.")
            elif not printer.has_shown and not printer.has_said_why:
                _explain_silence(call, following)
            following, cursor = retried_by, None
    return 0


def _follow_one(call: Call, printer: LogPrinter, task_id: str, cursor: str | None) -> str | None:
    from tapit.display.live_line import LossesOnly
    from tapit.waiting.follow_log import follow_log
    from tapit.waiting.watch import Watch

    news = LossesOnly(call.err, task_id, "", since="", quiet="quiet" in call.flags)
    try:
        return follow_log(Watch(call.client, task_id, news), printer, cursor=cursor)
    finally:
        printer.end()


def _explain(call: Call, page: StateOfLog, *, has_shown: bool) -> None:
    say_lost_output(call, page)
    if page["complete"]:
        if not has_shown:
            _explain_silence(call, call.task_id())
        if page.get("retried_by"):
            _hint_to_last_try(call)
        return
    follow = call.typed(f"tapit logs -f task={call.task_id()}")
    call.say(f"The task is {page['status']}; more may come: {follow}", "dim")


def _explain_silence(call: Call, task_id: str) -> None:
    """One that failed without a word says at least why."""
    call.say("The task printed nothing.", "dim")
    task: Task = call.client.get(f"/tasks/{segment(task_id)}")
    if task["status"] in FAILURES:
        call.say(f"{task_id} {task_words.ending(task)}")
        say_what_to_do(call, task)


def _hint_to_last_try(call: Call) -> None:
    task: Task = call.client.get(f"/tasks/{segment(call.task_id())}")
    last = last_try(task)
    if last is not None:
        call.hint("last try" if is_final(last) else "current try", f"tapit logs task={last['id']}")


def _wording(call: Call) -> Callable[[LogLine], str] | None:
    """How a line is shown; None where it is passed on as it was printed."""
    if call.chosen_output == "json":
        import json

        return lambda line: json.dumps(line, ensure_ascii=call.out.wants_ascii_json)
    before = _time_before(call)
    return None if before is None else lambda line: before(line) + _behind_time(call, line, before)


def _time_before(call: Call) -> Callable[[LogLine], str] | None:
    if "timestamps" in call.flags:
        return lambda line: f"{line['time']} "
    if call.out.is_terminal:
        return lambda line: call.out.styled(times.local_clock(line["time"]), "dim") + " "
    return None


def _behind_time(call: Call, line: LogLine, before: Callable[[LogLine], str]) -> str:
    """What goes back to the beginning of its line, as a bar that moves does, does not overwrite the time."""
    message = line["message"]
    return message.replace("\r", "\r" + before(line)) if call.out.is_terminal else message


COMMAND = Command(
    "logs",
    example="tapit logs task=1jd3m8k7x2qf -f",
    word="task",
    required=("task",),
    keys=(TASK, Key("tail", values.whole(1, 10_000), "only the last lines", placeholder="N", short="n")),
    flags=(FOLLOW, TIMESTAMPS),
    details=(
        "A pipe gets the lines as they were printed; -o json gives one object per line.\n\n"
        "Output is kept as lines of UTF-8: bytes that are not UTF-8 are replaced, and a last line without a newline is "
        "given one. A line over 256 KiB comes in several with -n, --timestamps and -o json, and on AWS always."
    ),
)
