"""The kinds of values that requests are made of, and what each may be."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)

from chalicelib.domain import tags
from chalicelib.domain.fargate_sizes import DEFAULT_STORAGE_GB, MAX_STORAGE_GB
from chalicelib.domain.retry import (
    DEFAULT_REASONS,
    LONGEST_RETRY_WAIT,
    MOST_REASONS,
    MOST_RETRIES,
    checked_reason,
)

MAX_COMMAND = 7000
MAX_ENVIRONMENT = 64 * 1024  # bytes of JSON in all: what fits in a task definition
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
        raise ValueError("is not the name of an environment variable")
    if name.startswith(RESERVED_PREFIX):
        raise ValueError(f"must not begin with {RESERVED_PREFIX}, as tapit's own variables do")
    return name


def _tag_key(key: str) -> str:
    problem = tags.problem_with_key(key)
    if problem:
        raise ValueError(problem)
    return key


def _tag_value(value: str) -> str:
    problem = tags.problem_with_value(value)
    if problem:
        raise ValueError(problem)
    return value


def _few_tags(given: Mapping[str, str]) -> Mapping[str, str]:
    if len(given) > tags.MOST:
        raise ValueError(f"may be {tags.MOST} at most, and there are {len(given)}")
    return given


def _tag(given: str) -> str:
    key, colon, value = given.partition(":")
    if not colon or tags.problem_with_key(key) or tags.problem_with_value(value):
        raise ValueError("must be a tag's key and value, such as ticket:OPS-7")
    return given


def says(pattern: str) -> Any:
    """Tell the API's description what a check looks for; the check itself has the better message."""
    return Field(json_schema_extra={"pattern": pattern})


NO_OTHERS: dict[str, Any] = {"additionalProperties": False}  # than keys of the pattern
_NO_NUL = r"^[^\u0000]*$"
_NAME = r"^[a-z][a-z0-9-]{0,39}$"
NAME_IN_WORDS = "1 to 40 lower-case letters, digits and hyphens, starting with a letter"


Text = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_no_nul), says(_NO_NUL)]
Command = Annotated[
    str,
    Field(max_length=MAX_COMMAND, description="what /bin/sh -c runs"),
    AfterValidator(_not_blank),
    AfterValidator(_no_nul),
    says(r"^(?=[\s\S]*\S)[^\u0000]*$"),
]
AppName = Annotated[str, Field(pattern=_NAME, description=NAME_IN_WORDS)]
LockName = Annotated[str, Field(pattern=_NAME, description=NAME_IN_WORDS)]
CommandName = AppName
Description = Annotated[
    str,
    Field(max_length=1000, description="what it is for, in words"),
    AfterValidator(_no_nul),
    says(_NO_NUL),
]
Directory = Annotated[
    str,
    Field(max_length=4096, description="an absolute path"),
    AfterValidator(_absolute),
    AfterValidator(_no_nul),
    says(r"^/[^\u0000]*$"),
]
VariableName = Annotated[
    str,
    AfterValidator(_variable_name),
    says(rf"^(?!{RESERVED_PREFIX}){_VARIABLE.pattern}$"),
]
VariableValue = Annotated[str, Field(max_length=32 * 1024), AfterValidator(_no_nul), says(_NO_NUL)]
SecretValue = Annotated[
    str,
    Field(min_length=1, max_length=32 * 1024, json_schema_extra={"writeOnly": True, "pattern": _NO_NUL}),
    AfterValidator(_no_nul),
]
_STRANGE_IN_TAGS = (
    r"""\u0000-\u001f!"#$%&'()*,;<>?\[\\\]^`{|}~"""  # "letters" are more than patterns can tell alike
)
TagKey = Annotated[str, AfterValidator(_tag_key), says(rf"^[^:{_STRANGE_IN_TAGS}]{{1,{tags.LONGEST_KEY}}}$")]
TagValue = Annotated[
    str, AfterValidator(_tag_value), says(rf"^[^{_STRANGE_IN_TAGS}]{{0,{tags.LONGEST_VALUE}}}$")
]
Tags = Annotated[
    Mapping[TagKey, TagValue],
    AfterValidator(_few_tags),
    Field(json_schema_extra={"maxProperties": tags.MOST, **NO_OTHERS}),
]
ChangedTags = Annotated[Mapping[TagKey, TagValue | None], Field(json_schema_extra=NO_OTHERS)]
Tag = Annotated[str, AfterValidator(_tag), Field(description="KEY:VALUE, such as ticket:OPS-7")]
Cpu = Annotated[float, Field(gt=0, allow_inf_nan=False, description="vCPU")]
Memory = Annotated[float, Field(gt=0, allow_inf_nan=False, description="GB")]
Storage = Annotated[int, Field(ge=DEFAULT_STORAGE_GB, le=MAX_STORAGE_GB, description="GB")]
MaxHours = Annotated[float, Field(gt=0, le=A_YEAR, allow_inf_nan=False, description="counted from the start")]
Retries = Annotated[
    int, Field(ge=0, le=MOST_RETRIES, description="how many times a task that fails is tried again")
]
RetryReason = Annotated[
    str,
    AfterValidator(checked_reason),
    says(r"^(infrastructure|spot|lost|exit:[0-9]{1,3}(-[0-9]{1,3})?)$"),
]
RetryReasons = Annotated[
    list[RetryReason],
    Field(
        min_length=1,
        max_length=MOST_REASONS,
        description=f"what to try again after; {' and '.join(DEFAULT_REASONS)} when not given",
    ),
]
RetryWait = Annotated[
    float, Field(ge=0, le=LONGEST_RETRY_WAIT, allow_inf_nan=False, description="seconds before each next try")
]
StopTimeout = Annotated[float, Field(ge=2, le=120, description="seconds between SIGTERM and SIGKILL")]


class RequestBody(BaseModel):
    """JSON types are meant: the string "4" is not a number."""

    may_be_left_out: ClassVar[bool] = False  # no body at all says no more than {}

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


def may_be_left_out(body: type[BaseModel]) -> bool:
    return issubclass(body, RequestBody) and body.may_be_left_out


class QueryParameters(BaseModel):
    """Everything in a query is text, so numbers are read from it.

    `several` are the parameters that may have more than one value: repeated, or with commas between.
    """

    several: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
