"""What is kept of tasks and apps, and how it is read: also what another version of the program wrote.

For a deployment to be rolled back, each version reads what the next one writes. A field that it does not know is kept
as it is, at any depth, and written back. A word that it does not know is kept too where it only tells something; where
it decides what is done, the record cannot be read: it is isolated, not guessed at.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.domain.errors import Unreadable

Report = Callable[[Unreadable], None]
Stored = TypeVar("Stored")
Read = TypeVar("Read")


class Record(BaseModel):
    """A value that is kept, or a part of one."""

    # A value that does not fit may be a secret, and the error about it comes into logs.
    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    def but(self, **changes: Any) -> Self:
        """Return a validated copy; model_copy(update=...) would skip the checks."""
        unknown = changes.keys() - type(self).model_fields.keys()
        if unknown:  # a misspelt name would be kept as if a newer version had written it
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        return type(self).model_validate(dict(self) | changes)


Model = TypeVar("Model", bound=BaseModel)


def read_record(kind: type[Model], text: str, name: str) -> Model:
    """Return what was written as JSON; raise Unreadable, which tells where it does not fit, and no value of it."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise Unreadable(name, problem_in(error)) from error


def insist(problem: Unreadable) -> None:
    """A report for whoever cannot do without a single record."""
    raise problem


def each_readable(stored: Iterable[Stored], read: Callable[[Stored], Read], report: Report) -> Iterator[Read]:
    """Yield what can be read, and report the rest: one bad record is no reason to miss the others."""
    for each in stored:
        try:
            yield read(each)
        except Unreadable as problem:
            report(problem)


def problem_in(error: ValidationError) -> str:
    """Say where something does not fit, and no value of it."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    # A word that is one of a few is no secret, as any other value may be.
    said = f"{first['input']!r} is not known" if first["type"] == "enum" else first["msg"]
    return f"{where}: {said}" if where else said
