"""A person at a task's terminal, from waiting for its start to telling how it ended."""

import signal
import sys
import threading
import time
from contextlib import ExitStack, nullcontext, suppress
from importlib import import_module

from tapit import tasks, times
from tapit.client import segment
from tapit.errors import CLOSED_PIPE, INTERRUPTED, OWN_FAILURE, CliError, NotConnected, NotReady, UsageError
from tapit.follow import Watch
from tapit.interrupts import Interrupts
from tapit.live import News, StartingLine
from tapit.terminal import clipped, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call
    from tapit.session.result import Ended

SHOWN_COMMAND = 30
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 2.0, 1.5
PATIENCE_TO_CONNECT = 60.0  # seconds; ECS Exec says that it is running some seconds before it is
PATIENCE_WITH_THE_END = 60.0


class Visit:
    """One session; without a command it runs the task's own, and the task ends with it."""

    def __init__(self, call: "Call", task: "dict[str, Any]", command: str | None) -> None:
        self._call = call
        self._task = task
        self._command = command
        self._id = str(task["id"])
        self._path = f"/tasks/{segment(self._id)}"
        self._on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._session = ""

    def to_the_end(self) -> int:
        """Exit code of the command, or OWN_FAILURE where it is not known."""
        # it takes a tenth of a second, which the task needs to start anyhow
        threading.Thread(target=import_module, args=("tapit.session.session",), daemon=True).start()
        with ExitStack() as until_it_begins:
            news = until_it_begins.enter_context(self._news())
            try:
                with Interrupts(self._call.client, signal.SIGINT, signal.SIGTERM):
                    opened = self._open(news)
            except KeyboardInterrupt:
                until_it_begins.close()
                return self._given_up()
            except CliError:
                self._stop_what_nobody_attends()
                raise
            return self._attend(opened, until_it_begins)

    # Starting

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

    def _open(self, news: News) -> "dict[str, Any]":
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
            time.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE)
            self._task = self._call.client.get(self._path)

    def _ask_for_session(self) -> "dict[str, Any]":
        asked = {"on_terminal": self._on_terminal}
        if self._command is not None:
            asked |= {"command": self._command}
        return self._call.client.send("POST", f"{self._path}/sessions", asked)

    def _refuse_ended(self) -> None:
        if not tasks.is_final(self._task):
            return
        diagnosis = self._task.get("diagnosis") or {}
        over = "" if self._command is None else "is over: it "
        raise CliError(
            f"task {self._id} {over}{tasks.ending(self._task)}",
            str(diagnosis.get("next") or ""),
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
        if self._command is None and not tasks.is_final(self._task):
            with suppress(CliError):
                self._stop()

    def _stop(self) -> None:
        self._call.client.send("POST", f"{self._path}/stop", repeatable=True)

    # Attending

    def _attend(self, opened: "dict[str, Any]", until_it_begins: ExitStack) -> int:
        from tapit.session.session import Closed, Ended, Left, Lost, attach

        self._call.client.while_asking = nullcontext  # the terminal is the command's now
        self._session = f"{self._path}/sessions/{segment(str(opened['session_id']))}"
        result = attach(
            opened,
            terminal=self._on_terminal,
            report=self._report,
            resume=self._resume,
            new_deadline=self._new_deadline,
            on_ready=until_it_begins.close,
        )
        until_it_begins.close()
        match result:
            case Ended():
                return self._ended(result)
            case Left():
                return self._left(result.signal)
            case Lost():
                raise self._lost(result.why)
            case Closed():
                return self._closed(result.why)

    def _ended(self, ended: "Ended") -> int:
        if ended.not_reported is not None:
            self._call.say(f"The home could not be told how it ended: {ended.not_reported.what}.", "yellow")
            self._call.hint("see", f"tapit show task task={self._id}")
        return ended.exit_code

    def _report(self, exit_code: int | None) -> None:
        self._call.client.send("POST", f"{self._session}/end", {"exit_code": exit_code}, repeatable=True)

    def _resume(self) -> "dict[str, Any]":
        return self._call.client.send("POST", f"{self._session}/resume", repeatable=True)

    def _new_deadline(self) -> str | None:
        return self._call.client.get(self._path, attempts=1).get("deadline")

    def _left(self, number: int | None) -> int:
        """Nobody is there any more: the home hears it from us, and need not find out."""
        self._report(None)
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

    def _closed(self, why: str) -> int:
        """The other end hung up before the command had ended: mostly because the task did."""
        task = self._call.client.get(self._path)
        if not tasks.is_final(task) and self._command is None:
            task = self._end_of(task)
        if not tasks.is_final(task):
            raise CliError(
                f"the session in task {self._id} was ended from the other side",
                why or None,
                f"tapit show task task={self._id}",
            )
        self._call.say(f"{self._id} {tasks.ending(task)}")
        self._call.hint("more", f"tapit show task task={self._id}")
        from tapit.waiting import exit_code_of

        return exit_code_of(task)

    def _end_of(self, task: "dict[str, Any]") -> "dict[str, Any]":
        news = News(self._call.err, self._id, str(task["status"]), since=task["created_at"], quiet=True)
        try:
            return Watch(self._call.client, self._id, news, timeout=PATIENCE_WITH_THE_END).until_final(task)
        except CliError:  # what is known by now is told instead
            return task


def refuse_output_format(call: "Call") -> None:
    if call.chosen_output is not None:
        raise UsageError("-o does not go with a session", "stdout is the command's own.", "leave it out")
