"""An image made of a Dockerfile, by the docker or the podman that is here."""

from __future__ import annotations

import os

from tapit import TYPE_CHECKING
from tapit.errors import CliError

if TYPE_CHECKING:
    from tapit.call import Call

PATIENCE = 20.0  # seconds that an engine may take to say that it is there
# How each is asked for the version of its engine, which fails where that does not answer.
PROGRAMS = (
    ("docker", "version", "--format", "{{.Server.Version}}"),
    ("podman", "info", "--format", "{{.Version.Version}}"),
)


def build_image(call: Call, app: str, dockerfile: str) -> str:
    """The name of an image that is on this machine alone; equal images have equal names."""
    from tempfile import TemporaryDirectory

    program, folder = _program(), os.path.dirname(dockerfile)
    call.say(f"Building an image of {folder}: {program} build")
    with TemporaryDirectory() as place:
        id_file = os.path.join(place, "id")
        _run(call, app, [program, "build", "--iidfile", id_file, "-f", dockerfile, folder])
        with open(id_file, encoding="ascii") as file:
            image_id = file.read().strip()
    # Of localhost: by a name of the public registry, somebody else's image could be fetched where ours is missing.
    name = f"localhost/tapit/{app.rstrip('-')}:{image_id.rpartition(':')[2][:12]}"
    _run(call, app, [program, "tag", image_id, name])
    return name


def _program() -> str:
    import subprocess

    for program, *question in PROGRAMS:
        try:
            done = subprocess.run(
                [program, *question],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return program
    raise CliError(
        "nothing here can build an image",
        "build= takes docker or podman, and neither is there with an engine that answers.",
        "start Docker, Podman, Colima or OrbStack; or give image=, which was built elsewhere",
    )


def _run(call: Call, app: str, words: list[str]) -> None:
    """What it says goes to stderr, as all news do; with -q it is shown when it failed."""
    import subprocess
    import sys

    is_quiet = "quiet" in call.flags
    sys.stderr.flush()
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if is_quiet else 2,
        stderr=subprocess.STDOUT if is_quiet else None,
        check=False,
    )
    if done.returncode == 0:
        return
    if is_quiet:
        sys.stderr.write(done.stdout.decode(errors="replace"))
    raise CliError(
        f"no image was built for {app}",
        f"{words[0]} {words[1]} ended with exit code {done.returncode}; what it said is above.",
    )
