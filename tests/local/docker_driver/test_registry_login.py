"""What the user's docker is known to a registry by, with helpers that are real programs."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from docker.errors import DockerException

from local.docker_driver import registry_login
from local.docker_driver.engine import Engine
from local.docker_driver.registry_login import Login, login_for
from tests.local.supervisor.supervised_task import until

IMAGE, REGISTRY = "registry.example:5000/shop/web:1", "registry.example:5000"
ANN = {"ServerAddress": REGISTRY, "Username": "ann", "Password": "secret"}
SAYS_ANN = (
    """read server; echo '{"Username": "ann", "Secret": "secret"}'; [ "$server" = registry.example:5000 ]"""
)


class User:
    """Somebody's docker configuration, and helpers on a PATH of their own."""

    def __init__(self, place: Path) -> None:
        self.config, self.programs = place / "config", place / "programs"
        self.config.mkdir()
        self.programs.mkdir()
        self.environment = {"PATH": f"{self.programs}:{os.environ['PATH']}", "PROFILE": "shop"}
        self.told: list[str] = []

    def has(self, **config: Any) -> None:
        (self.config / "config.json").write_text(json.dumps(config))

    def has_helper(self, name: str, script: str) -> None:
        path = self.programs / f"docker-credential-{name}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def login(self, image: str = IMAGE) -> Login | None:
        return login_for(image, self.environment, self.told.append)

    def refusal(self) -> str:
        with pytest.raises(DockerException) as refusal:
            self.login()
        return str(refusal.value)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    found = User(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(found.config))
    return found


@pytest.mark.parametrize("config", [{"credsStore": "mine"}, {"credHelpers": {REGISTRY: "mine"}}])
def test_a_helper_is_asked_for_its_registry_in_the_users_environment(user: User, config: Any) -> None:
    user.has_helper("mine", f'[ "$PROFILE" = shop ] && [ "$1" = get ] || exit 1\n{SAYS_ANN}')
    user.has(**config)

    assert user.login() == ANN


def test_a_helper_may_have_a_token(user: User) -> None:
    user.has_helper("mine", """echo '{"Username": "<token>", "Secret": "abc"}'""")
    user.has(credsStore="mine")

    assert user.login() == {"ServerAddress": REGISTRY, "IdentityToken": "abc"}


@pytest.mark.parametrize(
    "script",
    [
        "echo 'credentials not found in native keychain'; exit 1",
        """echo '{"Username": "", "Secret": ""}'""",
        """echo '{"Username": null, "Secret": null}'""",
    ],
)
def test_who_is_not_known_to_a_helper_may_be_known_beside_it(user: User, script: str) -> None:
    user.has_helper("mine", script)
    user.has(credsStore="mine", auths={REGISTRY: {"identitytoken": "abc"}})

    assert user.login() == {"IdentityToken": "abc"}
    assert user.login("other.example/web:1") == {}


def test_dockers_own_registry_is_called_as_docker_calls_it(user: User) -> None:
    name = "https://index.docker.io/v1/"
    user.has_helper("mine", """echo '{"Username": "ann", "Secret": "secret"}'""")
    user.has(credHelpers={name: "mine"})

    assert user.login("web:1") == ANN | {"ServerAddress": name}


def test_a_helper_of_another_registry_is_left_alone(user: User) -> None:
    user.has(credHelpers={"other.example": "gone"})

    assert user.login() is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "is not on the PATH of tapit-local"),
        ("echo 'pass is not initialised'; exit 1", "failed: pass is not initialised"),
        ("exit 7", "failed: exit code 7"),
        ("printf 'Schl\\374sselbund'; exit 1", "failed: Schl\ufffdsselbund"),
        ("echo secret", "answered what is no login"),
        ("echo '[\"secret\"]'", "answered what is no login"),
    ],
)
def test_a_helper_that_fails_is_named(user: User, script: str | None, said: str) -> None:
    if script is not None:
        user.has_helper("mine", script)
    user.has(credsStore="mine")

    assert user.refusal() == f"the credential helper docker-credential-mine {said}"


def test_helpers_that_are_none_are_no_configuration(user: User) -> None:
    user.has(credHelpers="mine")

    assert user.refusal() == f"{user.config}/config.json is no configuration of docker's"


@pytest.mark.parametrize("config", ["not json", '{"auths": {', "\xff"])
def test_a_configuration_that_is_no_json_is_not_passed_over(user: User, config: str) -> None:
    (user.config / "config.json").write_text(config, "latin-1")

    assert user.refusal() == f"{user.config}/config.json is no configuration of docker's"


def test_a_configuration_that_cannot_be_read_is_not_passed_over(user: User) -> None:
    (user.config / "config.json").mkdir()

    assert user.refusal().startswith(
        f"{user.config}/config.json is no configuration of docker's that can be read: "
    )


def test_an_empty_configuration_knows_nobody_as_docker_has_it(user: User) -> None:
    (user.config / "config.json").write_text("\n")

    assert user.login() is None


def test_a_helper_that_cannot_be_run_is_named(user: User) -> None:
    user.has_helper("mine", "")
    (user.programs / "docker-credential-mine").write_text("#!/no/such/shell\n")
    user.has(credsStore="mine")

    assert "docker-credential-mine cannot be run" in user.refusal()


def test_a_helper_that_hangs_is_ended_with_all_it_started(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_login, "ANSWERS_WITHIN", 1.0)
    user.has_helper("mine", f"sleep 1000 & echo $! >{tmp_path}/pid; wait")
    user.has(credsStore="mine")
    began = time.monotonic()

    assert "docker-credential-mine did not answer within 1 s" in user.refusal()
    assert time.monotonic() - began < 20
    assert user.told[-1] == "the credential helper docker-credential-mine"
    sleeper = int((tmp_path / "pid").read_text())
    until(lambda: not Path(f"/proc/{sleeper}").exists())


@pytest.mark.parametrize(
    "config", ['{"auths": {"a": {"auth": "!"}}}', '{"auths": {"a": 3}}', "[]", '{"proxies": 3}']
)
def test_a_configuration_that_is_none_is_named_and_not_quoted(user: User, config: str) -> None:
    (user.config / "config.json").write_text(config)

    with pytest.raises(DockerException, match=f"{user.config}/config.json is no configuration of docker's"):
        Engine("unix:///no/such.sock", "1.41").client()
