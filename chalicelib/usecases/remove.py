"""Remove a finished task from the list."""

from chalicelib.domain.task import refuse_unless_final
from chalicelib.ports import Services


def remove_task(services: Services, task_id: str) -> None:
    """Raise TaskNotFinished for a task that could still do something."""
    task = services.tasks.get(task_id)
    refuse_unless_final(task)
    services.tasks.remove(task)
    services.cluster.forget(task)
