"""When a container ended: its engine says so, by a clock that may be another machine's."""

import time
from datetime import datetime
from typing import Any

from local.supervisor.task_clock import machine_time


def moment_of_end(state: dict[str, Any], ran_at: float) -> float:
    """Return it in the machine's time: now, unless the engine names a moment since it was last known to run."""
    now = machine_time()
    try:
        ended_ago = time.time() - datetime.fromisoformat(state["FinishedAt"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return now
    return now - ended_ago if 0 <= ended_ago <= now - ran_at else now
