"""Where the sockets of a home are: beside what they belong to, or where their path is short enough for the system."""

import os
from pathlib import Path

from local.store.short_folders import LINK, LONGEST, short_folder


def socket_path(wanted: Path) -> Path:
    """Return the wanted path, or one in a private folder of the owner's that stands for its folder."""
    if len(os.fsencode(wanted)) <= LONGEST:
        return wanted
    return short_folder(wanted.parent) / wanted.name


def linked_socket_path(wanted: Path) -> Path:
    """Return the wanted path, or a short name of the same place: through the link in such a private folder.

    The socket itself is where it was wanted, and goes when its folder does.
    """
    if len(os.fsencode(wanted)) <= LONGEST:
        return wanted
    return short_folder(wanted.parents[1]) / LINK / wanted.parent.name / wanted.name
