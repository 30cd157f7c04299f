"""A time that comes is one task, or is told why it is none; in both homes, and whatever ends whoever does it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.app import Limits
from chalicelib.domain.audit import AuditQuery
from chalicelib.domain.errors import Locked, ScheduleNotFound, Unavailable
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import SavedCommand
from chalicelib.domain.schedule import MOST_RUNS, Missed, Overlap, Run, Schedule
from chalicelib.domain.status import Status
from chalicelib.domain.token import Rights, Role, new_token
from chalicelib.ports import IdempotencyKey
from chalicelib.usecases.as_things_are import schedules_as_things_are
from chalicelib.usecases.create import create_task
from chalicelib.usecases.fire import fire, start_schedule
from chalicelib.usecases.fire_due import Firer
from chalicelib.usecases.rerun import rerun_task
from chalicelib.usecases.save_schedule import alter_schedule
from tests.builders import NOON, an_app
from tests.firing_world import HOMES, FiringWorld, Killed, firing_world, until_call

QUARTER = timedelta(minutes=15)
ALICE, _ = new_token("alice", Rights(role=Role.OPERATOR))


@pytest.fixture(params=HOMES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FiringWorld]:
    with firing_world(request.param, tmp_path) as made:
        yield made


def times(schedule: Schedule) -> list[datetime]:
    return [run.time for run in schedule.runs]


def reasons(schedule: Schedule) -> list[str | None]:
    return [run.why for run in schedule.runs]


def test_a_time_that_has_come_is_one_ordinary_task_of_the_schedule(world: FiringWorld) -> None:
    world.schedule(task={"command": "report", "memory": 4, "cpu": 2, "environment": {"A": "1"}})

    world.fire()

    (task,) = world.tasks()
    assert (task.command, task.memory, task.environment) == ("report", 4, {"A": "1"})
    assert (task.created_by, task.status) == ("schedule:nightly", Status.PENDING)
    assert world.lifecycle.tasks == [task.id]
    after = world.read()
    assert after.runs == (Run(time=NOON, task_id=task.id),)
    assert (after.next_run_at, after.due_at) == (NOON + QUARTER, NOON + QUARTER)


def test_before_its_time_nothing_is_done_and_afterwards_not_again(world: FiringWorld) -> None:
    made = world.schedule(overlap=Overlap.ALLOW)

    world.fire(minutes=-0.1)
    assert world.read() == made
    for _ in range(3):
        world.fire(minutes=0.1)

    assert len(world.tasks()) == 1
    world.fire(minutes=15)
    assert times(world.read()) == [NOON, NOON + QUARTER]


def test_a_single_time_is_over_after_it(world: FiringWorld) -> None:
    world.schedule(at=NOON)

    world.fire()
    world.fire(minutes=600)

    assert len(world.tasks()) == 1
    assert (world.read().next_run_at, world.read().due_at) == (None, None)


def test_a_saved_command_is_used_as_it_is_when_the_time_comes(world: FiringWorld) -> None:
    command = SavedCommand.model_validate(
        {
            "id": "c1",
            "app": "shop",
            "name": "migrate",
            "task": {"command": "old", "memory": 4},
            "created_at": NOON,
            "created_by": "alice",
        }
    )
    saved = world.services.commands.create(command, 10)
    world.schedule(task=None, command_name="migrate", options={"memory": 8})
    assert saved.task is not None
    world.services.commands.save(saved.but(task=saved.task.but(command="new")))

    world.fire()

    (task,) = world.tasks()
    assert (task.command, task.memory) == ("new", 8)
    assert (task.command_name, task.command_revision) == ("migrate", 2)


# What cannot become a task


def test_a_run_that_is_due_while_the_one_before_has_not_ended_is_skipped_and_says_so(
    world: FiringWorld,
) -> None:
    world.schedule()

    world.fire()
    world.fire(minutes=15)

    (task,) = world.tasks()
    assert reasons(world.read()) == [None, f"skipped: task {task.id} has not ended (overlap=skip)"]
    assert (world.read().problem, world.read().failures) == (None, 0)
    world.end(task.id)
    world.fire(minutes=15)
    assert len(world.tasks()) == 2


@pytest.mark.parametrize(
    ("overlap", "locks"),
    [
        (Overlap.QUEUE, [("schedule:nightly", IfLocked.WAIT)] * 2),
        (Overlap.REPLACE, [("schedule:nightly", IfLocked.REPLACE)] * 2),
        (Overlap.ALLOW, [(None, IfLocked.WAIT)] * 2),
    ],
)
def test_another_overlap_makes_a_task_all_the_same(world: FiringWorld, overlap: Overlap, locks: Any) -> None:
    world.schedule(overlap=overlap)

    world.fire()
    world.fire(minutes=15)

    assert [(task.lock, task.if_locked) for task in world.tasks()] == locks


def test_a_lock_of_its_own_is_the_one_that_its_runs_have_in_common(world: FiringWorld) -> None:
    world.schedule(task={"command": "true", "lock": "migrate"})
    world.schedule("other", task={"command": "true", "lock": "migrate"})

    world.fire()

    (task,) = world.tasks()
    assert (task.created_by, task.lock) == ("schedule:nightly", "migrate")
    (why,) = reasons(world.read("other"))
    assert (
        why == f"skipped: task {task.id}, created by schedule:nightly, holds the lock migrate (overlap=skip)"
    )
    world.fire(minutes=15)
    assert reasons(world.read())[-1] == f"skipped: task {task.id} has not ended (overlap=skip)"


def test_a_run_that_is_skipped_for_somebody_elses_task_names_it_and_the_lock(world: FiringWorld) -> None:
    world.schedule(task={"command": "true", "lock": "migrate"})
    wanted = NewTask(command="true", lock="migrate")
    holder, _ = create_task(world.services, "shop", wanted, created_by="bob", key=None)

    world.fire()

    assert reasons(world.read()) == [
        f"skipped: task {holder.id}, created by bob, holds the lock migrate (overlap=skip)"
    ]


def test_another_task_like_a_run_needs_no_lock_of_the_schedules(world: FiringWorld) -> None:
    world.schedule()
    world.fire()
    (run,) = world.tasks()

    again, _ = rerun_task(world.services, run.id, {}, created_by="bob", key=None)

    assert (run.lock, again.lock) == ("schedule:nightly", None)


def test_another_task_like_a_run_has_the_lock_that_somebody_gave_to_the_schedule(world: FiringWorld) -> None:
    world.schedule(task={"command": "true", "lock": "migrate"})
    world.fire()

    again, _ = rerun_task(world.services, world.tasks()[0].id, {}, created_by="bob", key=None)

    assert again.lock == "migrate"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"task": None, "command_name": "gone"}, "App shop has no command gone."),
        ({"task": {"command": "true", "memory": 16}}, "App shop allows max_memory=8; the task asks for 16."),
    ],
)
def test_one_that_can_become_no_task_says_why_and_goes_on(
    world: FiringWorld, fields: dict[str, Any], problem: str
) -> None:
    app = world.services.apps.get("shop")
    world.services.apps.save(app.but(limits=Limits(max_memory=8)))
    world.schedule(**fields)

    world.fire()

    broken = world.read()
    assert (broken.problem, reasons(broken), broken.failures) == (problem, [problem], 1)
    assert broken.next_run_at == NOON + QUARTER
    assert world.tasks() == []


def test_a_problem_is_over_once_it_becomes_a_task_again(world: FiringWorld) -> None:
    world.schedule(problem="It was broken.", failures=3)

    world.fire()

    assert world.read().problem is None


def test_when_no_more_of_the_app_may_run_that_is_told(world: FiringWorld) -> None:
    world.services.apps.save(world.services.apps.get("shop").but(limits=Limits(max_running=1)))
    for name in ("a", "b"):
        world.schedule(name)

    world.fire()

    assert world.read("a").problem is None
    assert "max_running=1" in (world.read("b").problem or "")


def test_a_schedule_whose_app_is_gone_ends_with_it(world: FiringWorld) -> None:
    world.schedule()
    world.services.apps.remove(world.services.apps.get("shop"))

    world.fire()

    with pytest.raises(ScheduleNotFound):
        world.read()


def test_what_the_home_is_in_trouble_with_is_reported_and_stays_due(world: FiringWorld) -> None:
    world.schedule("a")
    world.schedule("b", app="blog")
    tasks = world.services.tasks
    create, world.services.tasks.create = tasks.create, _out_of_reach_for("shop", tasks.create)  # type: ignore[method-assign]

    with pytest.raises(ExceptionGroup) as raised:
        world.fire()
    assert [str(problem) for problem in raised.value.exceptions] == ["The table is out of reach."]
    assert len(world.tasks("blog")) == 1
    assert world.read("a").runs == ()

    world.services.tasks.create = create  # type: ignore[method-assign]
    world.fire(minutes=1)
    assert times(world.read("a")) == [NOON]


def _out_of_reach_for(app: str, create: Any) -> Any:
    def refusing(task: Any, *more: Any) -> Any:
        if task.app == app:
            raise Unavailable("The table is out of reach.")
        return create(task, *more)

    return refusing


# What came too late


@pytest.mark.parametrize(
    ("missed", "late", "became_tasks"),
    [
        (Missed.LATEST, 50, [3]),
        (Missed.SKIP, 50, []),
        (Missed.ALL, 50, [0, 1, 2, 3]),
        (Missed.LATEST, 46, [3]),  # the last of them is on time
        (Missed.LATEST, 600, [40]),
    ],
)
def test_what_was_missed_is_made_up_for_as_the_schedule_says_and_the_rest_is_told(
    world: FiringWorld, missed: Missed, late: float, became_tasks: list[int]
) -> None:
    world.schedule(missed=missed, overlap=Overlap.ALLOW)

    world.fire(minutes=late)

    after = world.read()
    assert [run.time for run in after.runs if run.task_id] == [
        NOON + QUARTER * number for number in became_tasks
    ]
    assert all(str(run.why).startswith("missed: its turn came ") for run in after.runs if not run.task_id)
    assert [task.id for task in world.begun()] == [run.task_id for run in after.runs if run.task_id]
    assert after.next_run_at is not None
    assert after.next_run_at > world.clock.time


@pytest.mark.parametrize("own_lock", [None, "migrate"])
def test_all_that_was_missed_runs_in_its_order_though_one_may_not_overlap_the_next(
    world: FiringWorld, own_lock: str | None
) -> None:
    world.schedule(missed=Missed.ALL, task={"command": "true", "lock": own_lock})

    world.fire(minutes=50)

    made = [str(run.task_id) for run in world.read().runs]
    assert len(made) == 4
    for task_id in made:
        assert world.services.tasks.lock("shop", own_lock or "schedule:nightly").holder == task_id
        world.end(task_id)


def test_while_an_earlier_run_has_not_ended_all_that_was_missed_is_skipped(world: FiringWorld) -> None:
    world.schedule(missed=Missed.ALL)
    earlier, _ = start_schedule(world.services, "shop", "nightly", by="bob", key=None)

    world.fire(minutes=50)

    assert [task.id for task in world.tasks()] == [earlier.id]
    assert reasons(world.read())[1:] == [f"skipped: task {earlier.id} has not ended (overlap=skip)"] * 4


def test_a_history_is_bounded(world: FiringWorld) -> None:
    world.schedule(every=60, overlap=Overlap.ALLOW)
    for _ in range(MOST_RUNS + 5):
        world.fire(minutes=1)

    assert len(world.read().runs) == MOST_RUNS
    assert len(world.tasks()) == MOST_RUNS + 6


# Runs that fail


def test_how_its_runs_ended_is_noted_when_the_next_one_is_due(world: FiringWorld) -> None:
    world.schedule()
    world.fire()
    world.end(world.tasks()[0].id, exit_code=3)

    world.fire(minutes=15)

    first, second = world.read().runs
    assert (first.status, first.exit_code, second.status) == (Status.FAILED, 3, None)
    assert world.read().failures == 1


def test_how_its_runs_are_getting_on_is_seen_at_once(world: FiringWorld) -> None:
    world.schedule()
    world.schedule("other")
    world.fire()
    world.end(str(world.read().runs[0].task_id), exit_code=1)

    seen = as_things_are(world, world.read(), world.read("other"))

    assert [each.runs[0].status for each in seen] == [Status.FAILED, Status.PENDING]
    assert [each.failures for each in seen] == [1, 0]
    assert world.read().runs[0].status is None


WHY_PAUSED = "Its last 2 runs failed (pause_after_failures=2)."


def as_things_are(world: FiringWorld, *schedules: Schedule) -> list[Schedule]:
    return schedules_as_things_are(world.services, world.services.apps.get("shop"), schedules)


def test_what_could_not_become_a_task_as_things_are_is_seen_at_once(world: FiringWorld) -> None:
    app = world.services.apps.get("shop")
    world.services.apps.save(app.but(limits=Limits(max_memory=8)))
    sound = world.schedule("sound")
    large = world.schedule("large", task={"command": "true", "memory": 16})
    broken = world.schedule("broken", task=None, command_name="gone")
    off = world.schedule("off", task=None, command_name="gone", next_run_at=None, due_at=None)

    seen = as_things_are(world, sound, large, broken, off)

    assert [each.problem for each in seen] == [
        None,
        "App shop allows max_memory=8; the task asks for 16.",
        "App shop has no command gone.",
        None,
    ]
    assert world.read("broken").problem is None


def test_with_the_end_of_one_failure_too_many_in_a_row_it_pauses_itself(world: FiringWorld) -> None:
    world.schedule(pause_after_failures=2)
    for exit_code in (1, 0, 1, 1):
        assert world.read().paused is None
        world.fire()
        world.end(world.tasks()[-1].id, exit_code)
        world.clock.time += QUARTER

    paused = world.read()
    assert paused.paused is not None
    assert (paused.paused.why, paused.paused.by, paused.paused.revision) == (
        WHY_PAUSED,
        None,
        paused.revision,
    )
    assert (paused.paused.since, paused.failures) == (NOON + 3 * QUARTER, 2)
    assert (paused.next_run_at, paused.due_at) == (None, None)
    assert [run.exit_code for run in paused.runs] == [1, 0, 1, 1]
    world.fire(minutes=600)
    assert world.read() == paused


def test_what_nobody_saw_to_at_the_end_of_a_failure_is_seen_to_when_the_next_time_is_due(
    world: FiringWorld,
) -> None:
    world.schedule(pause_after_failures=2)
    for _ in range(2):
        world.fire()
        world.end_and_die(world.tasks()[-1].id, exit_code=1)
        world.clock.time += QUARTER

    world.fire()

    paused = world.read()
    assert paused.paused is not None
    assert (paused.paused.why, paused.next_run_at, paused.due_at) == (WHY_PAUSED, None, None)
    assert reasons(paused)[-1] == f"paused: {WHY_PAUSED}"
    assert len(world.tasks()) == 2


def test_only_the_last_try_of_a_run_may_be_its_failure(world: FiringWorld) -> None:
    world.schedule(
        pause_after_failures=1,
        task={"command": "true", "retries": 1, "retry_on": ["exit:1"], "retry_wait": 0},
    )
    world.fire()
    (first,) = world.tasks()

    world.end(first.id, exit_code=1)
    assert world.read().paused is None
    world.end(str(world.services.tasks.get(first.id).retried_by), exit_code=1)

    assert world.read().paused is not None


def test_a_run_of_before_it_was_switched_on_again_counts_no_more(world: FiringWorld) -> None:
    world.schedule(pause_after_failures=2, overlap=Overlap.ALLOW)
    for _ in range(4):
        world.fire()
        world.clock.time += QUARTER
    early, late, *failing = (task.id for task in world.tasks())
    for task_id in failing:
        world.end(task_id, exit_code=1)
    assert world.read().paused is not None

    alter_schedule(world.services, "shop", "nightly", {"enabled": True}, ALICE)
    world.end(early, exit_code=1)
    world.end(late, exit_code=1)
    world.fire(minutes=15)
    assert (world.read().paused, world.read().failures) == (None, 0)

    world.end(world.tasks()[-1].id, exit_code=1)
    world.fire(minutes=15)
    assert (world.read().paused, world.read().failures) == (None, 1)
    world.end(world.tasks()[-1].id, exit_code=1)
    assert world.read().paused is not None


def test_the_failure_of_a_run_counts_however_many_are_skipped_meanwhile(world: FiringWorld) -> None:
    world.schedule(every=60, pause_after_failures=1)
    world.fire()
    for _ in range(MOST_RUNS + 2):
        world.fire(minutes=1)
    world.end(world.tasks()[0].id, exit_code=1)

    world.fire(minutes=1)

    assert world.read().paused is not None
    assert len(world.tasks()) == 1


def test_runs_are_in_the_order_of_their_times_however_they_came_about(world: FiringWorld) -> None:
    world.schedule(overlap=Overlap.ALLOW)
    world.clock.time += timedelta(seconds=20)  # it is due, and not fired yet
    start_schedule(world.services, "shop", "nightly", by="bob", key=None)

    world.fire()

    assert len(world.read().runs) == 2
    assert times(world.read()) == sorted(times(world.read()))


def test_runs_that_could_not_become_tasks_are_failures_too(world: FiringWorld) -> None:
    world.schedule(task=None, command_name="gone", pause_after_failures=2)
    for _ in range(2):
        assert world.read().paused is None
        world.fire()
        world.clock.time += QUARTER

    assert world.read().paused is not None


def test_one_that_is_over_has_nothing_to_pause(world: FiringWorld) -> None:
    world.schedule(at=NOON, pause_after_failures=1)
    world.fire()

    world.end(world.tasks()[0].id, exit_code=1)

    assert (world.read().next_run_at, world.read().paused) == (None, None)


# Once, now


def test_one_is_started_at_once_whatever_its_times_are(world: FiringWorld) -> None:
    due = world.schedule(next_run_at=None, due_at=None, enabled=False, problem="It was broken.")

    task, _ = start_schedule(world.services, "shop", "nightly", by="bob", key=None)

    assert [made.id for made in world.tasks()] == [task.id]
    assert task.created_by == "schedule:nightly"
    after = world.read()
    assert (after.runs, after.problem) == ((Run(time=NOON, task_id=task.id),), None)
    assert (after.next_run_at, after.due_at) == (due.next_run_at, due.due_at)
    (entry,) = world.services.audit.list(AuditQuery(limit=10)).items
    assert (entry.what, entry.by, entry.target) == ("schedule.started", "bob", "nightly")


def test_a_start_that_is_sent_again_is_one_task_and_one_run(world: FiringWorld) -> None:
    world.schedule()
    key = IdempotencyKey("t1", "k", "d", NOON + timedelta(days=1))

    first, _ = start_schedule(world.services, "shop", "nightly", by="bob", key=key)
    second, _ = start_schedule(world.services, "shop", "nightly", by="bob", key=key)

    assert first.id == second.id
    assert len(world.read().runs) == 1


@pytest.mark.parametrize("another", [(), ("another",)])
def test_one_that_is_removed_while_it_is_started_has_started_its_task(
    world: FiringWorld, another: tuple[str, ...]
) -> None:
    """Another one may have got its name by then."""
    schedule = world.schedule()
    create: Any = world.services.tasks.create

    def removing(*arguments: Any) -> Any:
        world.services.schedules.remove(schedule)
        for schedule_id in another:
            world.schedule(id=schedule_id)
        return create(*arguments)

    world.services.tasks.create = removing  # type: ignore[assignment,method-assign]

    task, _ = start_schedule(world.services, "shop", "nightly", by="bob", key=None)

    assert [made.id for made in world.tasks()] == [task.id]
    assert all(world.read().runs == () for _ in another)


def test_a_start_keeps_to_what_overlap_says(world: FiringWorld) -> None:
    world.schedule()
    world.fire()

    with pytest.raises(Locked):
        start_schedule(world.services, "shop", "nightly", by="bob", key=None)
    assert len(world.read().runs) == 1


# Whoever does it is ended, or is not alone


@pytest.mark.parametrize("overlap", [Overlap.SKIP, Overlap.QUEUE, Overlap.ALLOW])
@pytest.mark.parametrize("late", [0, 50])
def test_a_crash_between_any_two_calls_loses_no_time_and_makes_none_twice(
    world: FiringWorld, overlap: Overlap, late: float
) -> None:
    world.clock.time += timedelta(minutes=late)
    call = 0
    while True:
        schedule = world.schedule(f"n{call}", overlap=overlap, missed=Missed.ALL)
        was_killed = False
        try:
            fire(until_call(world.services, call), schedule, {})
        except Killed:
            was_killed = True
            world.fire()
        assert _told_of(world, schedule.name) == [
            NOON + QUARTER * number for number in range(1 + int(late // 15))
        ]
        if not was_killed:
            break
        call += 1
    assert call >= 4


def _told_of(world: FiringWorld, name: str) -> list[datetime]:
    """Return the times of a schedule's runs, once it is sure that they are its tasks."""
    schedule = world.read(name)
    of_its_own = {task.id for task in world.tasks() if task.created_by == schedule.creator}
    assert {run.task_id for run in schedule.runs if run.task_id} == of_its_own
    assert of_its_own
    assert all(run.task_id or run.why for run in schedule.runs)
    return times(schedule)


