"""What requests about schedules and their answers look like."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field

from chalicelib.domain.schedule import Missed, Overlap, Run, Schedule
from chalicelib.domain.single_time import notes_on
from chalicelib.domain.status import Status
from chalicelib.domain.time_zones import LONGEST_ZONE
from chalicelib.domain.timetable import in_words, next_runs
from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import NAME_IN_WORDS, AppName, Command, CommandName, Description, QueryParameters
from chalicelib.http.task_options import TaskChanges, TaskOptions, TaskOptionsView

MOST_SHOWN_RUNS = 10
NEXT_SHOWN = 5


class ScheduleFields(TaskChanges):
    """What may be said of one; null puts something back to its default.

    One of `cron`, `every` and `at` says when it is due, `command` or `command_name` what is run then: to give one of
    them takes the others away. All options of a task may be given too, but `if_locked`: `overlap` says that.
    """

    command: Command | None = None
    command_name: (
        Annotated[
            CommandName,
            Field(description=f"the name of a saved command, taken as it is when it is due: {NAME_IN_WORDS}"),
        ]
        | None
    ) = None
    description: Description | None = None
    cron: (
        Annotated[
            str, Field(max_length=200, description="five fields, by the clock of `timezone`; or @daily")
        ]
        | None
    ) = None
    timezone: (
        Annotated[str, Field(max_length=LONGEST_ZONE, description="such as Australia/Sydney; UTC otherwise")]
        | None
    ) = None
    every: Annotated[int, Field(description="seconds, from 60 on")] | None = None
    at: (
        Annotated[
            str,
            Field(
                max_length=40,
                description="once: a time with an offset, or else one in `timezone`",
                examples=["2026-12-24T20:00"],
            ),
        ]
        | None
    ) = None
    overlap: (
        Annotated[
            Literal["skip", "queue", "allow", "replace"],
            Field(description="what becomes of a run that is due while the one before has not ended"),
        ]
        | None
    ) = None
    missed: (
        Annotated[
            Literal["latest", "skip", "all"],
            Field(description="which times are made up for that passed while the home was down"),
        ]
        | None
    ) = None
    missed_within: Annotated[int, Field(description="seconds; what is later is not made up for")] | None = (
        None
    )
    jitter: (
        Annotated[int, Field(description="seconds, an hour at most: each run starts up to so much later")]
        | None
    ) = None
    pause_after_failures: Annotated[int, Field(ge=1, le=100, description="in a row")] | None = None
    enabled: bool | None = None

    def asked(self) -> dict[str, Any]:
        """Return what was given, of the schedule and of its tasks."""
        own = ScheduleFields.model_fields.keys() - TaskChanges.model_fields.keys()
        return self.given() | {name: getattr(self, name) for name in own & self.model_fields_set}


class CreateSchedule(TaskOptions, ScheduleFields):
    __doc__ = ScheduleFields.__doc__

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "nightly", "command": "python manage.py report", "cron": "0 2 * * *", "memory": 2}
            ]
        }
    )

    name: AppName


class ChangeSchedule(ScheduleFields):
    """Only what is given changes; in `environment` and `tags` null takes one away."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cron": "0 3 * * *", "enabled": True}]})


class ListSchedulesQuery(QueryParameters):
    """A page of an app's schedules, by name."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None


class SchedulePauseView(View):
    """Since when it does not run, and why."""

    since: Moment
    why: str


class RunView(View):
    """A time that came: the task it became and how its last try stands, or why it became none."""

    time: Moment
    task_id: str | None
    status: Status | str | None
    exit_code: int | None
    why: str | None


class ScheduleView(TaskOptionsView):
    """A schedule. Values of variables are never shown, only their names.

    `paused` says that it paused itself; `enabled` false, that somebody switched it off. `next_run_at` null: it is
    paused, off or over. `due_at` is when that run starts, with its jitter. `problem` is why it could not become a task
    as things are, or else why the latest one could not.
    """

    id: str
    app: str
    name: str
    description: str | None
    command: str | None
    command_name: str | None
    cron: str | None
    timezone: str
    every: int | None
    at: Moment | None
    in_words: str
    overlap: Overlap
    missed: Missed
    missed_within: int
    jitter: int
    pause_after_failures: int | None
    enabled: bool
    paused: SchedulePauseView | None
    next_run_at: Moment | None
    due_at: Moment | None
    last_run: RunView | None
    failures: int
    problem: str | None
    created_at: Moment
    created_by: str
    revision: int

    @classmethod
    def of(cls, schedule: Schedule, **others: Any) -> Self:
        runs = _views(schedule.runs[-1:])
        return cls.showing_options(
            schedule.asked,
            **{name: getattr(schedule, name) for name in cls.model_fields if name in Schedule.model_fields}
            | {
                "command": schedule.task.command if schedule.task else None,
                "in_words": in_words(schedule),
                "paused": SchedulePauseView.showing_if_any(schedule.paused),
                "last_run": runs[0] if runs else None,
            }
            | others,
        )


class SavedScheduleView(ScheduleView):
    """The schedule as it is now; `notes` say where its time is another one than was written."""

    notes: list[str]

    @classmethod
    def answering(cls, given: ScheduleFields, schedule: Schedule, **others: Any) -> Self:
        notes = notes_on(given.at, schedule.timezone) if given.at is not None else []
        return cls.of(schedule, notes=notes, **others)


class ChangedScheduleView(SavedScheduleView):
    """The schedule as it is now, and the names of what was changed; none when it was so already."""

    changed: list[str]


class ScheduleDetails(ScheduleView):
    """A schedule, its last runs, the newest first, and the next times, without their jitter."""

    runs: list[RunView]
    next_runs: list[Moment]

    @classmethod
    def as_of(cls, schedule: Schedule, now: datetime) -> Self:
        following = list(next_runs(schedule, NEXT_SHOWN, now))
        return cls.of(schedule, runs=_views(schedule.runs[-MOST_SHOWN_RUNS:]), next_runs=following)


class ScheduleList(View):
    """Schedules by name; `next` is the cursor of the next page, None on the last."""

    items: list[ScheduleView]
    next: str | None


class ScheduleRemovedView(View):
    """The schedule is gone; the tasks that it started are not."""

    name: str
    removed: Literal[True] = True


def _views(runs: Sequence[Run]) -> list[RunView]:
    return [RunView.showing(run) for run in reversed(runs)]
