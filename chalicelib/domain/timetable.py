"""When schedules are due: their next times, what of the past is made up for, and what they say in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from chalicelib.domain.cron import keeps_to_the_clock, read_cron, wall_times
from chalicelib.domain.cron_words import cron_in_words
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.lengths import as_typed
from chalicelib.domain.lengths import in_words as length_in_words
from chalicelib.domain.schedule import Missed, Run, Schedule
from chalicelib.domain.single_time import LAST_YEAR
from chalicelib.domain.time_zones import moment_of, steady_stretches, wall_clock, zone_named

SHORTEST_DISTANCE = 60  # seconds, of every=
LONGEST_DISTANCE = 366 * 86400
LONGEST_JITTER = 3600
MISSED_AT_MOST = 7 * 86400  # what missed_within= may be
MOST_MADE_UP_FOR = 24
ON_TIME = timedelta(minutes=2)  # on AWS somebody looks once a minute
EXAMPLES = "Give one of cron='0 2 * * *', every=15m and at=2026-12-24T20:00."
_LOOKED_AT = 60  # of the next times, for the shortest distance between two of them
_FIRST_LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True)
class Due:
    """Of the times that have come: those that become tasks now, and before them those that do not, each with why."""

    to_fire: tuple[datetime, ...] = ()
    passed_over: tuple[Run, ...] = ()


def checked(schedule: Schedule) -> Schedule:
    """Return it with its cron expression in five plain fields; raise InvalidRequest for what can never be."""
    given = [name for name in ("cron", "every", "at") if getattr(schedule, name) is not None]
    if len(given) != 1:
        raise _not_one_of_three(given)
    zone_named(schedule.timezone)
    _refuse_out_of_bounds(schedule)
    _refuse_beyond_the_calendar(schedule)
    if schedule.cron is not None:
        schedule = schedule.but(cron=read_cron(schedule.cron))
    _refuse_wide_jitter(schedule)
    return schedule


def refuse_past(schedule: Schedule, now: datetime) -> None:
    """A single time that has passed will not come again."""
    if schedule.at is not None and schedule.at <= now:
        why = "is in the past"
        clock = _in_zone(now, schedule.timezone)
        hint = f"It is {clock} there now. What is to run at once is a task: tapit create task."
        raise InvalidRequest(
            f"at={_in_zone(schedule.at, schedule.timezone)} {schedule.timezone} {why}.",
            {"at": why},
            hint=hint,
        )


def with_next_run(schedule: Schedule, after: datetime) -> Schedule:
    """Return it with the first of its times after that moment; one that is off, paused or over has none."""
    found = next(times_after(schedule, after), None) if schedule.is_active else None
    return schedule.but(next_run_at=found, due_at=None if found is None else due_at(schedule, found))


def next_times(schedule: Schedule, count: int, after: datetime) -> tuple[datetime, ...]:
    """Return the next ones, whether it is switched on or not."""
    return tuple(islice(times_after(schedule, after), count))


def next_runs(schedule: Schedule, count: int, now: datetime) -> tuple[datetime, ...]:
    """Return the time that becomes a task next, which may have come and wait for its jitter, and those after now."""
    following = schedule.next_run_at
    if following is None:
        return ()
    return (following, *next_times(schedule, count - 1, max(following, now)))


def due_at(schedule: Schedule, time: datetime) -> datetime:
    """Return when that time becomes a task: a little later, the same for whoever asks, another for each time."""
    if not schedule.jitter:
        return time
    drawn = int.from_bytes(sha256(f"{schedule.id} {time.timestamp():.0f}".encode()).digest()[:8])
    return time + timedelta(seconds=drawn % schedule.jitter)


def due_times(schedule: Schedule, now: datetime) -> Due:
    """Say what becomes of the times that have come since it last fired.

    What is at most two minutes late is on time, and fires. Once something is later than that, times were missed:
    `missed` says which of them are made up for, and none is that is later than `missed_within`.
    """
    come = _come(schedule, now)
    on_time = [time for time in come if now - due_at(schedule, time) <= ON_TIME]
    to_fire = come if len(come) == len(on_time) else _made_up_for(schedule, come, on_time, now)
    passed_over = come[: len(come) - len(to_fire)]
    runs = tuple(Run(time=time, why=_why_missed(schedule, time, now)) for time in passed_over)
    return Due(tuple(to_fire), runs)


def fired(schedule: Schedule, runs: tuple[Run, ...]) -> Schedule:
    """Keep what became of its times, the earliest first, and go on to the first time after them."""
    if not runs:
        return schedule
    return with_next_run(schedule.but(runs=(*schedule.runs, *runs)), runs[-1].time)


def in_words(schedule: Schedule) -> str:
    if schedule.cron is not None:
        return f"{cron_in_words(schedule.cron)}, {schedule.timezone}"
    if schedule.every is not None:
        distance = length_in_words(schedule.every)
        one, *rest = distance.split(" ")
        return f"Every {rest[0] if one == '1' and len(rest) == 1 else distance}"
    assert schedule.at is not None
    return f"Once, at {_in_zone(schedule.at, schedule.timezone)} {schedule.timezone}"


def times_after(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield each of its times after that moment, in UTC, in order and none of them twice."""
    after = after.astimezone(UTC)
    if schedule.cron is not None:
        yield from _cron_times(schedule.cron, schedule.timezone, after)
    elif schedule.every is not None:
        yield from _regular_times(schedule.starts_at, timedelta(seconds=schedule.every), after)
    elif schedule.at is not None and schedule.at > after:
        yield schedule.at.astimezone(UTC)


