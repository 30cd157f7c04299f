"""Waiting for a task from a terminal or a script: streams, Ctrl-C, and the exit code it all ends with."""

import signal

from tapit import tasks
from tapit.client import segment
from tapit.errors import INTERRUPTED, OWN_FAILURE, CliError, OutputForbidden
from tapit.follow import Watch
from tapit.interrupts import Interrupts
from tapit.live import News, news_of
from tapit.terminal import Stream, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call

LAST_LINES = 20


class Waiting:
    """One wait, from the first look at the task to its ending line."""

    def __init__(self, call: "Call", task: "dict[str, Any]") -> None:
        self._call = call
        self._task = task
        self._id = str(task["id"])
        self._status = str(task["status"])

    def to_the_end(self, *, stream_output: bool) -> int:
        """Exit code of the task, or of the way the waiting ended."""
        try:
            # SIGTERM is what a CI runner sends where a person types Ctrl-C
            with Interrupts(self._call.client, signal.SIGINT, signal.SIGTERM):
                return self._wait(stream_output=stream_output)
        except KeyboardInterrupt:
            return self._interrupted()

    def _wait(self, *, stream_output: bool) -> int:
        call, task = self._call, self._task
        since = task.get("started_at") or task["created_at"]
        quiet = "quiet" in call.flags
        cancels = "cancel_on_interrupt" in call.flags
        with news_of(call.err, self._id, self._status, since=since, quiet=quiet, cancels=cancels) as news:
            watch = Watch(call.client, self._id, news, timeout=call.get("timeout"))
            watch.status = self._status
            try:
                if stream_output:
                    self._stream(watch, news)
                    task = call.client.get(f"/tasks/{segment(self._id)}")
                task = watch.until_final(task)
            finally:
                self._status = watch.status
        return self._tell_ending(task, repeat_output=not stream_output)

    def _stream(self, watch: Watch, news: News) -> None:
        """Without output that may not be read: the task is waited for all the same."""
        try:
            watch.stream(self._task["revision"], lambda lines: self._show(news, lines))
        except OutputForbidden as refusal:
            news.print(self._call.err, _without_output(self._call.err, refusal))

    def _show(self, news: News, lines: "list[dict[str, Any]]") -> None:
        news.print(self._output_stream(), "".join(f"{line['message']}\n" for line in lines))

    def _output_stream(self) -> Stream:
        """With a format asked for, stdout is for the task's object alone."""
        return self._call.err if self._call.chosen_output in ("json", "id") else self._call.out

    def _tell_ending(self, task: "dict[str, Any]", *, repeat_output: bool) -> int:
        call = self._call
        succeeded = task["status"] == "SUCCEEDED"
        if repeat_output and not succeeded:
            self._say_last_lines()
        mark, colour = (
            (_mark(call.err, "✓", "ok"), "green") if succeeded else (_mark(call.err, "✗", "x"), "red")
        )
        call.say(f"{self._id} {tasks.ending(task)}", mark=call.err.styled(mark, colour) + " ")
        say_lost_output(call, task)
        if not succeeded:
            call.hint("more", f"tapit show task task={self._id}")
        if call.chosen_output == "json" or (repeat_output and call.output == "json"):
            tasks.print_json(call.out, task)
        return exit_code_of(task)

    def _say_last_lines(self) -> None:
        if "quiet" not in self._call.flags:
            lines = last_lines(self._call, self._id, LAST_LINES)
            self._call.err.write("".join(f"{line}\n" for line in lines))

    def _interrupted(self) -> int:
        call = self._call
        if "cancel_on_interrupt" in call.flags:
            task = call.client.send("POST", f"/tasks/{segment(self._id)}/stop", repeatable=True)
            call.say(f"Stopping task {self._id} ({task['status']}).")
            call.hint("see", f"tapit show task task={self._id}")
            return INTERRUPTED
        call.say(f"Stopped waiting; task {self._id} goes on ({self._status}).")
        call.hint("wait", f"tapit wait task={self._id}")
        call.hint("output", f"tapit logs -f task={self._id}")
        call.hint("stop", f"tapit delete task task={self._id}")
        return INTERRUPTED


def _mark(stream: Stream, symbol: str, plain: str) -> str:
    return symbol if stream.speaks_unicode else plain


def _without_output(stream: Stream, refusal: OutputForbidden) -> str:
    arrow = _mark(stream, "→", "->")
    told = [
        f"no output: {refusal.what}",
        *(f"  {arrow} {line}" for line in (refusal.then or "").splitlines()),
    ]
    return "".join(f"{stream.styled(harmless(line), 'yellow')}\n" for line in told)


def say_lost_output(call: "Call", said: "dict[str, Any]") -> None:
    lost = said.get("lost_output_bytes") or 0
    if lost:
        call.say(f"{lost:,} bytes of the output could not be kept.", "yellow")


def last_lines(call: "Call", task_id: str, count: int) -> list[str]:
    """The end of the output, or that it may not be read; none when asking fails, for it only adds to what is told."""
    try:
        page = call.client.get(f"/tasks/{segment(task_id)}/logs", {"tail": count})
    except OutputForbidden as refusal:
        return [f"({refusal.what})"]
    except CliError:
        return []
    return [str(line["message"]) for line in page["items"]]


def exit_code_of(task: "dict[str, Any]") -> int:
    """The task's own; 0 only for a task that succeeded."""
    code = task.get("exit_code")
    if task["status"] == "SUCCEEDED":
        return int(code or 0)
    return int(code) if code else OWN_FAILURE
