"""Why nothing of a command ran although its container did: an init starts in any image, and fails to go on.

tini ends with 126 or 127 then, and with 1 where the image is for another processor; catatonit always with 1.
"""

import time

from docker.errors import NotFound

from local.docker_driver.engine import FAILURES
from local.docker_driver.init_process import COMPLAINTS
from local.docker_driver.made_container import MadeContainer

MAYBE_NOTHING_RAN = (1, 126, 127)
SHELL = "/bin/sh"
_WRONG_PROCESSOR = b"xec format error"
_LAST_LINES = 5
_LOOKS, _PAUSE = 40, 0.05  # seconds
_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}  # of one processor, as kernels and as images have it


def why_nothing_ran(container: MadeContainer, exit_code: int, first_words: bytes) -> str | None:
    """Return None when the code is the command's own. `first_words` are of its output, as far as they are known."""
    if exit_code not in MAYBE_NOTHING_RAN:
        return None
    try:
        is_likely = exit_code > 1 or first_words.startswith(COMPLAINTS)
        return _of_another_processor(container, first_words) or (
            _without_shell(container) if is_likely else None
        )
    except FAILURES:
        return None


def _of_another_processor(container: MadeContainer, first_words: bytes) -> str | None:
    """Where an emulator runs such images, the code is the command's own."""
    wanted, has = container.image.get("Architecture"), container.client.version().get("Arch")
    if not wanted or not has or _NAMES.get(wanted, wanted) == _NAMES.get(has, has):
        return None
    if _WRONG_PROCESSOR not in first_words and not _says(container, _WRONG_PROCESSOR):
        return None
    return f"exec format error: the image is for {wanted}, and the engine runs on {has}"


def _says(container: MadeContainer, words: bytes) -> bool:
    """Podman's log may come a moment after the end that it tells of."""
    for _ in range(_LOOKS):
        if words in container.client.logs(container.name, tail=_LAST_LINES):
            return True
        time.sleep(_PAUSE)
    return False


def _without_shell(container: MadeContainer) -> str | None:
    described = container.client.inspect_container(container.name)["Config"]
    if SHELL not in (described.get("Entrypoint") or []):
        return None
    try:
        container.client.get_archive(container.name, SHELL)
    except NotFound:
        return f"{SHELL}: no such file in the image"
    return None
