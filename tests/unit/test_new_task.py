"""What is asked of a task, and what of it is given anew."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.image import Pull
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import SavedCommand
from tests.builders import NOON, a_task

MIGRATE = NewTask(
    command="python manage.py migrate",
    memory=4,
    environment={"LEVEL": "info", "REGION": "eu"},
    workdir="/srv",
)
values = st.dictionaries(st.sampled_from("ABC"), st.text(max_size=3))


def overridden(**fields: Any) -> NewTask:
    return MIGRATE.overridden_by(fields)


def test_what_is_not_given_stays() -> None:
    assert MIGRATE.overridden_by({}) == MIGRATE
    assert overridden(cpu=2.0) == MIGRATE.but(cpu=2.0)


def test_what_is_given_goes_before() -> None:
    changed = overridden(command="python manage.py check", memory=8.0, max_hours="none")

    assert (changed.command, changed.memory, changed.max_hours) == ("python manage.py check", 8, "none")


def test_none_gives_a_field_back_to_the_app() -> None:
    assert overridden(memory=None, workdir=None) == MIGRATE.but(memory=None, workdir=None)


def test_variables_are_given_one_by_one() -> None:
    changed = overridden(environment={"LEVEL": "debug", "TOKEN": "sesame"})

    assert changed.environment == {"LEVEL": "debug", "REGION": "eu", "TOKEN": "sesame"}


def test_a_variable_can_be_taken_away() -> None:
    assert overridden(environment={"LEVEL": None, "NEVER": None}).environment == {"REGION": "eu"}


def test_all_that_has_names_can_be_given_back_at_once() -> None:
    tagged = MIGRATE.but(tags={"release": "42"})

    assert tagged.overridden_by({"tags": None, "environment": {}}) == MIGRATE
    assert tagged.overridden_by({"tags": {"ticket": "OPS-7"}}).tags == {"release": "42", "ticket": "OPS-7"}


def test_what_is_of_use_with_another_option_only_goes_with_it() -> None:
    whole = MIGRATE.but(retries=2, retry_on=("exit:75",), retry_wait=1.0, lock="db", if_locked="refuse")

    assert whole.overridden_by({"retries": None, "lock": None}) == MIGRATE


def test_at_a_terminal_nothing_is_tried_again_whatever_was_saved() -> None:
    again = MIGRATE.but(retries=2, retry_on=("exit:75",), retry_wait=1.0)

    assert again.overridden_by({"attached": True}) == MIGRATE.but(attached=True)
    with pytest.raises(InvalidRequest, match="retries"):
        again.overridden_by({"attached": True, "retries": 1})


@given(values, values, values)
def test_what_is_given_last_wins_however_it_is_grouped(
    own: dict[str, str], first: dict[str, str], then: dict[str, str]
) -> None:
    asked = NewTask(command="true", environment=own)

    one_by_one = asked.overridden_by({"environment": first}).overridden_by({"environment": then})

    assert one_by_one == asked.overridden_by({"environment": first | then})
    assert one_by_one.environment == own | first | then


def test_a_whole_image_goes_before_a_tag() -> None:
    tagged = MIGRATE.but(docker_tag="v1")

    assert tagged.overridden_by({"image": "busybox"}) == MIGRATE.but(image="busybox")


def test_a_tag_does_not_silently_become_that_of_another_image() -> None:
    with pytest.raises(InvalidRequest, match="The image is busybox:1, which names its own tag") as refusal:
        MIGRATE.but(image="busybox:1").overridden_by({"docker_tag": "v2"})
    assert list(refusal.value.fields) == ["docker_tag"]


def test_variables_that_fit_alone_may_be_too_much_together() -> None:
    much = MIGRATE.but(environment={"A": "x" * 9000})

    with pytest.raises(InvalidRequest, match="environment takes 18018 bytes in all; 16384 is the most"):
        much.overridden_by({"environment": {"B": "y" * 9000}})


def test_what_comes_of_a_saved_command_names_it_and_its_revision() -> None:
    saved = SavedCommand(
        id="1", app="shop", name="migrate", task=MIGRATE, created_at=NOON, created_by="alice", revision=3
    )

    asked = saved.asked_with({"memory": 8.0})

    assert (asked.command_name, asked.command_revision) == ("migrate", 3)
    assert asked.but(command_name=None, command_revision=None) == MIGRATE.but(memory=8.0)


def test_a_task_can_be_asked_for_again() -> None:
    before = a_task(
        command="report",
        docker_tag="v1",
        user="app",
        pull=Pull.ALWAYS,
        cpu=2.0,
        memory=4.0,
        max_hours=None,
        environment={"LEVEL": "debug"},
        workdir="/srv",
        initiated_by="bob",
        interactive=True,
        command_name="report",
        command_revision=3,
    )

    assert NewTask.like(before) == NewTask(
        command="report",
        docker_tag="v1",
        user="app",
        pull=Pull.ALWAYS,
        cpu=2.0,
        memory=4.0,
        ephemeral_storage_gb=20,
        max_hours="none",
        environment={"LEVEL": "debug"},
        workdir="/srv",
        interactive=True,
        command_name="report",
        command_revision=3,
        rerun_of=before.id,
        retries=0,
        retry_on=(),
        retry_wait=30.0,
    )


def test_what_ran_at_a_terminal_needs_none_when_it_is_asked_for_again() -> None:
    again = NewTask.like(a_task(interactive=True, attached=True))

    assert (again.attached, again.interactive) == (False, False)


def test_what_to_do_when_a_lock_is_held_goes_with_the_lock() -> None:
    locked = NewTask(command="true", lock="migrate", if_locked=IfLocked.REFUSE)

    assert locked.overridden_by({"lock": None}) == NewTask(command="true")
    assert locked.overridden_by({"lock": "deploy"}).if_locked is IfLocked.REFUSE
    with pytest.raises(InvalidRequest, match=r"if_locked=refuse .* there is no lock="):
        NewTask(command="true").overridden_by({"if_locked": "refuse"})
