"""Follow a task's log: its lines as they come, until no more can follow."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display.output_printer import OutputPrinter
from tapit.display.task_words import waiting
from tapit.errors import HomeFailed, OutputUnavailable, Unreachable, UsageError
from tapit.statuses import FINAL
from tapit.waiting.watch import Watch

if TYPE_CHECKING:
    from tapit.home.answers import PageOfOutput, Task

LONGEST_WITHOUT = 30.0  # seconds between two tries while output cannot be had
LAST_LINES_WITHIN = 10.0  # after the end of a task was seen
LAST_TRIES = 4


def follow_log(
    watch: Watch, printer: OutputPrinter, *, revision: int = 0, cursor: str | None = None
) -> str | None:
    """Print every line after the cursor, and return when no more can follow: the id of the next try, if there is one.

    While the output cannot be had the task itself is looked at. Raise OutputUnavailable when it has ended and its
    last lines cannot be had, or when there is no going on from the cursor.
    """
    printed_early = False
    without = _WithoutOutput(watch)
    while True:
        try:
            query = {"cursor": cursor, **printer.query}
            page: PageOfOutput = watch.ask("/logs", query, revision, as_text=printer.wants_text)
        except (Unreachable, HomeFailed) as trouble:
            without.bear(trouble)
            continue
        except UsageError as refusal:
            if cursor is None:
                raise
            raise OutputUnavailable(refusal.what, then=watch.how_to_read) from refusal
        without = _WithoutOutput(watch)
        has_output = bool(page.get("text") or page.get("items"))
        fresh = has_output or page["revision"] > revision
        cursor, revision = page["next"], page["revision"]
        # a task that has printed runs, even where the platform has not said so yet
        printed_early = page["status"] in ("PENDING", "STARTING") and (printed_early or has_output)
        watch.note(*(("RUNNING", "") if printed_early else (page["status"], waiting(page))))
        printer.show(page)
        if page["complete"] and page["status"] in FINAL:
            return page.get("retried_by")
        watch.rest(page.get("poll_after") or 0, fresh=fresh)


class _WithoutOutput:
    """A while in which the output cannot be had: its quota is used up, say, or the whole home is being restarted."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._tries = 0
        self._ended_at: float | None = None

    def bear(self, trouble: Unreachable | HomeFailed) -> None:
        """Stay with the task itself, longer each time, until the output is worth another try."""
        self._tries += 1
        ends_at = self._watch.now() + min(2.0**self._tries - 2, LONGEST_WITHOUT)
        revision = 0
        while revision == 0 or self._watch.now() < ends_at:
            task = self._watch.poll("", {}, revision)  # which also tells whether the home is there at all
            if task["status"] in FINAL:
                self._rest_before_the_last_lines(trouble)
                return
            self._note(task, trouble)
            self._watch.rest(task.get("poll_after") or 0, fresh=task["revision"] > revision)
            revision = task["revision"]

    def _note(self, task: Task, trouble: Unreachable | HomeFailed) -> None:
        """The first trouble may have been a home's that has come back since."""
        if self._tries == 1:
            self._watch.note(task["status"], waiting(task))
        else:
            self._watch.note_no_output(task["status"], trouble.what)

    def _rest_before_the_last_lines(self, trouble: Unreachable | HomeFailed) -> None:
        now = self._watch.now()
        self._ended_at = self._ended_at or now
        if now - self._ended_at >= LAST_LINES_WITHIN:
            raise OutputUnavailable(trouble.what, trouble.why, self._watch.how_to_read) from trouble
        self._watch.rest(LAST_LINES_WITHIN / LAST_TRIES, fresh=False)
