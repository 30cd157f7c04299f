"""Whatever is sent to the running home, what it answers is what its own description says: schemathesis asks.

`make fuzz` asks for longer.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

import app as triggers
from tests.home_process import HomeProcess

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
A_FEW = max(6, settings().max_examples // 10)
OPERATIONS = sorted((path, method) for path, methods in triggers.app.routes.items() for method in methods)
NOBODY = "http://127.0.0.1:9/"
MILD = {"command": "true", "url": NOBODY}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeProcess]:
    home = HomeProcess(tmp_path_factory.mktemp("asked"), "--allow-local-webhooks")
    try:
        yield home.start()
        assert "Traceback" not in home.log
    finally:
        home.close()


@pytest.fixture(scope="module")
def described(asked: HomeProcess) -> Any:
    return schemathesis.openapi.from_url(f"{asked.url}/openapi.json")


@pytest.fixture(scope="module")
def connection(asked: HomeProcess) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {asked.token}"
        yield session


@pytest.fixture
def known(asked: HomeProcess) -> dict[str, list[str]]:
    """What there is, by the name of the part of a path."""
    app = asked.new_app()
    asked.api.post(f"/apps/{app}/subscriptions", {"url": NOBODY, "name": "mine"})
    asked.api.post(f"/apps/{app}/commands", {"command": "true", "name": "mine"})
    asked.api.post("/tokens", {"name": app, "role": "viewer"})
    tasks = [
        asked.api.post(f"/apps/{app}/tasks", wanted)["id"]
        for wanted in ({"command": "true"}, {"command": "sleep 600", "interactive": True})
    ]
    return {"app_name": [app], "task_id": tasks, "name": ["mine"], "token_name": [app]}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_an_answer_is_as_described(
    described: OpenApiSchema,
    connection: requests.Session,
    known: dict[str, list[str]],
    path: str,
    method: str,
) -> None:
    @settings(max_examples=A_FEW)
    @given(requests_of(described[path][method], known))
    def check(case: Case[Any]) -> None:
        case.validate_response(case.call(session=connection), checks=CHECKS)

    check()


def requests_of(operation: Any, known: dict[str, list[str]]) -> st.SearchStrategy[Case[Any]]:
    """Valid ones and others, about what there is and about what there is not."""
    named = {
        name: st.sampled_from(values) for name, values in known.items() if f"{{{name}}}" in operation.path
    }
    either = st.one_of([operation.as_strategy(mode) for mode in GenerationMode])
    return st.tuples(either, st.fixed_dictionaries(named) | st.just({})).map(lambda drawn: about(*drawn))


def about(case: Case[Any], there: dict[str, str]) -> Case[Any]:
    case.path_parameters = {**(case.path_parameters or {}), **there}
    return harmless(case)


def harmless(case: Case[Any]) -> Case[Any]:
    """Tasks really run here, webhooks are really sent, and who waits really waits."""
    if "wait" in case.query:
        case.query = {**case.query, "wait": 0.01}
    if isinstance(case.body, dict):
        case.body = {
            **case.body,
            **{name: mild for name, mild in MILD.items() if is_some(case.body.get(name))},
        }
    return case


def is_some(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