def test_what_was_made_before_a_crash_is_no_missed_time_afterwards(world: FiringWorld) -> None:
    schedule = world.schedule(overlap=Overlap.ALLOW)
    call = 0
    while not world.tasks():
        with suppress(Killed):
            fire(until_call(world.services, call), schedule, {})
        call += 1

    world.fire(minutes=50)

    assert [run.time for run in world.read().runs if run.task_id] == [NOON, NOON + 3 * QUARTER]


def test_of_two_at_once_each_time_is_one_task_and_told_once(world: FiringWorld) -> None:
    for number in range(10):
        world.schedule(f"n{number}", overlap=Overlap.QUEUE)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(Firer(seconds=60).run, world.services) for _ in range(3)]:
            done.result()

    for number in range(10):
        assert _told_of(world, f"n{number}") == [NOON]


def test_who_fires_what_another_has_skipped_meanwhile_corrects_the_history(world: FiringWorld) -> None:
    schedule = world.schedule()
    holder, _ = start_schedule(world.services, "shop", "nightly", by="bob", key=None)
    stale = world.read()
    world.fire()
    assert world.read().runs[-1].task_id is None
    world.end(holder.id)

    fire(world.services, stale, {})

    assert _told_of(world, schedule.name) == [NOON, NOON]


def test_what_was_changed_meanwhile_is_heeded_and_what_was_made_is_told(world: FiringWorld) -> None:
    stale = world.schedule()
    world.services.schedules.save(stale.but(enabled=False, due_at=None, next_run_at=None))

    fire(world.services, stale, {})

    assert (world.read().due_at, world.read().next_run_at) == (None, None)
    assert _told_of(world, "nightly") == [NOON]


