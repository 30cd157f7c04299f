"""The largest a task can be, on any home: refused here, so that the way out can be typed at once."""

from tapit import values
from tapit.errors import UsageError
from tapit.values import Reader

MOST_CPU = 16
MOST_MEMORY = 120
MOST_HOURS = 8760
LEAST_DISK, MOST_DISK = 20, 200


def _up_to(most: int, reads: Reader, unit: str, instead: str) -> Reader:
    def read(key: str, given: str) -> object:
        wanted = reads(key, given)
        if isinstance(wanted, float) and wanted > most:
            raise UsageError(
                f"{key}={given} is more than a task can have",
                f"The most is {most} {unit}.",
                f"{key}={instead}",
            )
        return wanted

    return read


cpu = _up_to(MOST_CPU, values.vcpu, "vCPU", str(MOST_CPU))
memory = _up_to(MOST_MEMORY, values.memory, "GB", str(MOST_MEMORY))
hours = _up_to(MOST_HOURS, values.hours, "hours", "none")
disk = values.whole(LEAST_DISK, MOST_DISK)
