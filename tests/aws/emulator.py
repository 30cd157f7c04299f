"""Ministack, the emulated AWS, as a process of its own on 127.0.0.1."""

import http.client
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.aws.waiting import until
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
PYTHON = ROOT / ".venv/aws/bin/python"
PROGRAM = Path(__file__).parent / "mended_ministack.py"
REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY, SECRET_KEY = "AKIATHEACCOUNTSROOT0", "not-a-secret"


@dataclass(frozen=True)
class Emulator:
    """Where it is; it begins when `running` does. `network` is what its functions' network is told, if there is one."""

    port: int
    folder: Path
    network: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(
        self, service: str, key: str = ACCESS_KEY, secret: str = SECRET_KEY, token: str | None = None
    ) -> Any:
        """Return one of AWS's SDK; without keys of somebody's it is the account's owner who asks."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )

    @property
    def log(self) -> Path:
        return self.folder / "ministack.log"

    @property
    def credentials(self) -> dict[str, str]:
        """What a person's shell has who works in this account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }


def place_emulator(folder: Path, network: Mapping[str, str]) -> Emulator:
    """Choose a port, so that others can be told of it before it runs."""
    return Emulator(free_port(), folder, network)


@contextmanager
def running(emulator: Emulator, ecs_url: str) -> Iterator[None]:
    """Run it until the block ends, with everything it started."""
    assert PYTHON.exists(), f"{PYTHON} is missing: make .venv/aws/ready"
    with emulator.log.open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-P", PROGRAM],
            env=_environment(emulator, ecs_url),
            cwd=emulator.folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(lambda: process.poll() is not None or _is_healthy(emulator))
        assert process.poll() is None, emulator.log.read_text()
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # nothing in it is worth a goodbye; its functions go with it
        process.wait()


def _environment(emulator: Emulator, ecs_url: str) -> dict[str, str]:
    """Functions inherit it, and so find our ECS; their credentials are their roles', checked with AUTH."""
    return {
        "PATH": f"{PYTHON.parent}:{os.environ['PATH']}",
        "TMPDIR": str(emulator.folder),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(emulator.port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL_ECS": ecs_url,
        "AWS_ENDPOINT_URL_SSM": ecs_url,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{emulator.folder}/no-docker.sock",
        "PYTHONPATH": str(Path(__file__).parent / "network"),
        **emulator.network,
    }


def _is_healthy(emulator: Emulator) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