def test_another_one_that_has_got_its_name_meanwhile_is_left_alone(world: FiringWorld) -> None:
    stale = world.schedule()
    world.services.schedules.remove(stale)
    another = world.schedule(id="another")

    fire(world.services, stale, {})

    assert world.read() == another


# Very many at once


def test_of_very_many_that_are_due_each_is_fired_once_and_in_order_however_often_time_is_up(
    world: FiringWorld,
) -> None:
    count = 40
    for number in range(count):
        time = NOON - timedelta(seconds=number * 7 % count)
        world.schedule(f"n{number:03}", due_at=time, next_run_at=time, starts_at=time - QUARTER)
    step = timedelta(seconds=0.1)
    create = world.services.tasks.create

    def taking_its_time(*arguments: Any) -> Any:
        world.clock.time += step
        return create(*arguments)

    world.services.tasks.create = taking_its_time  # type: ignore[assignment,method-assign]
    world.firer = Firer(seconds=2)
    runs = 0
    while len(world.tasks()) < count:
        world.fire()
        runs += 1

    assert runs == 2
    fired = [world.read(task.created_by.removeprefix("schedule:")).runs for task in world.tasks()]
    assert [len(each) for each in fired] == [1] * count
    assert [run.time for (run,) in fired] == sorted(run.time for (run,) in fired)


