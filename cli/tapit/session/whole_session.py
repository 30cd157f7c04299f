"""A session as a whole: from waiting for the start of its task to telling how it ended."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from contextlib import ExitStack, suppress
from importlib import import_module

from tapit import TYPE_CHECKING
from tapit.display import task_words
from tapit.display.live_line import News, StartingLine
from tapit.display.what_to_do import say_what_to_do
from tapit.errors import (
    CLOSED_PIPE,
    INTERRUPTED,
    OWN_FAILURE,
    CliError,
    NotConnected,
    NotReady,
    TaskOver,
    UsageError,
)
from tapit.exit_code import exit_code_of
from tapit.home.client import segment
from tapit.statuses import is_final
from tapit.terminal import times
from tapit.terminal.stream import clipped, harmless
from tapit.waiting.interrupts import Interrupts
from tapit.waiting.watch import Watch

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import OpenedSession, Task
    from tapit.session.result import Ended
    from tapit.session.session_requests import SessionRequests

SHOWN_COMMAND = 30
TERMINAL_TYPE = r"[A-Za-z0-9][A-Za-z0-9+._-]{0,39}"  # what a home takes
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 2.0, 1.5
PATIENCE_TO_CONNECT = 60.0  # seconds; ECS Exec says that it is running some seconds before it is
PATIENCE_WITH_THE_END = 60.0
PATIENCE_WITH_ITS_WORD = 5.0  # ... that it is over: why comes a moment later
KILLED = 137


class WholeSession:
    """One session; without a command it runs the task's own, and the task ends with it."""

    def __init__(self, call: Call, task: Task, command: str | None) -> None:
        self._call = call
        self._task = task
        self._command = command
        self._id = str(task["id"])
        self._path = f"/tasks/{segment(self._id)}"
        self._on_terminal = sys.stdin.isatty() and sys.stdout.isatty()

    def to_the_end(self) -> int:
        """Exit code of the command, or OWN_FAILURE where it is not known."""
        with ExitStack() as until_it_begins:
            try:
                opened = self._begin(until_it_begins)
            except KeyboardInterrupt:
                until_it_begins.close()
                return self._given_up()
            except CliError:
                self._stop_what_nobody_attends()
                raise
            return self._attend(opened, until_it_begins)

    # Starting

    def _begin(self, until_it_begins: ExitStack) -> OpenedSession:
        # it takes a tenth of a second, which the task needs to start anyhow
        threading.Thread(target=import_module, args=("tapit.session.attach",), daemon=True).start()
        news = until_it_begins.enter_context(self._news())
        with Interrupts(self._call.client, signal.SIGINT, signal.SIGTERM):
            return self._open(news)

    def _news(self) -> News:
        call, task = self._call, self._task
        kind = StartingLine if call.err.can_redraw and "quiet" not in call.flags else News
        news = kind(
            call.err,
            self._id,
            str(task["status"]),
            since=task["created_at"] if self._command is None else times.now(),
            quiet="quiet" in call.flags,
        )
        if isinstance(news, StartingLine):
            what = self._command or str(task["command"])
            news.what = clipped(harmless(" ".join(what.split())), SHOWN_COMMAND)
        return news

    def _open(self, news: News) -> OpenedSession:
        watch = Watch(self._call.client, self._id, news)
        pause, connecting_since = FIRST_PAUSE, None
        while True:
            self._task = watch.until_running(self._task)
            self._refuse_ended()
            try:
                return self._ask_for_session()
            except NotConnected as refusal:
                connecting_since = connecting_since or time.monotonic()
                if time.monotonic() - connecting_since > PATIENCE_TO_CONNECT:
                    raise self._without_connection(refusal) from refusal
                news.status("RUNNING", "connecting")
            except NotReady:
                news.status("RUNNING", "getting the terminal ready")
            except TaskOver as refusal:
                self._task = self._until_final(self._task, PATIENCE_WITH_ITS_WORD)
                self._refuse_ended()
                raise refusal from None
            time.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE)
            self._task = self._call.client.get(self._path)

    def _ask_for_session(self) -> OpenedSession:
        asked: dict[str, object] = {"on_terminal": self._on_terminal}
        terminal_type = os.environ.get("TERM", "")
        if self._on_terminal and re.fullmatch(TERMINAL_TYPE, terminal_type):
            asked |= {"terminal_type": terminal_type}
        if self._command is not None:
            asked |= {"command": self._command}
        opened: OpenedSession = self._call.client.send("POST", f"{self._path}/sessions", asked)
        return opened

    def _refuse_ended(self) -> None:
        if not is_final(self._task):
            return
        diagnosis = self._task.get("diagnosis")
        over = "" if self._command is None else "is over: it "
        raise CliError(
            f"task {self._id} {over}{task_words.ending(self._task)}",
            diagnosis["next"] if diagnosis else None,
            f"tapit show task task={self._id}",
        )

    def _without_connection(self, refusal: NotConnected) -> CliError:
        return CliError(
            f"task {self._id} runs, but its terminal cannot be reached",
            refusal.then or refusal.what,
            f"tapit show task task={self._id}",
        )

    def _given_up(self) -> int:
        if self._command is None:
            self._stop()
            self._call.say(f"Given up; task {self._id} is being stopped.")
        return INTERRUPTED

    def _stop_what_nobody_attends(self) -> None:
        """Without a session the command of `tapit run` never begins; why there is none is what gets told."""
        if self._command is None and not is_final(self._task):
            with suppress(CliError):
                self._stop()

    def _stop(self) -> None:
        self._call.client.send("POST", f"{self._path}/stop", repeatable=True)

    # Attending

    def _attend(self, opened: OpenedSession, until_it_begins: ExitStack) -> int:
        from tapit.session.attach import Ended, HungUp, Left, Lost, attach
        from tapit.session.session_requests import SessionRequests

        self._call.client.while_asking = None  # the terminal is the command's now
        session_path = f"{self._path}/sessions/{segment(str(opened['session_id']))}"
        requests = SessionRequests(self._call.client, self._path, session_path)
        result = attach(opened, terminal=self._on_terminal, requests=requests, on_ready=until_it_begins.close)
        until_it_begins.close()
        match result:
            case Ended():
                return self._ended(result, requests.task_at_end)
            case Left():
                requests.report_end(None)  # the home hears it from us, and need not find out
                return self._left(result.signal)
            case Lost():
                raise self._lost(result.why)
            case HungUp():
                return self._hung_up(result.why, requests)

    def _ended(self, ended: Ended, task: Task | None) -> int:
        if ended.not_reported is not None:
            self._call.say(f"The home could not be told how it ended: {ended.not_reported.what}.", "yellow")
            self._call.hint("see", f"tapit show task task={self._id}")
        elif task is not None and self._was_being_stopped(task):
            self._tell_of_end(self._until_final(task))
        elif ended.exit_code == KILLED:
            self._call.say("The command was killed (SIGKILL, exit code 137).", "yellow")
            self._call.hint("why", f"tapit show task task={self._id}")
        return ended.exit_code

    def _was_being_stopped(self, task: Task) -> bool:
        """Whether the command ended because its task had to, and not the other way round."""
        cause = task.get("stop_cause")
        return self._command is None and cause is not None and cause["kind"] != "session"

    def _left(self, number: int | None) -> int:
        if number == signal.SIGPIPE:
            return CLOSED_PIPE
        if number == signal.SIGHUP:  # there may be no terminal any more
            return 128 + number
        goes_on = "is being stopped" if self._command is None else "goes on"
        self._call.say(f"Left the session; task {self._id} {goes_on}.")
        self._call.hint("see", f"tapit show task task={self._id}")
        return OWN_FAILURE if number is None else 128 + number

    def _lost(self, why: str) -> CliError:
        ends = " It is ended if nobody is in it any more." if self._command is None else ""
        return CliError(
            f"the connection to task {self._id} was lost",
            f"{why}\nHow its command ends is not known here.{ends}",
            f"tapit show task task={self._id}\ntapit shell task={self._id}",
        )

    def _hung_up(self, why: str, requests: SessionRequests) -> int:
        """The other end did, before the command had ended: mostly because the task did."""
        task: Task = self._call.client.get(self._path)
        if not is_final(task) and self._command is None:
            task = self._end_of(task, why)
        elif not is_final(task):
            with suppress(CliError):
                requests.report_end(None)
        if not is_final(task):
            raise CliError(
                f"the session in task {self._id} was ended from the other side",
                why or None,
                f"tapit show task task={self._id}",
            )
        self._tell_of_end(task)
        return exit_code_of(task)

    def _tell_of_end(self, task: Task) -> None:
        self._call.say(f"{self._id} {task_words.ending(task)}")
        say_what_to_do(self._call, task)

    def _end_of(self, task: Task, why: str) -> Task:
        """It follows, but on AWS not before its watchdog and the events of ECS have seen to it."""
        self._call.say(f"The session was ended from the other side. {why}".strip())
        self._call.say(f"Waiting for task {self._id} to end; Ctrl-C stops waiting.", "dim")
        return self._until_final(task)

    def _until_final(self, task: Task, patience: float = PATIENCE_WITH_THE_END) -> Task:
        news = News(self._call.err, self._id, str(task["status"]), since=task["created_at"], quiet=True)
        try:
            return Watch(self._call.client, self._id, news, timeout=patience).until_final(task)
        except CliError:  # what is known by now is told instead
            return task


def refuse_output_format(call: Call) -> None:
    if call.chosen_output is not None:
        raise UsageError("-o does not go with a session", "stdout is the command's own.", "leave it out")
