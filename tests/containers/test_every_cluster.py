"""What a cluster promises (`chalicelib/ports.py`), whether tasks run as processes here, in containers, or on ECS."""

import shlex
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from chalicelib.domain.errors import NotInteractive, NotReady, SessionOver, TaskOver
from chalicelib.domain.session import Session
from chalicelib.domain.session_script import session_argv
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task
from chalicelib.ports import DataChannel
from tests.builders import NOON
from tests.containers.clusters import TestedCluster, containers, emulated_ecs, processes
from tests.local.session_agent.session_client import SessionClient
from tests.local.supervisor.supervised_task import until

NONCE = "n0nce"
WAITS = "echo up; while :; do sleep 0.05; done"
EXITED, STOPPED = "EssentialContainerExited", "UserInitiated"


EXIT_CODES = {
    "true": 0,
    "exit 3": 3,
    "exit 255": 255,
    "no-such-command-at-all": 127,
    "kill -9 $$": 137,
    "sh -c 'kill -9 $$'": 137,
    "false | true": 0,
    "false; exit $?": 1,
}


@pytest.fixture(scope="module", params=["processes", "containers", "ecs"])
def tested(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestedCluster]:
    place = tmp_path_factory.mktemp("cluster")
    with _cluster(request, place) as cluster:
        yield cluster


def _cluster(request: pytest.FixtureRequest, place: Path) -> AbstractContextManager[TestedCluster]:
    match request.param:
        case "processes":
            return processes(place)
        case "containers":
            return containers(place, request.getfixturevalue("engine"))
        case _:
            return emulated_ecs()


@pytest.fixture(scope="module")
def ended(tested: TestedCluster) -> dict[str, Sighting]:
    """The ends of all of EXIT_CODES, which ran side by side."""
    tasks = [tested.started(command) for command in EXIT_CODES]
    return {task.command: tested.ended(task) for task in tasks}


@pytest.mark.parametrize("command", EXIT_CODES)
def test_the_exit_code_is_the_commands(ended: dict[str, Sighting], command: str) -> None:
    end = ended[command]

    assert (end.exit_code, end.stop_code, end.out_of_memory) == (EXIT_CODES[command], EXITED, False), end
    assert end.started_at is not None
    assert end.stopped_at is not None
    assert end.started_at <= end.stopped_at


def test_a_start_that_is_repeated_starts_no_second_container(tested: TestedCluster) -> None:
    task = tested.started("echo once; exit 4")
    again = tested.start(task)
    ended = tested.ended(task)
    after_its_end = tested.start(task)

    assert {again.ecs_arn, after_its_end.ecs_arn, ended.arn} == {task.ecs_arn}
    assert tested.ended(task) == ended
    assert tested.printed(task) == ["once"]


def test_what_was_started_is_found_while_it_runs_and_after(tested: TestedCluster) -> None:
    task = tested.planned("read -r line < /dev/null; sleep 0.2")
    assert tested.cluster.find(task) is None

    started = tested.start(task)
    tested.runs(started)
    assert tested.cluster.find(task) == started.ecs_arn
    tested.ended(started)
    assert tested.cluster.find(task) == started.ecs_arn


def test_of_many_tasks_each_is_seen_as_it_is(tested: TestedCluster) -> None:
    running, failed = tested.started(WAITS), tested.started("exit 5")
    ended = tested.ended(failed)
    runs = tested.runs(running)

    seen = tested.cluster.look([running, failed])

    assert seen == {running.id: runs, failed.id: ended}
    assert (runs.is_over, runs.runs_on, runs.attempt, ended.exit_code) == (False, True, 1, 5)


def test_what_a_cluster_does_not_know_is_seen_as_nothing(tested: TestedCluster) -> None:
    started = tested.started("true")
    assert started.ecs_arn is not None
    other = tested.planned("true").but(ecs_arn=started.ecs_arn[:-12] + "0" * 12)

    assert tested.seen(other) is None


def test_versions_grow_with_every_change(tested: TestedCluster) -> None:
    task = tested.started(WAITS)
    runs = tested.runs(task)
    tested.cluster.stop(task, "enough")

    assert tested.ended(task).version > runs.version
    assert tested.seen(task) == tested.ended(task)


def test_all_that_is_printed_is_kept_in_its_order(tested: TestedCluster) -> None:
    task = tested.started("seq 1 20000; echo on stderr >&2; printf 'without an end'")

    tested.ended(task)

    assert tested.printed(task) == [*map(str, range(1, 20001)), "on stderr", "without an end"]


