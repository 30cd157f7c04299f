"""What somebody asks a task to be: now, or whenever it is due."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from chalicelib.domain.bounds import LARGEST_TASK_ENVIRONMENT, size_of
from chalicelib.domain.creator import schedule_among
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.record import Record
from chalicelib.domain.tags import refuse_too_many
from chalicelib.domain.task import Task


def with_what_follows(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is given together with what that gives back to the app, unless it is given as well."""
    if given.get("image") is not None:  # it names its own tag
        given = {"docker_tag": None, **given}
    if "retries" in given and given["retries"] is None:
        given = {"retry_on": None, "retry_wait": None, **given}
    return given


class NewTask(Record):
    """What a caller asks for; None is the app's default, and max_hours "none" is no limit at all.

    The saved command that it is taken from is named with the revision it had then, `rerun_of` is the task it is like.
    """

    command: str
    image: str | None = None
    docker_tag: str | None = None
    cpu: float | None = None
    memory: float | None = None
    ephemeral_storage_gb: int | None = None
    max_hours: float | Literal["none"] | None = None
    environment: dict[str, str] = Field(default_factory=dict, repr=False)
    workdir: str | None = None
    initiated_by: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    interactive: bool = False
    attached: bool = False
    retries: int | None = None
    retry_on: tuple[str, ...] | None = None
    retry_wait: float | None = None
    lock: str | None = None
    if_locked: IfLocked = IfLocked.WAIT
    command_name: str | None = None
    command_revision: int | None = None
    rerun_of: str | None = None

    @classmethod
    def like(cls, task: Task) -> Self:
        """Ask for another task like this one, which needs nobody at a terminal, and is of whoever asks now.

        It waits for its turn: to stop whoever holds the lock by then is not what was decided about another holder.
        The lock by which runs of a schedule do not overlap is nobody's word, and no business of this one.
        """
        asked = {name: getattr(task, name) for name in cls.model_fields if name in Task.model_fields}
        return cls.model_validate(
            asked
            | {
                "max_hours": "none" if task.max_hours is None else task.max_hours,
                "initiated_by": None,
                "interactive": task.interactive and not task.attached,
                "attached": False,
                "lock": None if schedule_among(task.lock or "") else task.lock,
                "if_locked": IfLocked.WAIT,
                "rerun_of": task.id,
            }
        )

    def hours(self, default: float | None) -> float | None:
        """Return its time limit, where the app's is `default`; None for no limit."""
        if self.max_hours is None:
            return default
        return self.max_hours if isinstance(self.max_hours, float) else None

    def overridden_by(self, given: Mapping[str, Any]) -> Self:
        """Return what `with_given` does; raise InvalidRequest for what cannot be."""
        asked = self.with_given(given)
        asked.refuse_what_cannot_be()
        return asked

    def with_given(self, given: Mapping[str, Any]) -> Self:
        """Return what is asked for when some of it is given anew; what is not in `given` stays.

        None gives a field back to the app. Values by name are given one by one: None takes one away.
        """
        merged = {name: self._merged(name, value) for name, value in with_what_follows(given).items()}
        if "lock" in given and given["lock"] is None:
            merged = {"if_locked": IfLocked.WAIT} | merged
        if given.get("attached"):  # nothing is tried again at somebody's terminal
            merged = dict.fromkeys(("retries", "retry_on", "retry_wait")) | merged
        if "command" in given:  # then it is no saved one any more
            merged = {"command_name": None, "command_revision": None} | merged
        return type(self).model_validate(dict(self) | merged)

    def _merged(self, name: str, value: Any) -> Any:
        before = getattr(self, name, None)
        if not isinstance(before, dict):
            return value
        if value is None:
            return {}
        return {key: each for key, each in {**before, **value}.items() if each is not None}

    def refuse_what_cannot_be(self) -> None:
        """Raise InvalidRequest where values fit one by one, but not together."""
        if self.image and self.docker_tag:
            problem = (
                f"the image is {self.image}, which names its own tag; give image= or docker_tag=, not both"
            )
            raise InvalidRequest(f"{problem[0].upper()}{problem[1:]}.", {"docker_tag": problem})
        refuse_too_many(self.tags)
        if self.lock is None and self.if_locked is not IfLocked.WAIT:
            problem = "says what to do when a lock is held, and there is no lock=; give one, or leave it out"
            raise InvalidRequest(f"if_locked={self.if_locked} {problem}.", {"if_locked": problem})
        self._refuse_tries_that_cannot_be()
        size = size_of(self.environment)
        if size > LARGEST_TASK_ENVIRONMENT:
            problem = f"takes {size} bytes in all; {LARGEST_TASK_ENVIRONMENT} is the most for a task"
            hint = "Give the app what is the same for all of its tasks."
            raise InvalidRequest(f"environment {problem}.", {"environment": problem}, hint=hint)

    def _refuse_tries_that_cannot_be(self) -> None:
        if self.attached and self.retries:
            problem = "a command at somebody's terminal is not tried again by itself"
            hint = "tapit create task runs a command that nobody needs to attend."
            raise InvalidRequest(f"retries=: {problem}.", {"retries": problem}, hint=hint)
        for name in ("retry_on", "retry_wait"):
            if self.retries is None and getattr(self, name) is not None:
                problem = "is of use with retries= only: how many times to try again"
                raise InvalidRequest(f"{name}= {problem}.", {name: problem}, hint="For example retries=2.")
