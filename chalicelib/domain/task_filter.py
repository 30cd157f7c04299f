"""What a list of tasks can be narrowed down by: one field of the tasks at a time."""

from dataclasses import dataclass
from enum import StrEnum


class FilterBy(StrEnum):
    """Fields of a task; each has an index in every store. Of its tags any one is looked for, written KEY:VALUE."""

    STATUS = "status"
    INITIATED_BY = "initiated_by"
    CREATED_BY = "created_by"
    TAG = "tag"


@dataclass(frozen=True)
class TaskFilter:
    """Only the tasks whose field has one of the values, each of which is there once."""

    by: FilterBy
    values: tuple[str, ...]
