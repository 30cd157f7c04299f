"""What can be said of the containers that tasks run in: of an app, and of a single task."""

from __future__ import annotations

from tapit.errors import UsageError
from tapit.language import environment_keys, values
from tapit.language.command import Key

PULL = ("missing", "always", "never")
MODES = ("rw", "ro")


def _mounts(key: str, given: str) -> list[str]:
    return [_mount(key, one) for one in values.several_or_none(key, given)]


def _mount(key: str, given: str) -> str:
    """With the folder's whole path: the home runs elsewhere than this shell. What else is wrong the home knows."""
    source, colon, rest = given.partition(":")
    if not colon:
        return given
    if source.startswith((".", "~", "/")):
        return f"{environment_keys.whole_path(key, source)}:{rest}"
    if "/" in source:
        raise UsageError(
            f"{key}={given} begins with neither a volume's name nor a folder",
            "A volume's name has no / in it, and a folder's path begins with / or . or ~.",
            f"did you mean {key}=./{given}?",
        )
    return given


def user(meaning: str) -> Key:
    return Key("user", values.text, meaning, placeholder="USER[:GROUP]")


OF_APPS = (
    user("whom its containers run as, in place of the image's user"),
    Key(
        "mounts",
        _mounts,
        "NAME:/path (a volume) or FOLDER:/path, with :rw to write there; with commas between",
        placeholder="FROM:TO[:rw],...",
        has_commas=True,
    ),
    Key(
        "networks",
        values.several_or_none,
        "the engine's networks its containers are in, with commas between; none for none at all",
        placeholder="NETWORK,...",
        aliases=("network",),
        has_commas=True,
    ),
    Key(
        "keep_entrypoint",
        values.yes_or_no,
        "hand the command to the image's own entry point, not to /bin/sh -c",
        placeholder="yes|no",
        choices=("yes", "no"),
    ),
)
OF_TASKS = (
    Key(
        "pull",
        values.one_of(PULL),
        "when to fetch the image: missing (the default), always or never",
        placeholder="WHEN",
        choices=PULL,
    ),
    user("whom its container runs as"),
)
PLAIN = tuple(key.name for key in OF_APPS)
DETAILS = (
    "image=, mounts= and networks= are for tasks in containers; where a home has none, it says so. In a container\n"
    "workdir= is a folder of the image. A folder in mounts= is one of the home's machine; ./FOLDER is made absolute."
)
