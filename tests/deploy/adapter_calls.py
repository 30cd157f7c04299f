"""Which calls of AWS the adapters make, read from their source: `ecs.run_task`, `dynamodb.query`, ..."""

import ast
from collections.abc import Iterator
from pathlib import Path

ADAPTERS = Path(__file__).parents[2] / "chalicelib/adapters"
# One service per file; those that are not here make no calls.
SERVICES = {
    "app_secrets_manager": "secretsmanager",
    "cloudwatch_logs": "logs",
    "dynamodb": "dynamodb",
    "ecs": "ecs",
    "ecs_inheritance": "ecs",
    "ecs_sessions": "ecs",
    "deliver_function": "lambda",
    "event_bus": "events",
    "keep_secrets_function": "lambda",
    "launch_function": "lambda",
    "log_groups": "logs",
    "message_queue": "sqs",
    "secret_readers": "secretsmanager",
    "session_manager": "ssm",
    "ssm_secrets": "ssm",
    "stepfunctions": "stepfunctions",
    "task_definitions": "ecs",
}
WRITES = {  # what dynamodb.Write names
    "Put": "put_item",
    "Update": "update_item",
    "Delete": "delete_item",
    "ConditionCheck": "condition_check_item",
}


def calls() -> dict[str, set[str]]:
    """Return the calls of each adapter, by the name of its file."""
    return {path.stem: set(_calls_in(path)) for path in ADAPTERS.glob("*.py")}


def _calls_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield from _client_call(node)
            yield from _write(node)


def _client_call(node: ast.Call) -> Iterator[str]:
    """`self._client.run_task(...)`"""
    match node.func:
        case ast.Attribute(value=ast.Attribute(attr="_client" | "_asked_once"), attr=name):
            yield name


def _write(node: ast.Call) -> Iterator[str]:
    """`Write("Put", ...)`: carried out under a name that is put together."""
    match node:
        case ast.Call(func=ast.Name(id="Write"), args=[ast.Constant(value=str(kind)), *_]):
            yield WRITES[kind]
