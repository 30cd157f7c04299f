"""`build=FOLDER`: an app made of the Dockerfile and the Procfile in it."""

from __future__ import annotations

import os

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.sources.found import Found
from tapit.sources.image_build import build_image
from tapit.sources.procfile import read_procfile

if TYPE_CHECKING:
    from tapit.call import Call

DOCKERFILES = ("Dockerfile", "Containerfile")


def read_folder(call: Call, app: str, folder: str) -> Found:
    """An image of the one and commands of the other; without a Dockerfile, tasks are processes in that folder."""
    if not os.path.isdir(folder):
        raise UsageError(f"there is no folder {folder}", "build= is one with a Dockerfile or a Procfile.")
    dockerfile = next(
        (path for name in DOCKERFILES if os.path.isfile(path := os.path.join(folder, name))), None
    )
    procfile = os.path.join(folder, "Procfile")
    commands = read_procfile(procfile) if os.path.isfile(procfile) else {}  # before it takes minutes to build
    if dockerfile:
        return Found({"image": build_image(call, app, dockerfile)}, commands)
    if not commands:
        raise UsageError(
            f"{folder} has neither a Dockerfile nor a Procfile with a line in it",
            "build= makes an image of the one, and saved commands of the other.",
            "give the folder that has them; or image=, an image that was built elsewhere",
        )
    return Found(
        {"workdir": folder}, commands, ["There is no Dockerfile: tasks run as processes in that folder."]
    )
