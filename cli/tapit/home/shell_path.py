"""The PATH of the shell that somebody types in, as their tasks should have it."""

from __future__ import annotations

import os
import sys


def path_of_this_shell() -> str | None:
    """Without the folder of tapit's own virtual environment: `python` there is tapit's, not the project's."""
    path = os.environ.get("PATH")
    if path is None or sys.prefix == sys.base_prefix:
        return path
    ours = os.path.dirname(sys.executable)
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if folder.rstrip("/") != ours)
