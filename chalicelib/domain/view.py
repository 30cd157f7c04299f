"""Answers: each names what it shows, so that nothing else a record may hold is ever shown."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from chalicelib.domain.record import Record


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-24T01:50:03.123Z"]}),
]


class View(BaseModel):
    """Part of an answer, or all of it."""

    # There are many kinds of answers, and whoever starts gives one or two of them.
    model_config = ConfigDict(defer_build=True)

    @classmethod
    def showing(cls, record: BaseModel, **others: Any) -> Self:
        """Take the fields of the same names over as they are; they were checked when the record was made."""
        shown = {
            name: getattr(record, name) for name in cls.model_fields.keys() & type(record).model_fields.keys()
        }
        return cls.model_construct(**shown | others)

    @classmethod
    def showing_if_any(cls, record: Record | None) -> Self | None:
        return None if record is None else cls.showing(record)
