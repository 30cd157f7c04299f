"""The endpoint as a process of its own: output and states of tasks on stdout."""

import argparse
import sys
from collections.abc import Sequence
from threading import Event

from tests.aws.ecs_endpoint.endpoint import Endpoint
from tests.aws.ecs_endpoint.server import serving
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.ecs_endpoint.sinks import CannotRead, Described, LogLine


class Printed:
    def open(self, group: str, stream: str) -> None:
        """Every stream may be opened."""

    def write(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        sys.stdout.writelines(f"{group} {stream} {line.message}\n" for line in lines)
        sys.stdout.flush()

    def send(self, event: Described) -> None:
        sys.stdout.write(f"{event['detail']['lastStatus']} {event['detail']['taskArn']}\n")
        sys.stdout.flush()


class NoSecrets:
    def read(self, reference: str, role: str) -> str:  # noqa: ARG002 - there are none for any role
        raise CannotRead("ResourceNotFoundException")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with serving(Endpoint(Settings(), Printed(), Printed(), NoSecrets()), parser.parse_args().port) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        Event().wait()


if __name__ == "__main__":
    main()
