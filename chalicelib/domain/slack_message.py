"""An event as a message for a Slack channel: one line with all that somebody wants to know at three in the morning.

It is a coloured attachment: attachments are what has a colour, and their `fallback` is what notifications show. Beyond
700 characters or five lines Slack folds them, so what may be long is cut.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.event import ScheduleEvent, Sent, SubscriptionEvent, TaskEvent
from chalicelib.domain.status import FINAL, Status
from chalicelib.domain.task_view import PublicTask

SHOWN_COMMAND = 120  # characters
SHOWN_REASON = 200
SHOWN_NAME = 60
_NEUTRAL = "#8d8d8d"
_COLOURS = {
    Status.RUNNING: "#439fe0",
    Status.STOPPING: "warning",
    Status.SUCCEEDED: "good",
    Status.FAILED: "danger",
    Status.STOPPED: "warning",
    Status.TIMED_OUT: "danger",
    Status.LOST: "danger",
}
_SAID = {
    Status.PENDING: "is waiting to start",
    Status.STARTING: "is starting",
    Status.RUNNING: "is running",
    Status.STOPPING: "is being stopped",
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.STOPPED: "was stopped",
    Status.TIMED_OUT: "timed out",
    Status.LOST: "was lost",
}
_SAID_BY_DIAGNOSIS = (EndedBy.DEADLINE, EndedBy.OUT_OF_MEMORY)
_SAYS_NOTHING = "Essential container in task exited"
_MENTION = re.compile(r"(?<!\w)@(?=\w)")  # Mattermost obeys a plain @all, and so does Slack's link_names
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True)
class _Words:
    """What a channel shows, with its marks, and what a notification does, which knows none."""

    marked: str
    plain: str


def slack_message(event: Sent) -> dict[str, Any]:
    """Return what Slack's incoming webhooks take."""
    if isinstance(event, TaskEvent):
        return _message(_COLOURS.get(event.status, _NEUTRAL), *_of_task(event))
    if isinstance(event, SubscriptionEvent):
        return _message("danger", *_of_pause(event, "subscription", event.subscription, "paused=false"))
    if isinstance(event, ScheduleEvent):
        return _message("danger", *_of_pause(event, "schedule", event.schedule, "enabled=true"))
    tested = _joined(_bold(event.app), _ours(": a test of subscription "), _code(event.subscription))
    return _message(
        _NEUTRAL, _joined(tested, _ours(", sent by "), _name(event.by), _ours("; nothing has happened"))
    )


def _of_task(event: TaskEvent) -> list[_Words]:
    task = event.task
    command = _code(_cut(task.command, SHOWN_COMMAND))
    said = _joined(_bold(event.app), _ours(": "), command, _ours(" "), _bold(_SAID[event.status]))
    show = _code(f"tapit show task task={event.task_id}")
    return [_with_reasons(said, _reasons(task)), _who(task), *_how_long(event), show]


def _of_pause(event: SubscriptionEvent | ScheduleEvent, noun: str, name: str, resuming: str) -> list[_Words]:
    said = _joined(_bold(event.app), _ours(f": {noun} "), _code(name), _ours(" "), _bold("paused itself"))
    resume = _code(f"tapit -a {event.app} set {noun} name={name} {resuming}")
    return [_with_reasons(said, [_sentence(_cut(event.why, SHOWN_REASON))]), resume]


def _reasons(task: PublicTask) -> list[str]:
    """Why it ended like this, the words of what it ran on where they say more, and what to do now."""
    what = task.diagnosis.what if task.diagnosis else task.waiting_for or ""
    more = task.reason if task.reason and _says_more(task, task.reason, what) else ""
    said = [_sentence(_cut(words, SHOWN_REASON)) for words in (what, more) if words]
    return [*said, f"→ {_cut(task.diagnosis.next, SHOWN_REASON)}"] if task.diagnosis else said


def _says_more(task: PublicTask, reason: str, what: str) -> bool:
    """Where we had it stopped, the reason is what we told ECS."""
    was_ours = task.stop_cause is not None or task.ended_by in _SAID_BY_DIAGNOSIS
    return not (was_ours or reason in what or reason.startswith(_SAYS_NOTHING))


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _with_reasons(said: _Words, reasons: list[str]) -> _Words:
    return _joined(said, _ours(": "), _text(" ".join(reasons))) if reasons else said


def _who(task: PublicTask) -> _Words:
    if task.initiated_by and task.initiated_by != task.created_by:
        token = _joined(_ours(" (token "), _name(task.created_by), _ours(")"))
        return _joined(_ours("started by "), _name(task.initiated_by), token)
    return _joined(_ours("started by "), _name(task.created_by))


def _how_long(event: TaskEvent) -> list[_Words]:
    if event.status not in FINAL:
        return []
    if event.task.started_at is None:
        return [_ours("never ran")]
    return [_ours(f"ran {_length(event.task.started_at, event.task.stopped_at or event.time)}")]


def _length(began: datetime, ended: datetime) -> str:
    exactly = max(0.0, (ended - began) / timedelta(seconds=1))
    if 0 < exactly < 0.95:
        return f"{max(exactly, 0.1):.1f} s"
    seconds = round(exactly)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _message(colour: str, *parts: _Words) -> dict[str, Any]:
    line = _joined(*parts, between=" · ")
    attachment = {"color": colour, "fallback": line.plain, "text": line.marked, "mrkdwn_in": ["text"]}
    return {"attachments": [attachment]}


def _joined(*parts: _Words, between: str = "") -> _Words:
    return _Words(between.join(part.marked for part in parts), between.join(part.plain for part in parts))


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _ours(text: str) -> _Words:
    return _Words(text, text)


def _name(text: str) -> _Words:
    return _text(_cut(text, SHOWN_NAME))


def _text(text: str) -> _Words:
    return _ours(_harmless(text))


def _bold(text: str) -> _Words:
    return _Words(f"*{_harmless(text)}*", _harmless(text))


def _code(text: str) -> _Words:
    """A backtick would end it, and there is no way to write one in it; nobody is mentioned in it."""
    marked = f"`{_escaped(text.replace('`', 'ˋ'))}`" if text else ""
    return _Words(marked, _harmless(text))


def _harmless(text: str) -> str:
    """Break what would mention somebody, or everybody, by a blank that nobody sees."""
    return _MENTION.sub("@\u200b", _escaped(text))


def _escaped(text: str) -> str:
    """Escape what Slack would take for a link, a mention, or an entity."""
    return text.translate(_ESCAPED)
