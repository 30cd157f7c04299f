"""The kinds of values that requests are made of, and what each may be."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from chalicelib.domain.size import DEFAULT_STORAGE_GB, MAX_STORAGE_GB

MAX_COMMAND = 7000
MAX_ENVIRONMENT = 64 * 1024  # characters in all: what fits in a task definition
RESERVED_PREFIX = "TAPIT_"
A_YEAR = 8760.0
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("must be an absolute path")
    return path


def _variable_name(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of an environment variable")
    if name.startswith(RESERVED_PREFIX):
        raise ValueError(f"{name}: names that start with {RESERVED_PREFIX} are ours")
    return name


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime,
    PlainSerializer(_rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-24T01:50:03.123Z"]}),
]
Text = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_no_nul)]
Command = Annotated[str, Field(max_length=MAX_COMMAND), AfterValidator(_not_blank), AfterValidator(_no_nul)]
AppName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{0,39}$",
        description="1 to 40 lower-case letters, digits and hyphens, starting with a letter",
    ),
]
Directory = Annotated[str, Field(max_length=4096), AfterValidator(_absolute), AfterValidator(_no_nul)]
VariableName = Annotated[str, AfterValidator(_variable_name)]
VariableValue = Annotated[str, Field(max_length=32 * 1024), AfterValidator(_no_nul)]
Cpu = Annotated[float, Field(gt=0, allow_inf_nan=False, description="vCPU")]
Memory = Annotated[float, Field(gt=0, allow_inf_nan=False, description="GB")]
Storage = Annotated[int, Field(ge=DEFAULT_STORAGE_GB, le=MAX_STORAGE_GB, description="GB")]
MaxHours = Annotated[float, Field(gt=0, le=A_YEAR, allow_inf_nan=False, description="counted from the start")]
StopTimeout = Annotated[float, Field(ge=2, le=120, description="seconds between SIGTERM and SIGKILL")]


class RequestBody(BaseModel):
    """JSON types are meant: the string "4" is not a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class QueryParameters(BaseModel):
    """Everything in a query is text, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
