"""What a test may ask of the endpoint over HTTP, when it runs as a process of its own."""

import json
from typing import Any

from tests.aws.ecs_endpoint.endpoint import Endpoint
from tests.aws.ecs_endpoint.events import Weather
from tests.aws.ecs_endpoint.faults import Fault
from tests.aws.ecs_endpoint.refusals import invalid


def control(endpoint: Endpoint, path: str, asked: dict[str, Any]) -> bytes:
    """POST /control/fault {operation, times?, ...}, /control/weather {copies?, ...}, /control/interrupt {task, ...},
    /control/out-of-memory {task}, /control/calls {}.
    """
    match path.removeprefix("/control/"):
        case "fault":
            endpoint.faults.add(
                Fault(**{k: v for k, v in asked.items() if k != "times"}), asked.get("times", 1)
            )
        case "weather":
            endpoint.events.weather = Weather(**asked)
        case "interrupt":
            endpoint.tasks.find(asked["cluster"], asked["task"]).stop(
                asked["stopCode"], asked["stoppedReason"]
            )
        case "out-of-memory":
            endpoint.tasks.find(asked["cluster"], asked["task"]).run_out_of_memory()
        case "calls":
            return json.dumps([operation for operation, _ in endpoint.calls]).encode()
        case unknown:
            raise invalid(f"There is no control called {unknown}.")
    return b"{}"