def test_what_is_printed_at_the_very_end_is_kept(tested: TestedCluster) -> None:
    tasks = [tested.started(f"echo last words of {number}; kill -9 $$") for number in range(3)]

    for number, task in enumerate(tasks):
        tested.ended(task)
        assert tested.printed(task) == [f"last words of {number}"]


def test_a_command_has_the_apps_environment_its_own_and_its_id(tested: TestedCluster) -> None:
    tested = tested.with_app(environment={"COLOUR": "red", "SIZE": "l", "QUOTED": " a 'b' \"c\" $d\n"})
    task = tested.started(
        'echo "$COLOUR $SIZE $TAPIT_TASK_ID"; printf %s "$QUOTED"', environment={"SIZE": "xl"}
    )

    tested.ended(task)

    assert tested.printed(task) == [f"red xl {task.id}", " a 'b' \"c\" $d"]


def test_a_command_may_be_many_lines_of_any_characters(tested: TestedCluster) -> None:
    said = "h\xe4 \u20ac \U0001f9c0 $HOME `x` \\ 'q'"
    task = tested.started(f"if true\nthen\n  printf %s {shlex.quote(said)}\nfi\n# the end")

    tested.ended(task)

    assert tested.printed(task) == [said]


QUIET = "exec 2>/dev/null"  # a shell that lives on tells of the children that it lost
STOPS = {
    "plain": ("echo up; exec sleep 1000", 143, ["up"]),
    "a trap": (f"{QUIET}; trap 'echo trapped; exit 7' TERM; {WAITS}", 7, ["up", "trapped"]),
    "after another": (
        f"{QUIET}; true; sh -c \"trap 'echo inner; exit 6' TERM; {WAITS}\"",
        6,
        ["up", "inner"],
    ),
    "before another": ("echo up; sleep 1000; echo after", 143, ["up"]),
    "a pipeline": ("(echo up; sleep 1000) | cat; echo after", 143, ["up"]),
    "behind": (f"{QUIET}; sh -c \"trap 'echo inner; exit 6' TERM; {WAITS}\" & wait", 6, ["up", "inner"]),
    "ignored": (f"trap '' TERM; {WAITS}", 137, ["up"]),
}


@pytest.fixture(scope="module")
def stopped(tested: TestedCluster) -> dict[str, Task]:
    """Tasks of all of STOPS, which were asked to end side by side."""
    tasks = {name: _with_patience(tested, name).started(command) for name, (command, *_) in STOPS.items()}
    for task in tasks.values():
        tested.says(task, "up")
    for reason in ("stopped by ann", "stopped by bob"):
        for task in tasks.values():
            tested.cluster.stop(task, reason)
    return tasks


def _with_patience(tested: TestedCluster, name: str) -> TestedCluster:
    return tested.with_app(stop_timeout=2 if name == "ignored" else 30)


@pytest.mark.parametrize("name", STOPS)
def test_a_stop_lets_every_process_end_well_and_lets_none_go_on(
    tested: TestedCluster, stopped: dict[str, Task], name: str
) -> None:
    task, (_, exit_code, printed) = stopped[name], STOPS[name]
    ended = tested.ended(task)
    tested.cluster.stop(task, "stopped too late")

    assert (ended.exit_code, ended.stop_code, ended.reason) == (exit_code, STOPPED, "stopped by ann")
    assert tested.printed(task) == printed
    assert tested.seen(task) == ended


def test_a_stop_right_after_the_start_is_heard(tested: TestedCluster) -> None:
    tasks = [tested.started("exec sleep 1000") for _ in range(6)]
    for task in tasks:
        tested.runs(task)
        tested.cluster.stop(task, "enough")

    assert [tested.ended(task).exit_code for task in tasks] == [143] * 6


def test_a_stray_is_stopped_like_any_other(tested: TestedCluster) -> None:
    task = tested.started(f"trap 'exit 7' TERM; {WAITS}")
    tested.says(task, "up")
    assert task.ecs_arn is not None

    tested.cluster.stop_stray(task.ecs_arn, "no record watches it")
    tested.cluster.stop_stray(task.ecs_arn, "no record watches it")

    assert tested.ended(task).exit_code == 7
    tested.cluster.stop_stray(task.ecs_arn, "no record watches it")


def test_a_task_over_its_memory_is_killed_and_said_to_be_so(tested: TestedCluster) -> None:
    task = tested.started(f"echo up; {tested.hog}", memory=tested.least_memory)
    tested.says(task, "up")
    tested.exhaust(task)

    ended = tested.ended(task)

    assert (ended.exit_code, ended.out_of_memory) == (137, True)