@pytest.mark.parametrize("at_once", [1, 3])
def test_however_long_it_takes_to_look_at_earlier_runs_some_are_fired_each_time(
    world: FiringWorld, at_once: int
) -> None:
    for number in range(6):
        world.schedule(f"n{number}", runs=(Run(time=NOON - QUARTER, task_id=f"t{number}"),))
    get_all = world.services.tasks.get_all

    def taking_its_time(task_ids: Any) -> Any:
        world.clock.time += timedelta(seconds=3)
        return get_all(task_ids)

    world.services.tasks.get_all = taking_its_time  # type: ignore[method-assign]
    world.firer = Firer(seconds=2, at_once=at_once)
    world.fire()
    assert at_once <= len(world.lifecycle.tasks) < 6

    for _ in range(6):
        world.fire()
    assert len(world.tasks()) == 6


def test_earlier_runs_are_looked_at_in_slices_and_one_that_fails_keeps_no_other_from_being_fired(
    world: FiringWorld,
) -> None:
    for number in range(15):
        runs = tuple(Run(time=NOON - QUARTER, task_id=f"t{number}-{run}") for run in range(MOST_RUNS))
        world.schedule(f"n{number:02}", runs=runs)
    get_all = world.services.tasks.get_all
    asked: list[int] = []

    def failing_at_first(task_ids: Any) -> Any:
        asked.append(len(task_ids))
        if len(asked) == 1:
            raise Unavailable("The table is out of reach.")
        return get_all(task_ids)

    world.services.tasks.get_all = failing_at_first  # type: ignore[method-assign]

    with pytest.raises(ExceptionGroup) as raised:
        world.fire()

    assert [str(problem) for problem in raised.value.exceptions] == ["The table is out of reach."]
    assert asked == [100, 100, 100]
    assert sorted(task.created_by for task in world.begun()) == [
        f"schedule:n{number:02}" for number in range(5, 15)
    ]
    world.fire()
    assert len(world.begun()) == 15


