"""Why nothing of a command ran, when its container ended with 126 or 127: an init starts in any image."""

from docker.errors import NotFound

from local.docker_driver.engine import FAILURES
from local.docker_driver.made_container import MadeContainer

SHELL = "/bin/sh"
_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}  # of one processor, as kernels and as images have it


def why_nothing_ran(container: MadeContainer) -> str | None:
    """Return None when the code is the command's own."""
    try:
        return _of_another_processor(container) or _without_shell(container)
    except FAILURES:
        return None


def _of_another_processor(container: MadeContainer) -> str | None:
    wanted, has = container.image.get("Architecture"), container.client.version().get("Arch")
    if not wanted or not has or _NAMES.get(wanted, wanted) == _NAMES.get(has, has):
        return None
    return f"exec format error: the image is for {wanted}, and the engine runs on {has}"


def _without_shell(container: MadeContainer) -> str | None:
    described = container.client.inspect_container(container.name)["Config"]
    if SHELL not in (described.get("Entrypoint") or []):
        return None
    try:
        container.client.get_archive(container.name, SHELL)
    except NotFound:
        return f"{SHELL}: no such file in the image"
    return None
