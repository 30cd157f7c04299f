"""Guards for what review forgets."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import app as triggers
from chalicelib.ports import TokenStore
from chalicelib.wiring import running_on
from tests.home_in_process import HomeInProcess

ROOT = Path(triggers.__file__).parent
HANDLERS: list[Any] = [*triggers.app.event_sources, *triggers.app.pure_lambda_functions]


def test_importing_the_app_needs_no_environment_and_no_boto3() -> None:
    heavy = {"boto3", "botocore", "aws_lambda_powertools"}
    look = f"import sys; sys.path.insert(0, '.'); import app; sys.exit(bool({heavy} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-I", "-c", look], cwd=ROOT, env={}).returncode == 0


def test_the_shipped_code_imports_nothing_of_the_local_home_or_the_command_line() -> None:
    look = "import sys; sys.path.insert(0, '.'); import app; sys.exit(bool({'local', 'tapit'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-I", "-c", look], cwd=ROOT, env={}).returncode == 0


@pytest.mark.parametrize(("handler", "count"), [("app.on_publish", 0), ("app.app", 1), (None, 1)])
def test_only_who_can_be_asked_over_http_has_routes(handler: str | None, count: int) -> None:
    look = "import sys; sys.path.insert(0, '.'); import app; print(min(1, len(app.app.routes)))"
    environment = {"_HANDLER": handler} if handler else {}

    found = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert found.stdout.strip() == str(count), found.stderr


def test_every_lambda_starts_in_app_py() -> None:
    """A handler in a Blueprint would be imported without app.py, hence without middleware."""
    assert {handler.handler_string.split(".")[0] for handler in HANDLERS} == {"app"}


def test_every_lambda_has_a_name_that_a_rename_does_not_change() -> None:
    assert {handler.name for handler in HANDLERS} == {
        "ecs_event",
        "launch",
        "check_deadline",
        "sweep",
        "publish",
        "deliver",
        "keep_secrets",
    }


def test_debugging_is_off() -> None:
    """With it, a traceback becomes the body of the answer."""
    assert triggers.app.debug is False


def test_without_a_home_the_program_names_the_settings_that_it_lacks() -> None:
    look = "import sys; sys.path.insert(0, '.'); from chalicelib.wiring import services; services()"

    failed = subprocess.run(
        [sys.executable, "-I", "-c", look], cwd=ROOT, env={}, capture_output=True, text=True
    )

    assert "STAGE is missing; TABLE is missing; AWS_REGION is missing" in failed.stderr


class BrokenTokenStore:
    def find(self, token_id: str) -> None:
        raise ZeroDivisionError(f"the secret is 42, not {token_id}")


def test_a_bug_is_a_500_that_says_nothing_about_itself(inside: HomeInProcess) -> None:
    with running_on(replace(inside.services, tokens=cast("TokenStore", BrokenTokenStore()))):
        answer = inside.ask("GET", "/apps")

    assert (answer.status, answer.json["Code"], set(answer.json)) == (
        500,
        "InternalServerError",
        {"Code", "Message"},
    )
    assert "42" not in answer.text
    assert "Traceback" not in answer.text


def test_no_module_is_a_junk_drawer() -> None:
    junk = {"utils", "helpers", "common", "misc", "base", "manager"}

    modules = [*ROOT.glob("chalicelib/**/*.py"), *ROOT.glob("local/**/*.py"), *ROOT.glob("cli/**/*.py")]

    assert len(modules) > 50
    assert [module for module in modules if module.stem in junk] == []