def test_once_it_is_to_stop_it_begins_nothing_any_more(world: FiringWorld) -> None:
    for number in range(6):
        world.schedule(f"n{number}")
    world.firer = Firer(seconds=60, is_to_stop=lambda: len(world.lifecycle.tasks) >= 2)

    world.fire()

    assert len(world.tasks()) == 2


def test_those_of_several_apps_are_fired_side_by_side_and_each_apps_in_order(world: FiringWorld) -> None:
    apps = [f"app-{number}" for number in range(5)]
    for app in apps:
        world.services.apps.create(an_app(name=app))
        for number in range(6):
            world.schedule(f"n{number}", app)
    world.firer = Firer(seconds=60, at_once=4)

    world.fire()

    for app in apps:
        assert [task.created_by for task in world.begun(app)] == [
            f"schedule:n{number}" for number in range(6)
        ]


def test_those_of_a_single_app_are_shared_out_and_each_is_fired_once(world: FiringWorld) -> None:
    for number in range(12):
        world.schedule(f"n{number:02}", overlap=Overlap.ALLOW)
    world.firer = Firer(seconds=60, at_once=4)

    world.fire()

    assert sorted(task.created_by for task in world.begun()) == [
        f"schedule:n{number:02}" for number in range(12)
    ]
    assert all(times(world.read(f"n{number:02}")) == [NOON] for number in range(12))


