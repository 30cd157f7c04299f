"""A whole AWS account of this machine: ministack, our ECS, and the stack that `make deploy` puts there."""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.aws.ecs_endpoint.endpoint import Endpoint
from tests.aws.ecs_endpoint.server import serving
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.emulator import (
    ACCOUNT,
    REGION,
    ROOT,
    Emulator,
    place_emulator,
    running,
)
from tests.aws.event_rules import EventRules
from tests.aws.log_groups import LogGroups
from tests.aws.secret_values import SecretValues

STAGE = "story"
TICK = {
    "version": "0",
    "id": "00000000-0000-0000-0000-000000000000",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": ACCOUNT,
    "time": "2026-11-24T08:00:00Z",
    "region": REGION,
    "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/tapit-{STAGE}-sweep"],
    "detail": {},
}
_TOKEN = re.compile(r"tpt_\S+")


@dataclass(frozen=True)
class AwsAccount:
    emulator: Emulator
    ecs: Endpoint
    ecs_url: str
    stage: str = STAGE

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    @property
    def outputs(self) -> dict[str, str]:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=f"tapit-{STAGE}")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @property
    def template(self) -> dict[str, Any]:
        """As it was packaged and uploaded."""
        found: dict[str, Any] = json.loads((ROOT / "build" / ARCHITECTURE / "template.json").read_text())
        return found

    def resource(self, logical_id: str) -> str:
        """Return the name by which the account knows a resource of the stack."""
        found = self.client("cloudformation").describe_stack_resource(
            StackName=f"tapit-{self.stage}", LogicalResourceId=logical_id
        )
        name: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return name

    @property
    def state_machine(self) -> str:
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:tapit-{STAGE}-lifecycle"

    @property
    def api_url(self) -> str:
        """The emulator answers for every API under one host: /_aws/execute-api/ID/STAGE."""
        found = re.fullmatch(r"https://(\w+)\.execute-api\.[^/]+/(\w+)", self.outputs["ApiUrl"])
        assert found, self.outputs["ApiUrl"]
        return f"{self.emulator.url}/_aws/execute-api/{found[1]}/{found[2]}"

    @property
    def name(self) -> str:
        """Of its API on the internet, once `give_a_name` has been called."""
        return urlsplit(self.outputs["ApiUrl"]).netloc

    def give_a_name(self) -> None:
        """The emulator's API Gateway answers under the name in the stack's output as it does under a custom one."""
        gateway, stage = self.client("apigateway"), urlsplit(self.outputs["ApiUrl"]).path.strip("/")
        gateway.create_domain_name(domainName=self.name)
        gateway.create_base_path_mapping(
            domainName=self.name, basePath=stage, restApiId=self.resource("RestAPI"), stage=stage
        )

    def deploy_tool(self, *words: str) -> str:
        """Run what the Makefile's targets run, and return what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy", *words, "--stage", STAGE],
            env=_shell() | self.emulator.credentials,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self) -> str:
        return self.deploy_tool("deploy", "--arch", ARCHITECTURE)

    def first_token(self) -> str:
        (token,) = _TOKEN.findall(self.deploy_tool("first-token"))
        return str(token)

    def sweep(self) -> None:
        """What EventBridge does every minute, now."""
        name, tick = f"tapit-{self.stage}-sweep", json.dumps(TICK)
        answer = self.client("lambda").invoke(FunctionName=name, Payload=tick)
        assert "FunctionError" not in answer, answer["Payload"].read()


ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


@contextmanager
def open_account(
    folder: Path, settings: Settings, network: Mapping[str, str] | None = None
) -> Iterator[AwsAccount]:
    emulator = place_emulator(folder, network or {})
    ecs = Endpoint(
        settings,
        LogGroups(emulator.client("logs")),
        EventRules(emulator.client("events"), emulator.client("lambda"), emulator.client("sqs")),
        SecretValues(emulator),
    )
    with serving(ecs, parameters=emulator.url) as ecs_url, running(emulator, ecs_url):
        try:
            yield AwsAccount(emulator, ecs, ecs_url)
        finally:
            ecs.end()  # while there is still someone to write logs to


def _shell() -> dict[str, str]:
    """Nothing of this machine's own AWS settings gets in."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TAPIT_"))}
