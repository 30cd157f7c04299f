"""Waiting for a task from a terminal or a script: streams, Ctrl-C, and the exit code it all ends with."""

from __future__ import annotations

import signal
import time

from tapit import TYPE_CHECKING
from tapit.display import task_words
from tapit.display.last_lines import last_lines, say_lost_output
from tapit.display.live_line import News, news_of
from tapit.display.output_printer import OutputPrinter
from tapit.display.what_to_do import say_what_to_do
from tapit.errors import INTERRUPTED, CliError, NotFound, OutputForbidden, OutputUnavailable, WaitTimedOut
from tapit.exit_code import exit_code_of
from tapit.home.client import segment
from tapit.language.task_ids import named
from tapit.statuses import is_final
from tapit.terminal import times
from tapit.terminal.stream import Stream, harmless
from tapit.waiting.follow_log import follow_log
from tapit.waiting.interrupts import Interrupts
from tapit.waiting.watch import Watch

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Task

LAST_LINES = 20


class Waiting:
    """One wait, from the first look at the tasks to the ending line of the last."""

    def __init__(self, call: Call, *tasks: Task) -> None:
        self._call = call
        self._left = list(tasks)
        self._ended: list[Task] = []
        self.is_interrupted = False
        self._status = ""  # of the one that is being waited for
        self._began = time.monotonic()

    def to_the_end(self, *, stream_output: bool) -> int:
        """Exit code of the first task that failed, in the order given, or of the way the waiting ended."""
        try:
            # SIGTERM is what a CI runner sends where a person types Ctrl-C
            with Interrupts(self._call.client, signal.SIGINT, signal.SIGTERM):
                self._wait(stream_output=stream_output)
        except KeyboardInterrupt:
            self.is_interrupted = True
            return self._interrupted()
        self._print(self._ended, repeat_output=not stream_output)
        return next(filter(None, map(exit_code_of, self._ended)), 0)

    def _wait(self, *, stream_output: bool) -> None:
        while self._left:
            try:
                task = self._until_final(self._left[0], stream_output=stream_output)
            except WaitTimedOut as over:
                raise self._timed_out(over) from None
            self._tell_ending(task, repeat_output=not stream_output)
            following = self._next_try(task)
            if following is None:
                self._ended.append(task)
                del self._left[0]
            else:
                self._left[0] = following

    def _next_try(self, task: Task) -> Task | None:
        """What it is tried again as: that has a life of its own, and is what is waited for from now on."""
        retried_by = task.get("retried_by")
        if not retried_by:
            return None
        try:
            following: Task = self._call.client.get(f"/tasks/{segment(retried_by)}")
        except NotFound:  # removed since, by hand
            return None
        self._call.say(f"Trying again: task {retried_by}, {task_words.attempt(following)}.")
        return following

    def _newest_try(self, task: Task) -> Task:
        following = self._next_try(task)
        return task if following is None else self._newest_try(following)

    def _timed_out(self, of_one: WaitTimedOut) -> WaitTimedOut:
        """While one of several was waited for, others may have ended."""
        first, *others = self._left
        self._left = [first]
        for other in others:
            task = self._newest_try(self._call.client.get(f"/tasks/{segment(other['id'])}"))
            if is_final(task):
                self._tell_ending(task, repeat_output=True)
            else:
                self._left.append(task)
        if len(self._left) == 1:
            return of_one
        left = named([str(task["id"]) for task in self._left])
        return WaitTimedOut(
            f"{len(self._left)} tasks have not ended within {times.brief(self._call.get('timeout'))}",
            "They go on.",
            f"wait again: tapit wait {left}\nstop them: tapit stop {left}",
        )

    def _until_final(self, task: Task, *, stream_output: bool) -> Task:
        call, task_id, status = self._call, str(task["id"]), str(task["status"])
        since = task.get("started_at") or task["created_at"]
        quiet = "quiet" in call.flags
        cancels = "cancel_on_interrupt" in call.flags
        attempt = task_words.attempt(task)
        name = f"{task_id} ({attempt})" if attempt else task_id
        with news_of(call.err, name, status, since=since, quiet=quiet, cancels=cancels) as news:
            watch = Watch(call.client, task_id, news, timeout=call.get("timeout"), began=self._began)
            watch.status = self._status = status
            try:
                watch.note(status, task_words.waiting(task))
                if stream_output:
                    self._stream(watch, news, task)
                    task = call.client.get(f"/tasks/{segment(task_id)}")
                return watch.until_final(task)
            finally:
                self._status = watch.status

    def _stream(self, watch: Watch, news: News, task: Task) -> None:
        """Without output that cannot be had: the task is waited for all the same."""
        watch.rest(task.get("poll_after") or 0, fresh=True)
        stream = self._output_stream()
        printer = OutputPrinter(stream, write=lambda content: news.print(stream, content))
        try:
            follow_log(watch, printer, revision=task["revision"])
        except (OutputForbidden, OutputUnavailable) as refusal:
            news.print(self._call.err, _without_output(self._call.err, refusal))
        finally:
            printer.end()

    def _output_stream(self) -> Stream:
        """With a format asked for, stdout is for the task's object alone."""
        return self._call.err if self._call.chosen_output in ("json", "id") else self._call.out

    def _tell_ending(self, task: Task, *, repeat_output: bool) -> None:
        call = self._call
        succeeded = task["status"] == "SUCCEEDED"
        if repeat_output and not succeeded:
            self._say_last_lines(task["id"])
        mark, colour = (
            (_mark(call.err, "✓", "ok"), "green") if succeeded else (_mark(call.err, "✗", "x"), "red")
        )
        call.say(f"{task['id']} {task_words.ending(task)}", mark=call.err.styled(mark, colour) + " ")
        if "quiet" in call.flags and not succeeded and task.get("exit_code") is None:
            self._tell_error(task)
        say_lost_output(call, task)
        if not succeeded and not task.get("retried_by"):
            say_what_to_do(call, task)

    def _tell_error(self, task: Task) -> None:
        """The code that we end with is ours then, and says nothing of why."""
        err, what = self._call.err, harmless(f"task {task['id']} {task_words.ending(task)}")
        err.write(f"{err.styled('error:', 'red', 'bold')} {what}\n")

    def _print(self, tasks: list[Task], *, repeat_output: bool) -> None:
        call = self._call
        if call.chosen_output == "json" or (repeat_output and call.output == "json"):
            call.out.write_json(tasks[0] if len(tasks) == 1 else tasks)

    def _say_last_lines(self, task_id: str) -> None:
        if "quiet" not in self._call.flags:
            lines = last_lines(self._call, task_id, LAST_LINES)
            self._call.err.write("".join(f"{line}\n" for line in lines))

    def _interrupted(self) -> int:
        if "cancel_on_interrupt" in self._call.flags:
            self._stop()
        else:
            self._tell_how_to_go_on()
        return INTERRUPTED

    def _stop(self) -> None:
        for task in self._left:
            stopped = self._stopped(task["id"])
            self._call.say(f"Stopping task {stopped['id']} ({stopped['status']}).")
            self._call.hint("see", f"tapit show task task={stopped['id']}")

    def _stopped(self, task_id: str) -> Task:
        """The one that has just ended may have a next try, and that is what is to stop."""
        stopped: Task = self._call.client.send("POST", f"/tasks/{segment(task_id)}/stop", repeatable=True)
        retried_by = stopped.get("retried_by")
        return self._stopped(retried_by) if retried_by else stopped

    def _tell_how_to_go_on(self) -> None:
        call, left = self._call, [str(task["id"]) for task in self._left]
        if len(left) == 1:
            call.say(f"Stopped waiting; task {left[0]} goes on ({self._status}).")
        else:
            call.say(f"Stopped waiting; {len(left)} tasks go on.")
        call.hint("wait", f"tapit wait {named(left)}")
        if len(left) == 1:
            call.hint("output", f"tapit logs -f task={left[0]}")
        call.hint("stop", f"tapit stop {named(left)}")


def _mark(stream: Stream, symbol: str, plain: str) -> str:
    return symbol if stream.speaks_unicode else plain


def _without_output(stream: Stream, refusal: CliError) -> str:
    arrow = _mark(stream, "→", "->")
    told = [
        f"no output: {refusal.what}",
        *(f"  {arrow} {line}" for line in (refusal.then or "").splitlines()),
    ]
    return "".join(f"{stream.styled(harmless(line), 'yellow')}\n" for line in told)
