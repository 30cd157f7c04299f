"""Fargate's sizes: which cpu and memory go together, and the nearest pair to what was asked.

Source: task sizes for Linux, docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

from dataclasses import dataclass

from chalicelib.domain.errors import InvalidRequest

# vCPU -> the memory sizes, in GB, that go with it.
MEMORY_BY_CPU: dict[float, tuple[float, ...]] = {
    0.25: (0.5, 1, 2),
    0.5: (1, 2, 3, 4),
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
}
MAX_CPU = 16
MAX_MEMORY = 120
DEFAULT_STORAGE_GB = 20
MAX_STORAGE_GB = 200


@dataclass(frozen=True)
class Size:
    """A valid pair: cpu in vCPU, memory in GB."""

    cpu: float
    memory: float


SMALLEST = Size(cpu=0.25, memory=0.5)


def fit(cpu: float | None, memory: float | None, default: Size) -> tuple[Size, str | None]:
    """Return the smallest valid pair that holds what was asked, and a note when it is more than that.

    What is not given is the app's default, so that naming one never silently shrinks the other.
    Raises InvalidRequest above 16 vCPU or 120 GB.
    """
    wanted = Size(default.cpu if cpu is None else cpu, default.memory if memory is None else memory)
    _refuse_beyond_fargate(wanted)
    size = _smallest_pair(wanted)
    if size == wanted:
        return size, None
    own = {"cpu": cpu, "memory": memory}
    parts = [
        f"{name}={getattr(wanted, name):g}" + (" (the default)" if own[name] is None else "") for name in own
    ]
    return (
        size,
        f"{' with '.join(parts)} is not a Fargate size; using cpu={size.cpu:g} memory={size.memory:g}.",
    )


def _refuse_beyond_fargate(wanted: Size) -> None:
    fields = {}
    if wanted.cpu > MAX_CPU:
        fields["cpu"] = f"{wanted.cpu:g} is above {MAX_CPU} vCPU, the most a Fargate task can have"
    if wanted.memory > MAX_MEMORY:
        fields["memory"] = f"{wanted.memory:g} is above {MAX_MEMORY} GB, the most a Fargate task can have"
    if fields:
        problems = "; ".join(f"{name}={problem}" for name, problem in fields.items())
        raise InvalidRequest(f"The task is too big: {problems}.", fields)


def _smallest_pair(wanted: Size) -> Size:
    cpu = next(
        cpu for cpu, sizes in MEMORY_BY_CPU.items() if cpu >= wanted.cpu and sizes[-1] >= wanted.memory
    )
    return Size(cpu, next(memory for memory in MEMORY_BY_CPU[cpu] if memory >= wanted.memory))
