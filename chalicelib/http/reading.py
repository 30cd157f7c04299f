"""Read what a caller sent into a model, and say what is wrong with it in one sentence a field."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chalicelib.domain.errors import InvalidRequest

Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "missing": "is missing",
    "finite_number": "must be a finite number",
    "string_type": "must be a string",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "string_unicode": "is not valid Unicode",
}


def read(model: type[Model], values: Any) -> Model:
    """Only here does a ValidationError mean that the caller is wrong; a stored record that fails is a bug."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fields = _fields(model, error.errors(include_url=False, include_context=True, include_input=False))
        sentence = "; ".join(f"{name} {problem}" if name else problem for name, problem in fields.items())
        raise InvalidRequest(f"The request is not valid: {sentence}.", fields) from error


def read_query(model: type[Model], values: Mapping[str, list[str]] | None) -> Model:
    """Read query parameters; one that is given twice is refused, so that none is silently ignored."""
    values = values or {}
    twice = {name: "is given twice" for name, given in values.items() if len(given) > 1}
    if twice:
        raise InvalidRequest(f"The request is not valid: {', '.join(twice)} is given twice.", twice)
    return read(model, {name: given[0] for name, given in values.items()})


def _fields(model: type[BaseModel], problems: list[ErrorDetails]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for problem in problems:
        # A union reports each of its members; their tags are ours, not names of the caller's fields.
        name = ".".join(str(part) for part in problem["loc"] if not _is_tag(part))
        fields.setdefault(name, _problem(model, name, problem))
    return fields


def _is_tag(part: str | int) -> bool:
    return isinstance(part, str) and ("[" in part or part in ("float", "str", "constrained-str", "int"))


def _problem(model: type[BaseModel], name: str, problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, model.model_fields, n=1)
        return "is unknown" + (f"; did you mean {close[0]}?" if close else "")
    if problem["type"] == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    said = problem["msg"][0].lower() + problem["msg"][1:]
    return _WORDS.get(problem["type"], said.replace("input should", "must").replace("string should", "must"))