def test_what_cannot_be_fired_however_long_that_takes_keeps_nothing_else_from_it(world: FiringWorld) -> None:
    for number in range(4):
        world.schedule(f"a{number}", app="blog")
    world.schedule("z")
    create = world.services.tasks.create

    def slow_and_in_vain(task: Any, *more: Any) -> Any:
        if task.app == "blog":
            world.clock.time += timedelta(seconds=0.6)
            raise Unavailable("The table is out of reach.")
        return create(task, *more)

    world.services.tasks.create = slow_and_in_vain  # type: ignore[assignment,method-assign]
    world.firer = Firer(seconds=1, page=2)
    for _ in range(3):
        with suppress(ExceptionGroup):
            world.fire()

    assert times(world.read("z")) == [NOON]


def test_a_bug_of_ours_is_reported_and_keeps_nothing_else_from_it(world: FiringWorld) -> None:
    for name in ("a", "b"):
        world.schedule(name)
    create: Any = world.services.tasks.create

    def buggy(task: Any, *more: Any) -> Any:
        if task.created_by == "schedule:a":
            raise ZeroDivisionError
        return create(task, *more)

    world.services.tasks.create = buggy  # type: ignore[assignment,method-assign]

    with pytest.raises(ExceptionGroup):
        world.fire()

    assert times(world.read("b")) == [NOON]


def test_one_whose_zone_is_known_no_more_pauses_itself_instead_of_standing_still(world: FiringWorld) -> None:
    world.schedule(timezone="Nowhere/Such", cron="0 12 * * *")

    world.fire()

    paused = world.read().paused
    assert paused is not None
    assert "Nowhere/Such" in paused.why


def test_the_times_of_a_zone_are_the_zones(world: FiringWorld) -> None:
    world.schedule(cron="0 2 * * *", timezone="Australia/Sydney")

    world.fire()

    assert world.read().next_run_at == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
