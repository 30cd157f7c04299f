"""The way to a container engine: docker-py's client for it, and its complaints in words for a person."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import docker
from docker.errors import APIError, DockerException, InvalidConfigFile, StreamParseError
from docker.utils.config import find_config_file
from urllib3.exceptions import HTTPError

_LONG_ID = re.compile(r"(?<!sha256:)\b([0-9a-f]{12})[0-9a-f]{52}\b")
_PLACES = ("HOME", "PATH", "DOCKER_CONFIG", "XDG_RUNTIME_DIR")
SILENCE = 60.0  # seconds that an engine may take for an answer
# Nobody answers there, or no longer: of answers that come in pieces docker-py lets the failures of urllib3 through.
GONE = (OSError, HTTPError, StreamParseError)


class Engine:
    """Where it listens, and the version of the API that it was asked in."""

    def __init__(self, url: str, api_version: str) -> None:
        self.url = url
        self.api_version = api_version

    def client(self) -> docker.APIClient:
        """Raise GONE or DockerException."""
        with reading_configuration():
            return docker.APIClient(base_url=self.url, version=self.api_version, timeout=SILENCE)


@contextmanager
def reading_configuration() -> Iterator[None]:
    """Raise DockerException where docker's own is no such; it may hold secrets, so none of it is repeated."""
    try:
        yield
    except (InvalidConfigFile, ValueError, TypeError, AttributeError) as error:
        raise DockerException(f"{find_config_file()} is no configuration of docker's") from error


def take_environment(environment: Mapping[str, str]) -> None:
    """Find what `docker login` has kept where the user of the server has it."""
    os.environ.update({name: environment[name] for name in _PLACES if name in environment})


def in_words(error: Exception, url: str = "") -> str:
    """Return what an engine complained of, without what docker-py says around it, and with short ids.

    With its address it is told where nobody answers.
    """
    if isinstance(error, APIError):  # which is one of GONE as well
        said = str(error.explanation or error)
    elif isinstance(error, GONE):
        return f"the container engine{f' at {url}' if url else ''} does not answer"
    else:
        said = str(error)
    return _LONG_ID.sub(r"\1", said).strip().rstrip(".")


FAILURES = (*GONE, DockerException)
