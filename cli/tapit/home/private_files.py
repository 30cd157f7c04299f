"""Our files: where they are, readable by their owner alone, replaced whole or not at all."""

import os
import stat
from contextlib import suppress

from tapit.errors import CliError


def config_folder() -> str:
    return _xdg("XDG_CONFIG_HOME", ".config")


def state_folder() -> str:
    return _xdg("XDG_STATE_HOME", ".local/state")


def cache_folder() -> str:
    return _xdg("XDG_CACHE_HOME", ".cache")


def local_home_folder() -> str:
    """Where `tapit-local` keeps everything, unless it is told another place."""
    return _xdg("XDG_DATA_HOME", ".local/share")


def write_private(path: str, content: str) -> None:
    """A reader sees the old file or the new one; a crash leaves no half of either."""
    target = _target(path)  # beside it, not beside the link: a file cannot be renamed across file systems
    folder, name = os.path.split(target)
    make_private_folder(folder)
    # a name of our own and O_EXCL: a file or link laid there by someone else is never written through
    beside = os.path.join(folder, f".{name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                os.fchmod(handle, 0o600)  # whatever the umask
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise CliError(f"cannot write {path}", _reason(error)) from error


def make_private_folder(folder: str) -> None:
    """With the folders above it that are missing, all of them for their owner alone, whatever the umask."""
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder)
    if above != folder:
        make_private_folder(above)
    try:
        with suppress(FileExistsError):  # another tapit was quicker
            os.mkdir(folder, 0o700)
            os.chmod(folder, 0o700)
    except OSError as error:
        raise CliError(f"cannot make the folder {folder}", _reason(error)) from error


def read_private(path: str) -> str | None:
    """None when there is no such file; refused when others could have read it."""
    try:
        with open(path, encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"cannot read {path}", _reason(error)) from error
    if mode & 0o077:
        raise CliError(
            f"others can read the token in {path}",
            "It may have been seen: make it private, or better, replace the token.",
            f"chmod 600 {path}",
        )
    return content


def _xdg(variable: str, default: str) -> str:
    """An empty or relative folder is to be ignored, says the XDG specification."""
    given = os.environ.get(variable, "")
    folder = given if given.startswith("/") else os.path.join(_own_folder(variable), default)
    return os.path.join(folder, "tapit")


def _own_folder(instead: str) -> str:
    found = os.path.expanduser("~")
    if found == "~":  # a container's user that no passwd file knows
        raise CliError(
            "there is no home folder to keep settings in",
            "HOME is not set, and the system knows no folder of this user.",
            f"set HOME or {instead}",
        )
    return found


def _target(path: str) -> str:
    """A configuration kept elsewhere and linked to stays linked."""
    return os.path.realpath(path) if os.path.islink(path) else path


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
