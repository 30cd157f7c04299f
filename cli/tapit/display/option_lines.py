"""What a saved command or a schedule asks of its tasks, as `Key: value` lines."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import task_words
from tapit.terminal import times

if TYPE_CHECKING:
    from tapit.home.answers import App, TaskOptions
    from tapit.terminal.block import Block


def print_options(block: Block, options: TaskOptions) -> None:
    """What is not said is the app's, and left out."""
    block.line("Size", size(options))
    block.line("Time limit", _time_limit(options.get("max_hours")))
    block.line("Image", options.get("image"))
    block.line("Docker tag", options.get("docker_tag"))
    block.line("Pull", options.get("pull"))
    block.line("User", options.get("user"))
    names = ", ".join(options.get("environment") or [])
    block.line("Variables", f"{names} (values are not shown)" if names else None)
    block.line("Workdir", options.get("workdir"))
    block.line("On behalf of", options.get("initiated_by"))
    block.line("Tags", task_words.tags(options.get("tags")))
    block.line("Retries", task_words.retries(options))
    block.line("Lock", task_words.lock(options))
    block.line("Interactive", "yes" if options.get("interactive") else None)


def size(options: TaskOptions | App) -> str | None:
    """Of that which is given."""
    parts = (
        (options.get("cpu"), "vCPU"),
        (options.get("memory"), "GB memory"),
        (options.get("ephemeral_storage_gb"), "GB disk"),
    )
    return ", ".join(f"{size:g} {unit}" for size, unit in parts if size is not None) or None


def _time_limit(hours: float | str | None) -> str | None:
    return f"{times.hours(hours)} after its start" if isinstance(hours, int | float) else hours
