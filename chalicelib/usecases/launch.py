"""Launch a task. It may run any number of times: the plan is saved first, and the same plan starts one container."""

import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from chalicelib.domain.app import App
from chalicelib.domain.errors import (
    AppNotFound,
    NotDone,
    RefusedForGood,
    RefusedForNow,
    Stale,
    TapitError,
    TaskNotFound,
    Unanswered,
    Unavailable,
    Unreadable,
)
from chalicelib.domain.lock import words_of_waiting
from chalicelib.domain.patience import (
    has_waited_enough,
    is_a_failure,
    is_searched_in_vain,
    may_be_under_way,
    waits_until,
)
from chalicelib.domain.status import Status
from chalicelib.domain.task import (
    Task,
    accept_launch,
    begin_attempt,
    give_up_launch,
    give_up_turn,
    last_words,
    lose,
    note_failure,
    refuse_launch,
    wait_for_answer,
    wait_for_room,
    wait_for_turn,
    why_stray,
)
from chalicelib.domain.time_limit import next_wake
from chalicelib.ports import Services
from chalicelib.usecases.change import change_read_task, change_task
from chalicelib.usecases.turn import lock_to_wait_for

FORESEEN = (NotDone, TaskNotFound, Stale, Unavailable)


def begin_life(services: Services, task_id: str, *, was_tried: bool = False) -> datetime | None:
    """Launch a task; return when to look at it for the first time, or None when it is over, or removed since."""
    try:
        task = launch_task(services, task_id, was_tried=was_tried)
    except TaskNotFound:
        return None
    return None if task.is_final else next_wake(task, services.clock.now())


def launch_task(services: Services, task_id: str, *, was_tried: bool = False) -> Task:
    """Bring a task to its container, or to its end.

    Raise Unanswered or RefusedForNow when this is to be done again later; what was decided is saved. Whatever else is
    raised is noted, and when that has gone on for an hour the task has ended. `was_tried` tells of an earlier launch,
    of which nothing may be written down: one that was killed, say.
    """
    try:
        return _launch(services, task_id, was_tried=was_tried)
    except FORESEEN:
        raise
    except Exception as error:
        with suppress(TapitError):  # what was raised first says more
            _note_failure(services, task_id, error)
        raise


def _launch(services: Services, task_id: str, *, was_tried: bool) -> Task:
    task = services.tasks.get(task_id)
    if task.is_final or (task.launch is not None and task.launch.accepted_at is not None):
        return task
    if task.ecs_arn is not None:  # an event was faster than the answer
        return _accept(services, task, task.ecs_arn)
    if task.is_early(services.clock.now()):
        return task
    try:
        app = services.apps.get(task.app)
    except AppNotFound as gone:
        return _settle(services, task, None, RefusedForGood(str(gone)), in_doubt=_is_unanswered(task))
    awaited = _awaited_before_it(services, task) if task.waits_its_turn else None
    if awaited is not None:
        return _wait_for_turn(services, task, app, awaited)
    if has_waited_enough(task, waits_until(task, app), services.clock.now(), was_tried=was_tried):
        last = RefusedForNow(last_words(task) or "no launch of it came to an end")
        return _settle(services, task, app, last, in_doubt=_is_unanswered(task))
    return _ask(services, task, app)


def _awaited_before_it(services: Services, task: Task) -> str | None:
    """Return what a task waits for before it may be launched; the sweep tells the operator what cannot be read."""
    try:
        lock = lock_to_wait_for(services, task)
    except Unreadable as problem:
        return f"lock {task.lock}. {problem}"
    return None if lock is None else words_of_waiting(lock)


def _wait_for_turn(services: Services, task: Task, app: App, what: str) -> Task:
    """Say what it waits for, until its time to wait is over; whoever had the lock before wakes it."""
    now, until = services.clock.now(), waits_until(task, app)
    if now > until:
        return change_task(services, task.id, lambda task: give_up_turn(task, what, now))
    return change_read_task(services, task, lambda task: wait_for_turn(task, what, until))


def _ask(services: Services, task: Task, app: App) -> Task:
    was_asked = _is_unanswered(task)
    try:
        if not was_asked:
            task, was_asked = _with_attempt(services, task, app)
        if task.is_final:  # a user's stop was faster
            return task
        return _accept(services, task, services.cluster.start(task, app))
    except NotDone as refusal:
        return _settle(services, task, app, refusal, in_doubt=was_asked)


