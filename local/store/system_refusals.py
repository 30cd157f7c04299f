"""What the system means when it refuses, and what its owner can do about it."""

import errno
import os
from pathlib import Path
from tempfile import TemporaryFile

_ADVICE = {
    errno.ENOSPC: "Free some space on its disk",
    errno.EDQUOT: "Free some space on its disk",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f)",
    errno.EMFILE: "Raise the limit on open files (ulimit -n)",
    errno.ENFILE: "Close other programs: the whole machine has as many files open as it may (sysctl fs.file-max)",
    errno.EROFS: "Make its disk writable again (the system's log says why it is not)",
    errno.EIO: "Look after its disk (the system's log says what is wrong with it)",
    errno.EACCES: "Mend its permissions",
    errno.EPERM: "Mend its permissions",
}
_TRIED = 65536  # bytes


def advice(refusal: OSError) -> str | None:
    """Return what mends it, to be followed by a full stop or an alternative; None for what is not known here."""
    return _ADVICE.get(refusal.errno or 0)


def in_words(refusal: OSError) -> str:
    """Return the system's own words, without a number."""
    where = "" if refusal.filename is None else f": {os.fsdecode(refusal.filename)}"
    return f"{refusal.strerror or refusal}{where}"


def refusal_to_write(file: Path) -> OSError | None:
    """Find out why a database cannot be written, which SQLite does not tell, by trying beside it.

    None when there is nothing in the way (any more).
    """
    try:
        with file.open("r+b"), TemporaryFile(dir=file.parent, buffering=0) as beside:
            # a limit on the size of files is felt where the longest ends: the database, or its journal
            beside.seek(max(each.stat().st_size for each in file.parent.glob(f"{file.name}*")))
            left = _TRIED
            while left:
                left -= beside.write(bytes(left))
    except OSError as refusal:
        return refusal
    return None
