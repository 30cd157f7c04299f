"""The sizes that Fargate has for Linux.

docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

from tests.aws.ecs_endpoint.refusals import client_error

GIB = 1024
MEMORY_BY_CPU: dict[int, tuple[int, ...]] = {
    256: (512, 1 * GIB, 2 * GIB),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}


def check_fargate_size(cpu: str | None, memory: str | None) -> None:
    if cpu is None or memory is None:
        raise client_error("Fargate requires that 'cpu' and 'memory' be defined at the task level.")
    if not (cpu.isdigit() and memory.isdigit() and int(memory) in MEMORY_BY_CPU.get(int(cpu), ())):
        raise client_error(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."
            " See the Amazon ECS documentation for the valid values."
        )


def check_ephemeral_storage(size: int) -> None:
    if not 21 <= size <= 200:
        raise client_error(f"The ephemeral storage size must be between 21 and 200 GiB, not {size}.")
