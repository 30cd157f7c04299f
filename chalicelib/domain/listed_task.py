"""What a list says of a task: few enough columns that a store can keep them beside an index."""

from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.domain.bounds import Reason
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task

SHOWN_COMMAND = 200


class ListedTask(BaseModel):
    """One line of a list; the command is cut to 200 characters. It can be read from a whole record too."""

    model_config = ConfigDict(frozen=True)  # a column that a later version adds is no error to this one

    id: str
    app: str
    command: Annotated[str, AfterValidator(lambda command: command[:SHOWN_COMMAND])]
    image: str | None = None
    docker_tag: str | None = None
    cpu: float
    memory: float
    initiated_by: str | None = None
    created_by: str
    tags: dict[str, str] = Field(default_factory=dict)
    command_name: str | None = None
    command_revision: int | None = None
    rerun_of: str | None = None
    status: Status
    waiting_for: Reason | None = None
    retries: int = 0
    try_number: int = 1
    retried_by: str | None = None
    exit_code: int | None = None
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    deadline: AwareDatetime | None = None

    @classmethod
    def of(cls, task: Task) -> Self:
        shown = {name: getattr(task, name) for name in cls.model_fields}
        return cls.model_construct(**shown | {"command": task.command[:SHOWN_COMMAND]})
