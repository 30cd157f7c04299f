"""Read what a caller sent into a model, and say what is wrong with it in one sentence a field."""

import difflib
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chalicelib.domain.errors import InvalidRequest
from chalicelib.http.fields import QueryParameters

Model = TypeVar("Model", bound=BaseModel)
Query = TypeVar("Query", bound=QueryParameters)

MOST_REPORTED = 10  # fields

_KIND = re.compile(r"constrained-float|literal\[.*\]|\[key\]")
_A_TIME = "must be a time with its zone, such as 2026-11-24T08:00:00Z"
_WORDS = {
    "missing": "is missing",
    "finite_number": "must be a finite number",
    "string_type": "must be a string",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "datetime_type": _A_TIME,
    "datetime_parsing": _A_TIME,
    "datetime_from_date_parsing": _A_TIME,
    "datetime_object_invalid": _A_TIME,
    "timezone_aware": _A_TIME,
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "string_unicode": "is not valid Unicode",
}

_TOO_FEW_OR_MANY = {"too_short": ("at least", "min_length"), "too_long": ("at most", "max_length")}


def read(model: type[Model], values: Any) -> Model:
    """Only here does a ValidationError mean that the caller is wrong; a stored record that fails is a bug."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=True, include_input=False)
        names = dict.fromkeys(_name(problem["loc"]) for problem in problems)
        fields = _fields(model, problems, set(islice(names, MOST_REPORTED)))
        sentence = "; ".join(f"{name} {problem}" if name else problem for name, problem in fields.items())
        more = f"; and {len(names) - len(fields)} more" if len(names) > len(fields) else ""
        raise InvalidRequest(f"The request is not valid: {sentence}{more}.", fields) from error


def read_query(model: type[Query], values: Mapping[str, list[str]] | None) -> Query:
    """Read query parameters; one of one value that is given twice is refused, so that none is silently ignored."""
    wanted: dict[str, str | list[str]] = {}
    twice: dict[str, str] = {}
    for name, given in (values or {}).items():
        if name in model.several:
            wanted[name] = [part for one in given for part in one.split(",")]
        elif len(given) > 1:
            twice[name] = "is given twice"
        else:
            wanted[name] = given[0]
    if twice:
        raise InvalidRequest(f"The request is not valid: {', '.join(twice)} is given twice.", twice)
    return read(model, wanted)


def _fields(model: type[BaseModel], problems: list[ErrorDetails], reported: set[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for problem in problems:
        name = _name(problem["loc"])
        if name not in reported:
            continue
        said = _problem(model, problem)
        # A field that may be of several kinds has a problem for each.
        fields[name] = f"{fields[name]}, or {said.removeprefix('must be ')}" if name in fields else said
    return fields


def _name(path: tuple[str | int, ...]) -> str:
    """Leave out pydantic's own words for the kinds that a field may be of; the first part is always the caller's."""
    own = [str(part) for part in path[1:] if not _KIND.fullmatch(str(part))]
    return ".".join([*(str(part) for part in path[:1]), *own])


def _problem(model: type[BaseModel], problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(_name(problem["loc"]), model.model_fields, n=1)
        return "is unknown" + (f" (did you mean {close[0]}?)" if close else "")
    if problem["type"] == "string_pattern_mismatch":
        return f"must be {_spelling(model, problem)}"
    if problem["type"] in _TOO_FEW_OR_MANY and "actual_length" in problem["ctx"]:
        bound, limit = _TOO_FEW_OR_MANY[problem["type"]]
        return f"must have {bound} {problem['ctx'][limit]}, and has {problem['ctx']['actual_length']}"
    if problem["type"] == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    said = problem["msg"][0].lower() + problem["msg"][1:]
    return _WORDS.get(problem["type"], said.replace("input should", "must").replace("string should", "must"))


def _spelling(model: type[BaseModel], problem: ErrorDetails) -> str:
    """Return what the field's description says of its pattern: nobody should have to read the pattern itself."""
    pattern, schema = problem["ctx"]["pattern"], model.model_json_schema()
    parts = _parts(schema["properties"].get(problem["loc"][0], schema))
    described = (
        part["description"] for part in parts if part.get("pattern") == pattern and "description" in part
    )
    return next(described, f"text that matches {pattern}")


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(part)