def _regular_times(start: datetime, distance: timedelta, after: datetime) -> Iterator[datetime]:
    start = start.astimezone(UTC).replace(microsecond=0)
    number = max(1, (after - start) // distance + 1)
    while True:
        yield start + number * distance
        number += 1


def _cron_times(expression: str, zone_name: str, after: datetime) -> Iterator[datetime]:
    """By Vixie's rules: what names its hours runs once a day, however clocks change; the rest runs as hours pass."""
    zone = zone_named(zone_name)
    if keeps_to_the_clock(expression):
        return _once_each(expression, zone, after)
    return _as_hours_pass(expression, zone, after)


def _once_each(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    for wall in wall_times(expression, wall_clock(after, zone)):
        moment = moment_of(wall, zone)
        if moment > after:  # an hour that comes twice counts the first time, those left out come at once
            yield moment
            after = moment


def _as_hours_pass(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Not left to cronsim: where a clock changes by half an hour, it loses half an hour more later that day."""
    last_look = after
    for offset, end in steady_stretches(after, zone):
        for wall in wall_times(expression, (last_look + offset).replace(tzinfo=None)):
            moment = (wall - offset).replace(tzinfo=UTC)
            if moment >= end:
                break
            yield moment
        else:
            return
        last_look = end - timedelta(seconds=1)


def _come(schedule: Schedule, now: datetime) -> list[datetime]:
    """Return the times that have come; of very many only the latest, more than can be made up for."""
    first = schedule.next_run_at
    if first is None:
        return []
    look_back = _FIRST_LOOK_BACK
    while True:
        start = max(first, now - look_back)
        times = [first] if start == first else []
        found = takewhile(lambda time: time <= now, times_after(schedule, start))
        times = list(takewhile(lambda time: due_at(schedule, time) <= now, chain(times, found)))
        if start == first or len(times) > MOST_MADE_UP_FOR:
            return times
        look_back *= 4


def _lateness(schedule: Schedule, time: datetime, now: datetime) -> float:
    return (now - due_at(schedule, time)).total_seconds()


def _made_up_for(
    schedule: Schedule, come: list[datetime], on_time: list[datetime], now: datetime
) -> list[datetime]:
    """Always the latest of them, or none."""
    recent = [time for time in come if _lateness(schedule, time, now) <= schedule.missed_within]
    match schedule.missed:
        case Missed.SKIP:
            return on_time[-1:]
        case Missed.LATEST:
            return recent[-1:]
        case Missed.ALL:
            return recent[-MOST_MADE_UP_FOR:]


def _why_missed(schedule: Schedule, time: datetime, now: datetime) -> str:
    late = _lateness(schedule, time, now)
    said = f"missed: its turn came {length_in_words(int(late))} late"
    if schedule.missed is Missed.SKIP:
        return f"{said}, and missed=skip"
    if late > schedule.missed_within:
        return (
            f"{said}, and it is made up for within {length_in_words(schedule.missed_within)} (missed_within)"
        )
    if schedule.missed is Missed.LATEST:
        return f"{said}, and of all that are missed the latest is made up for (missed=latest)"
    return f"{said}, and at most {MOST_MADE_UP_FOR} are made up for"


def _not_one_of_three(given: list[str]) -> InvalidRequest:
    if not given:
        why = "one of cron, every and at is needed"
        return InvalidRequest("Nothing says when it is due.", {"cron": why}, hint=EXAMPLES)
    both = " and ".join([", ".join(f"{name}=" for name in given[:-1]), f"{given[-1]}="])
    why = f"only one of {', '.join(given)} can say when it is due"
    return InvalidRequest(f"{both} contradict each other.", dict.fromkeys(given, why), hint=EXAMPLES)


def _refuse_out_of_bounds(schedule: Schedule) -> None:
    bounds = {
        "every": (schedule.every, SHORTEST_DISTANCE, LONGEST_DISTANCE),
        "jitter": (schedule.jitter, 0, LONGEST_JITTER),
        "missed_within": (schedule.missed_within, SHORTEST_DISTANCE, MISSED_AT_MOST),
    }
    for name, (seconds, least, most) in bounds.items():
        if seconds is not None and not least <= seconds <= most:
            why = f"goes from {length_in_words(least)} to {length_in_words(most)}"
            raise InvalidRequest(f"{name}={as_typed(seconds)} is out of range: it {why}.", {name: why})


def _refuse_beyond_the_calendar(schedule: Schedule) -> None:
    if schedule.at is not None and schedule.at.year > LAST_YEAR:
        why = f"is after the year {LAST_YEAR}"
        raise InvalidRequest(f"at={schedule.at:%Y-%m-%d} {why}.", {"at": why})


def _refuse_wide_jitter(schedule: Schedule) -> None:
    """Its times stay in their order."""
    times = next_times(schedule, _LOOKED_AT, schedule.starts_at)
    shortest = min((two - one for one, two in pairwise(times)), default=None)
    if shortest is not None and schedule.jitter >= shortest.total_seconds():
        distance = length_in_words(int(shortest.total_seconds()))
        why = f"must be less than {distance}, the distance between two of its times"
        raise InvalidRequest(f"jitter={as_typed(schedule.jitter)} is too long: it {why}.", {"jitter": why})


def _in_zone(moment: datetime, zone_name: str) -> str:
    wall = wall_clock(moment, zone_named(zone_name))
    return wall.isoformat(sep=" ", timespec="seconds" if wall.second else "minutes")