def test_a_kill_that_has_nothing_to_do_with_memory_is_not_said_to(tested: TestedCluster) -> None:
    ended = tested.ended(tested.started("kill -9 $$", memory=tested.least_memory))

    assert (ended.exit_code, ended.out_of_memory) == (137, False)


def test_a_kill_from_outside_is_known_to_be_one_where_the_kernel_can_be_asked(tested: TestedCluster) -> None:
    if tested.kill is None:
        pytest.skip("ECS does not say who killed a container.")
    task = tested.started(WAITS)
    tested.says(task, "up")
    tested.runs(task)

    tested.kill(task)

    ended = tested.ended(task)
    assert (ended.exit_code, ended.out_of_memory, ended.memory_kills) == (137, False, 0)


def test_a_task_has_run_its_time_once_it_has(tested: TestedCluster) -> None:
    task = tested.started(WAITS).but(max_hours=0.2 / 3600)
    tested.runs(task)

    until(lambda: tested.cluster.has_run_its_time(task))


def test_a_session_runs_what_it_is_told_beside_the_command(tested: TestedCluster) -> None:
    task = _interactive(tested)
    task, client, channel = _in_session(tested, task, "echo $COLOUR; read -r word; echo got $word; exit 6")
    client.sees(b"red")
    client.types(b"cheese\r")
    client.sees(b"got cheese")
    client.sees(f"tapit-exit;{NONCE};6".encode())

    assert tested.cluster.exit_code_of_session(task, channel.session_id, 6) == 6
    client.types(f"{NONCE}\r".encode())
    client.sees_the_end()
    assert tested.seen(task) == tested.runs(task)


def test_a_client_comes_back_to_its_session(tested: TestedCluster) -> None:
    task = _interactive(tested)
    task, client, channel = _in_session(tested, task, "echo here; cat")
    client.sees(b"here")
    client.vanishes()

    client.comes_back(tested.cluster.resume_session(task, channel.session_id))
    client.types(b"one\r")
    client.sees(b"one\r\none")


def test_a_session_that_was_ended_is_over(tested: TestedCluster) -> None:
    task = _interactive(tested)
    task, client, channel = _in_session(tested, task, "echo here; cat")
    client.sees(b"here")

    tested.cluster.end_session(task, channel.session_id)
    tested.cluster.end_session(task, channel.session_id)

    client.sees_the_end()
    until(lambda: _is_over(tested, task, channel.session_id))
    assert tested.seen(task) == tested.runs(task)


def test_nobody_gets_into_a_task_that_has_ended(tested: TestedCluster) -> None:
    task = _interactive(tested)
    tested.cluster.stop(task, "enough")
    tested.ended(task)

    with pytest.raises(TaskOver):
        tested.cluster.open_session(task, ["true"])


def test_nobody_gets_into_a_task_that_was_not_started_for_it(tested: TestedCluster) -> None:
    task = tested.started(WAITS)
    tested.says(task, "up")

    with pytest.raises((NotInteractive, NotReady)):
        tested.cluster.open_session(task, ["true"])


def test_of_a_task_that_is_forgotten_nothing_keeps_running(tested: TestedCluster) -> None:
    task = tested.started("echo done")
    tested.ended(task)

    tested.cluster.forget(task)
    tested.cluster.forget(task)

    seen = tested.seen(task)
    assert seen is None or seen.is_stopped


def _interactive(tested: TestedCluster) -> Task:
    task = tested.with_app(environment={"COLOUR": "red"}).started(WAITS, interactive=True)
    tested.runs(task)
    return task


def _in_session(tested: TestedCluster, task: Task, script: str) -> tuple[Task, SessionClient, DataChannel]:
    def opened() -> DataChannel | None:
        try:
            return tested.cluster.open_session(task, session_argv(script, NONCE, on_terminal=True))
        except NotReady:
            return None

    channel = until(opened)
    assert channel is not None
    client = SessionClient(channel)
    client.sees(f"tapit-start;{NONCE};0".encode())
    client.types(f"{NONCE}\r".encode())
    client.sees(f"tapit-begin;{NONCE};0".encode())
    return task.but(sessions=(_session(channel),)), client, channel


def _session(channel: DataChannel) -> Session:
    return Session(id=channel.session_id, opened_by="ann", opened_at=NOON, url=channel.url)


def _is_over(tested: TestedCluster, task: Task, session_id: str) -> bool:
    try:
        tested.cluster.resume_session(task, session_id)
    except SessionOver:
        return True
    return False