def _with_attempt(services: Services, task: Task, app: App) -> tuple[Task, bool]:
    """Return the task with what to ask for it on record, and whether somebody else has begun that attempt."""
    plan, until = services.cluster.plan(task, app), waits_until(task, app)
    now = services.clock.now()
    task = change_read_task(services, task, lambda task: begin_attempt(task, plan, now, until))
    return task, task.launch is not None and task.launch.attempted_at != now


def _accept(services: Services, task: Task, arn: str) -> Task:
    assert task.launch is not None
    attempt, now = task.launch.attempt, services.clock.now()
    task = change_read_task(services, task, lambda task: accept_launch(task, arn, now, attempt))
    if task.has_failed_to_start(attempt) and task.ecs_arn != arn:  # as an event told before
        raise RefusedForNow(last_words(task) or "it did not start")
    if task.status is Status.STOPPING:  # asked to stop before we knew its container
        services.cluster.stop(task, task.history[-1].why or "stopped while starting")
    if arn != task.ecs_arn:  # an event told of an earlier attempt's container first, or the task has ended
        services.cluster.stop_stray(arn, f"tapit: {why_stray(task)}")
    return task


def _settle(services: Services, task: Task, app: App | None, refusal: NotDone, *, in_doubt: bool) -> Task:
    """Go on without a container: wait for another try, which raises the refusal, or end the task.

    A refusal may follow a call that was carried out but never answered (`in_doubt`): what that one started is ours.
    """
    if isinstance(refusal, Unanswered) and _is_unanswered(task):
        return _raise_to_repeat(services, task, refusal)
    if in_doubt:
        try:
            arn = services.cluster.find(task)
        except Unanswered as silence:
            return _search_again(services, task, app, silence)
        if arn is not None:
            return _accept(services, task, arn)
        if isinstance(refusal, RefusedForNow) and may_be_under_way(task, services.clock.now()):
            return _raise_to_repeat(services, task, refusal)
    if isinstance(refusal, RefusedForGood) or services.clock.now() > waits_until(task, app):
        return _end(services, task, refusal)
    return _raise_refusal(services, task, refusal)


def _raise_to_repeat(services: Services, task: Task, silence: NotDone) -> NoReturn:
    """Raise what was answered, or was not, for the very same thing to be done again."""
    change_task(services, task.id, lambda task: wait_for_answer(task, str(silence)))
    raise silence


def _search_again(services: Services, task: Task, app: App | None, silence: Unanswered) -> Task:
    now = services.clock.now()
    if not is_searched_in_vain(task, waits_until(task, app), now):
        _raise_to_repeat(services, task, silence)
    return change_task(services, task.id, lambda task: lose(task, now, str(silence)))


def _raise_refusal(services: Services, task: Task, refusal: NotDone) -> Task:
    """Raise the refusal, unless the task was to end anyway: then it has ended.

    An attempt is closed only when nobody else has been at it meanwhile, and may have an answer to come.
    """
    now, asked = services.clock.now(), task.revision
    task = change_task(
        services,
        task.id,
        lambda task: wait_for_room(task, str(refusal), now) if task.revision == asked else task,
    )
    if task.is_final:
        return task
    raise refusal


def _end(services: Services, task: Task, refusal: NotDone) -> Task:
    now = services.clock.now()
    task = change_task(services, task.id, lambda task: refuse_launch(task, str(refusal), now))
    return task if task.is_final or task.ecs_arn is None else _accept(services, task, task.ecs_arn)


def _note_failure(services: Services, task_id: str, error: Exception) -> None:
    now, what = services.clock.now(), f"tapit itself failed: {_told(error)}"
    task = change_task(services, task_id, lambda task: note_failure(task, what, now))
    if is_a_failure(task, now):
        change_task(services, task_id, lambda task: give_up_launch(task, what, now))


def _told(error: Exception) -> str:
    """Words that we have not chosen may hold what is secret, so of others' errors only the place is told."""
    if isinstance(error, TapitError):
        return str(error)
    *_, place = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"


def _is_unanswered(task: Task) -> bool:
    return task.launch is not None and task.launch.is_unanswered
