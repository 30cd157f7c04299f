"""The wire: JSON 1.1, with every request and every answer held against botocore's model of its service."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.validate import ParamValidator

from tests.aws.ecs_endpoint.refusals import Refusal, invalid

SERVICES = {"AmazonEC2ContainerServiceV20141113": "ecs", "AmazonSSM": "ssm"}
CONTENT_TYPE = "application/x-amz-json-1.1"


@cache
def service_model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def read_request(target: str, body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the operation and its parameters; refuse what the model does not know, unknown members too."""
    prefix, _, operation = target.partition(".")
    if prefix not in SERVICES or operation not in service_model(SERVICES[prefix]).operation_names:
        raise Refusal("UnknownOperationException", f"no such operation: {target}")
    params: dict[str, Any] = json.loads(body or b"{}")
    _refuse_what_does_not_fit(params, _operation(operation).input_shape)
    return operation, params


def write_answer(operation: str, answer: dict[str, Any]) -> bytes:
    """Return the answer's JSON; an answer that the model does not know is a bug here, not in the caller."""
    problems = _problems(answer, _operation(operation).output_shape)
    assert not problems, f"{operation} answers what the model does not have: {problems}"
    return json.dumps(answer, default=_seconds).encode()


def write_refusal(refusal: Refusal) -> bytes:
    return json.dumps({"__type": refusal.code, "message": str(refusal)} | refusal.members).encode()


def _operation(name: str) -> OperationModel:
    """Of what both services have, only that of ECS is answered here."""
    of = next(service for service in SERVICES.values() if name in service_model(service).operation_names)
    return service_model(of).operation_model(name)


def _refuse_what_does_not_fit(params: dict[str, Any], shape: Shape) -> None:
    problems = [*_problems(params, shape), *_unknown_words(params, shape, "")]
    if problems:
        raise invalid("; ".join(problems))


def _problems(value: dict[str, Any], shape: Shape) -> list[str]:
    report = ParamValidator().validate(value, shape)
    return [report.generate_report()] if report.has_errors() else []


def _unknown_words(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """botocore leaves enumerations to the service."""
    if shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from _unknown_words(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for at, member in enumerate(value):
            yield from _unknown_words(member, shape.member, f"{path}[{at}]")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"


def _seconds(value: object) -> float:
    assert isinstance(value, datetime)
    return value.timestamp()
