"""The facts of this machine that a reader needs to make sense of the figures."""

import os
import platform
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).parent.parent


def facts() -> dict[str, str]:
    """Name each fact; one that cannot be found out is said to be unknown."""
    return {
        "cpu": f"{_cpu_model()}, {os.cpu_count()} cores",
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "disk": f"{sync_time() * 1000:.2g} ms to sync 4 KB",
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def sync_time() -> float:
    """Return what the disk asks, right now, for a promise that something is written (seconds)."""
    with tempfile.TemporaryFile(buffering=0) as file:
        taken = []
        for _ in range(50):
            began = time.perf_counter()
            os.pwrite(file.fileno(), bytes(4096), 0)
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return median(taken)


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
