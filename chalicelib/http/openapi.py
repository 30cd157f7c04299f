"""OpenAPI 3.1 of every route, made from the models that read the requests and write the answers."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib import VERSION
from chalicelib.domain import errors
from chalicelib.domain.token import Role
from chalicelib.http import idempotency_key
from chalicelib.http.endpoint import ABOUT_TEXT, CHALLENGE, PLAIN_TEXT, ROLE, Route
from chalicelib.http.fields import may_be_left_out
from chalicelib.http.status_codes import STATUS_CODES

REF_TEMPLATE = "#/components/schemas/{model}"
_CREATE_TASKS = (
    "/apps/{app_name}/tasks",
    "/tasks/{task_id}/rerun",
    "/apps/{app_name}/schedules/{name}/start",
)
_OPEN = {
    "/health": ("Say whether the program is up, and which home it runs in.", "Health"),
    "/openapi.json": ("Describe this API.", None),
}
_HEALTH = {
    "type": "object",
    "required": ["status", "home", "version"],
    "properties": {
        "status": {"const": "ok"},
        "home": {"enum": ["local", "aws"]},
        "version": {"type": "string"},
    },
}
_ERROR = {
    "type": "object",
    "description": "What went wrong, what to do about it, and in which fields.",
    "required": ["Code", "Message"],
    "properties": {
        "Code": {"type": "string"},
        "Message": {"type": "string"},
        "Hint": {"type": "string"},
        "Fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "examples": [
        {
            "Code": "InvalidRequest",
            "Message": "The request is not valid: memry is unknown (did you mean memory?).",
            "Fields": {"memry": "is unknown (did you mean memory?)"},
        }
    ],
}
_RETRY_AFTER = {"description": "In how many seconds to ask again.", "schema": {"type": "integer"}}
_HEADERS: dict[int, dict[str, Any]] = {
    STATUS_CODES[errors.TooManyRequests]: {"headers": {"Retry-After": {**_RETRY_AFTER, "required": True}}},
    STATUS_CODES[errors.Unauthenticated]: {
        "headers": {
            "WWW-Authenticate": {
                "description": "API Gateway calls it x-amzn-Remapped-WWW-Authenticate.",
                "schema": {"const": CHALLENGE},
            }
        }
    },
}


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """Return the whole description as JSON values."""
    paths: dict[str, dict[str, Any]] = {path: {"get": _open_operation(path)} for path in _OPEN}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tapit",
            "version": VERSION,
            "description": "Runs one-off container tasks, and keeps what became of them.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes) | {"Error": _ERROR, "Health": _HEALTH},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "tpt_<id>_<secret>"}
            },
        },
    }


def _schemas(routes: Sequence[Route]) -> dict[str, Any]:
    bodies = {route.models["body"] for route in routes if "body" in route.models}
    answers = {route.models["return"] for route in routes}
    _, schemas = models_json_schema(
        [
            *((model, "validation") for model in _by_name(bodies)),
            *((model, "serialization") for model in _by_name(answers)),
        ],
        ref_template=REF_TEMPLATE,
    )
    return dict(schemas["$defs"])


def _by_name(models: set[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)


def _operation(route: Route) -> dict[str, Any]:
    summary = (route.view.__doc__ or "").strip()
    operation: dict[str, Any] = {
        "operationId": f"{route.view.__module__.rsplit('.', 1)[-1].removesuffix('_routes')}_{route.view.__name__}",
        "summary": summary,
        "description": f"Takes a token with the role {route.role}." if route.role else "Takes no token.",
        "parameters": _parameters(route),
        "responses": {str(route.status): _answer(route), **_failures(route)},
    }
    if route.role is None:
        operation["security"] = []
    if "body" in route.models:
        body = route.models["body"]
        content = {"application/json": {"schema": _ref(body.__name__)}}
        operation["requestBody"] = {"required": not may_be_left_out(body), "content": content}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    query = _query_parameters(route.models["query"]) if "query" in route.models else []
    header = [idempotency_key.described()] if _creates_a_task(route) else []
    return [*path, *query, *header]


def _creates_a_task(route: Route) -> bool:
    return route.method == "POST" and route.path in _CREATE_TASKS


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    return [
        {"name": name, "in": "query", "required": False, **_parameter(_inlined(part, definitions))}
        for name, part in schema["properties"].items()
    ]


def _parameter(part: dict[str, Any]) -> dict[str, Any]:
    """What may be left out is no null: in a query nobody can send one."""
    kinds = [kind for kind in part.get("anyOf", [part]) if kind.get("type") != "null"]
    schema = dict(kinds[0]) if len(kinds) == 1 else {"anyOf": kinds}
    described = {"description": schema.pop("description")} if "description" in schema else {}
    style = {"style": "form", "explode": True} if schema.get("type") == "array" else {}
    return {**described, **style, "schema": schema}


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, dict) and "$ref" in part:
        return definitions[part["$ref"].rsplit("/", 1)[-1]]
    if isinstance(part, dict):
        return {name: _inlined(value, definitions) for name, value in part.items()}
    return [_inlined(value, definitions) for value in part] if isinstance(part, list) else part


def _answer(route: Route) -> dict[str, Any]:
    model = route.models["return"]
    summary = (model.__doc__ or "The answer.").strip().splitlines()[0]
    content: dict[str, Any] = {"application/json": {"schema": _ref(model.__name__)}}
    told = {ROLE: {"description": "The role of the token.", "schema": {"enum": [*Role]}}}
    headers: dict[str, Any] = {} if route.role is None else told
    if not route.has_text:
        return {"description": summary, "content": content, **({"headers": headers} if headers else {})}
    about = {
        "description": "All but the items, as JSON, beside an answer in plain text.",
        "schema": {"type": "string"},
    }
    return {
        "description": summary,
        "headers": {ABOUT_TEXT: about, **headers},
        "content": content | {PLAIN_TEXT: {"schema": {"type": "string"}}},
    }


def _failures(route: Route) -> dict[str, Any]:
    kinds: list[type[errors.TapitError]] = [
        errors.InvalidRequest,
        errors.Unauthenticated,
        errors.TooManyRequests,
        errors.Unavailable,
    ]
    if route.role is not Role.VIEWER:
        kinds.append(errors.Forbidden)
    if "{" in route.path:
        kinds.append(errors.NotFound)
    if route.path.endswith("/logs"):
        kinds.append(errors.OutputForbidden)
    if route.method != "GET":
        kinds += [errors.Conflict, errors.LimitExceeded, errors.TooLarge]
    if _creates_a_task(route):
        kinds.append(errors.TaskRemoved)
    content = {"application/json": {"schema": _ref("Error")}}
    codes: dict[int, str] = {}
    for kind in kinds:
        code = STATUS_CODES[kind]
        codes[code] = f"{codes[code]} or {kind.__name__}" if code in codes else kind.__name__
    if "body" in route.models:
        codes[415] = "UnsupportedMediaType"  # Chalice's own, in our shape
    return {
        str(code): {"description": name, "content": content, **_HEADERS.get(code, {})}
        for code, name in sorted(codes.items())
    }


def _open_operation(path: str) -> dict[str, Any]:
    summary, schema = _OPEN[path]
    content = {"application/json": {"schema": _ref(schema) if schema else {"type": "object"}}}
    return {
        "operationId": path.strip("/").split(".")[0],
        "summary": summary,
        "security": [],
        "responses": {"200": {"description": summary, "content": content}},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF_TEMPLATE.format(model=name)}
