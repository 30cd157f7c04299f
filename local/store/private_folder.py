"""Folders that only their owner can enter: everything in them is as safe as the account."""

import os
import stat
from pathlib import Path


class NotPrivate(Exception):
    """Somebody else could have put things there, or can; the message is for the user."""

    way_out = ""  # of it, where there is one


class OpenToOthers(NotPrivate):
    way_out = "If all that is in it is yours: chmod 700 it."


def make_private_folder(path: Path) -> None:
    """Make it for its owner alone, whatever the umask; refuse one that is another's or that others can write to."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        _refuse_open(path)
    os.chmod(path, 0o700, follow_symlinks=True)  # noqa: PTH101 - Path.chmod cannot say so


def _refuse_open(path: Path) -> None:
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(20, "it is no folder", str(path))
    if found.st_uid != os.geteuid():
        raise NotPrivate(f"{path} belongs to another user (uid {found.st_uid}).")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OpenToOthers(f"Others can write to {path}: what is in it may not be yours.")
