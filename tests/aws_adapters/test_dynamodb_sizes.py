"""Whatever happens to a task, its record fits into an item, so that its end can be written down."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_task_indexes import task_item
from chalicelib.adapters.dynamodb_task_tags import tag_writes
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.bounds import LARGEST_TASK_ENVIRONMENT, shortened
from chalicelib.domain.session import Session
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.tags import LONGEST_KEY, LONGEST_VALUE, MOST
from chalicelib.domain.task import (
    Task,
    accept_launch,
    begin_attempt,
    observe,
    refuse_launch,
    request_stop,
    wait_for_answer,
    wait_for_room,
)
from chalicelib.domain.task_sessions import add_session, end_session
from chalicelib.http.app_models import CreateApp
from chalicelib.http.fields import MAX_COMMAND
from chalicelib.ports import IdempotencyKey
from tests.builders import ARN, NOON, a_sighting, a_task, an_end
from tests.dynamodb_table import PROPERTIES, SetClock

LARGEST_ITEM = 400 * 1024
ROOM_FOR_NEWER_VERSIONS = 100 * 1024
LONGEST_DIRECTORY = 4096
LONGEST_PARTITION_KEY, LONGEST_SORT_KEY = 2048, 1024
LATER = NOON + timedelta(minutes=1)
# One byte, three, four, and one that JSON writes with six.
CHARACTERS = st.sampled_from(["x", "€", "😀", "\x01", '"'])

MOST_TAGS = {f"{number}{'漢' * (LONGEST_KEY - 1)}": "𝒳" * LONGEST_VALUE for number in range(MOST)}

Step = Callable[[Task], Task]


def long_texts(longest: int) -> st.SearchStrategy[str]:
    return st.builds(lambda text, times: text * times, CHARACTERS, st.integers(0, longest))


any_text = long_texts(100_000)
names = long_texts(255)
commands = long_texts(MAX_COMMAND)
tasks = st.builds(
    lambda **fields: a_task(interactive=True, **fields),
    command=commands,
    image=names,
    docker_tag=names,
    initiated_by=names,
    created_by=names,
    workdir=long_texts(LONGEST_DIRECTORY),
    tags=st.just(MOST_TAGS),
    environment=long_texts(LARGEST_TASK_ENVIRONMENT).map(
        lambda text: {"A": shortened(text, LARGEST_TASK_ENVIRONMENT)}
    ),
)
plans = st.builds(lambda text: {"driver": "ecs", "run_task": {"overrides": text}}, long_texts(8192))
causes = st.builds(lambda by: StopCause(kind="user", by=by), any_text)


def visits(task: Task, command: str, by: str, times: int) -> Task:
    for number in range(times):
        session = Session(
            id=f"ecs-execute-command-{len(task.sessions)}-{number}",
            command=command,
            opened_by=by,
            opened_at=NOON,
        )
        task = add_session(task, session)
    return task


def leave_all(task: Task) -> Task:
    for session in task.sessions:
        task = end_session(task, session.id, 0, "alice", LATER)
    return task


steps: st.SearchStrategy[Step] = st.one_of(
    plans.map(lambda plan: lambda task: begin_attempt(task, plan, NOON)),
    st.just(lambda task: accept_launch(task, ARN, NOON)),
    any_text.map(lambda said: lambda task: wait_for_answer(task, said)),
    any_text.map(lambda said: lambda task: wait_for_room(task, said, NOON)),
    st.just(lambda task: observe(task, a_sighting(version=task.ecs_version + 1, started_at=NOON), NOON)),
    st.tuples(commands, any_text, st.integers(1, 70)).map(lambda visit: lambda task: visits(task, *visit)),
    st.just(leave_all),
    causes.map(lambda cause: lambda task: request_stop(task, cause, NOON)),
    st.tuples(any_text, st.integers(1, 300)).map(lambda lines: lambda task: moved_often(task, *lines)),
)
ends: st.SearchStrategy[Step] = st.one_of(
    any_text.map(
        lambda reason: (
            lambda task: observe(
                task, an_end(version=999, reason=reason, exit_code=1, arn=task.ecs_arn or ARN), LATER
            )
        )
    ),
    any_text.map(lambda reason: lambda task: refuse_launch(task, reason, LATER)),
)


def moved_often(task: Task, why: str, times: int) -> Task:
    for _ in range(times if not task.is_final else 0):
        task = task.moved(task.status, NOON, why=why)
    return task


@settings(
    max_examples=60,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(tasks, st.lists(steps, max_size=12), ends)
def test_a_record_fits_at_every_step_of_every_life(task: Task, life: list[Step], end: Step) -> None:
    for step in (*life, end):
        task = step(task)
        item = task_item(task)
        assert size_of(item) <= LARGEST_ITEM - ROOM_FOR_NEWER_VERSIONS
        refuse_long_keys(item)
        for write in tag_writes(DynamoTable(None, "tapit"), task):
            refuse_long_keys(write.parameters["Item"])


def test_the_end_of_a_task_with_the_most_of_everything_is_saved(table: DynamoTable, clock: SetClock) -> None:
    store = DynamoTaskStore(table, clock)
    task = store.create(
        a_task(interactive=True, command="\x01" * MAX_COMMAND, initiated_by="😀" * 255, tags=MOST_TAGS),
        IdempotencyKey(caller="abcdef01", key="ÿ" * 255, digest="d" * 64, expires_at=LATER),
        1,
    )
    said = "\x01" * 100_000
    plan = {"run_task": {"overrides": "€" * 20_000}}
    task = store.save(begin_attempt(task, plan, NOON))
    task = store.save(wait_for_answer(task, said))
    task = store.save(observe(accept_launch(task, ARN, NOON), a_sighting(started_at=NOON), NOON))
    for _ in range(60):
        task = store.save(visits(task, "\x01" * MAX_COMMAND, "alice", 1))
    task = store.save(request_stop(task, StopCause(kind="user", by=said), NOON))

    store.save(observe(task, an_end(reason=said, exit_code=1), LATER))

    assert store.get(task.id).status is Status.FAILED


def test_an_app_with_the_most_of_everything_fits(table: DynamoTable) -> None:
    """A control character takes six bytes, a letter one to four; what is more is refused before it comes here."""
    secret = "arn:aws:ssm:eu-central-1:123456789012:parameter/" + "x" * 952
    asked = CreateApp(
        name="shop",
        image="a/" * 249 + "a",
        mounts=[f"/{'𝒳' * 1000}:/{number}" for number in range(20)],
        workdir="/" + "\x01" * 4095,
        environment={"A": "\x01" * 10_900},
        secrets={f"S{number:03}": secret for number in range(60)},
    )

    app = DynamoAppStore(table).create(asked.app(NOON, "alice"))

    assert DynamoAppStore(table).get("shop") == app


def size_of(item: Mapping[str, Any]) -> int:
    """Count names and values, as DynamoDB does.

    docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(
        len(name.encode()) + len(str(text).encode())
        for name, value in item.items()
        for text in value.values()
    )


def refuse_long_keys(item: Mapping[str, Any]) -> None:
    schemas = [
        PROPERTIES["KeySchema"],
        *(index["KeySchema"] for index in PROPERTIES["GlobalSecondaryIndexes"]),
    ]
    for key in chain(*schemas):
        longest = LONGEST_PARTITION_KEY if key["KeyType"] == "HASH" else LONGEST_SORT_KEY
        assert len(item.get(key["AttributeName"], {}).get("S", "").encode()) <= longest
