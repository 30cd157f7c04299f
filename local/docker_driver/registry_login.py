"""What a user is known to a registry by: `docker login` keeps it in docker's config.json, or with a helper program.

What helpers are asked and how they answer: github.com/docker/docker-credential-helpers
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.auth import (
    INDEX_NAME,
    INDEX_URL,
    TOKEN_USERNAME,
    AuthConfig,
    load_config,
    resolve_repository_name,
)
from docker.errors import DockerException
from docker.utils import parse_repository_tag
from docker.utils.config import find_config_file

from local.docker_driver.engine import reading_configuration

ANSWERS_WITHIN = 60.0  # seconds
_LOOKS_AROUND_EVERY = 0.5
_LONGEST_COMPLAINT = 200  # characters
_KNOWS_NONE = "credentials not found"

Login = dict[str, Any]


def login_for(image: str, environment: Mapping[str, str], tell: Callable[[str], None]) -> Login | None:
    """Return what the engine is to tell an image's registry, nothing where its helper does not know the user.

    None where no helper is to be asked: what is in the file docker-py finds by itself. A helper runs in the user's own
    environment; docker-py would give it ours, and wait for it for ever. Raise DockerException where one fails.
    """
    registry, _ = resolve_repository_name(parse_repository_tag(image)[0])
    with reading_configuration():
        _read_as_json(find_config_file())
        known = load_config()
        helper = known.get_credential_store(registry)
    if helper is None:
        return None
    login = _Helper(helper, environment).login(registry, tell)
    return login or AuthConfig({"auths": known.auths}).resolve_authconfig(registry) or {}


def _read_as_json(path: str | None) -> None:
    """What is none docker-py passes over without a word, and nobody is known to any registry then. Raise ValueError."""
    if path is None or os.path.basename(path) != "config.json":  # before that one there was another format
        return
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise DockerException(
            f"{path} is no configuration of docker's that can be read: {error.strerror}"
        ) from error
    if text.strip():  # an empty one is none for docker either
        json.loads(text)


class _Helper:
    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self._program = f"docker-credential-{name}"
        self._environment = environment

    def login(self, registry: str, tell: Callable[[str], None]) -> Login | None:
        server = INDEX_URL if registry == INDEX_NAME else registry
        exit_code, said = self._asked(server, tell)
        if exit_code == 0:
            return self._read(said, server)
        if _KNOWS_NONE in said:
            return None
        complaint = (said.strip().splitlines() or [f"exit code {exit_code}"])[0][:_LONGEST_COMPLAINT]
        raise self._failure(f"failed: {complaint}")

    def _asked(self, server: str, tell: Callable[[str], None]) -> tuple[int, str]:
        path = shutil.which(self._program, path=self._environment.get("PATH"))
        if path is None:
            raise self._failure("is not on the PATH of tapit-local")
        try:
            process = subprocess.Popen(
                [path, "get"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise self._failure(f"cannot be run: {error.strerror}") from error
        with process:
            return self._answer(process, server, tell)

    def _answer(
        self, process: subprocess.Popen[str], server: str, tell: Callable[[str], None]
    ) -> tuple[int, str]:
        patience, asks = time.monotonic() + ANSWERS_WITHIN, server
        try:
            while time.monotonic() < patience:
                with suppress(subprocess.TimeoutExpired):
                    said, _ = process.communicate(asks, _LOOKS_AROUND_EVERY)
                    return process.returncode, said
                asks = ""  # once is enough
                tell(f"the credential helper {self._program}")
            raise self._failure(f"did not answer within {ANSWERS_WITHIN:.0f} s")
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # it is in a session of its own, with all it started

    def _read(self, said: str, server: str) -> Login | None:
        """What it says may be a secret, so nothing of it is repeated."""
        try:
            answer = json.loads(said)
            name, secret = (str(answer[key] or "") for key in ("Username", "Secret"))
        except (ValueError, KeyError, TypeError) as error:
            raise self._failure("answered what is no login") from error
        if not name and not secret:  # so says docker-credential-pass that it knows none
            return None
        if name == TOKEN_USERNAME:
            return {"ServerAddress": server, "IdentityToken": secret}
        return {"ServerAddress": server, "Username": name, "Password": secret}

    def _failure(self, what: str) -> DockerException:
        return DockerException(f"the credential helper {self._program} {what}")
