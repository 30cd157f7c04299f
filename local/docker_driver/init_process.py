"""What is seen of a container's init: its first process, which takes only signals that it handles."""

# What tini and catatonit say first when they cannot run what they are to run.
COMPLAINTS = (b"[FATAL tini", b"ERROR (catatonit")
_ITS_NAMES, _BEGINNING = (b"tini", b"catatonit"), 20  # bytes; it may warn of something before it complains


def is_of_command(first_words: bytes) -> bool:
    """Say whether anything was printed, and not by the init."""
    return bool(first_words) and not any(name in first_words[:_BEGINNING] for name in _ITS_NAMES)


def has_child(container_id: str, pid: int) -> bool | None:
    """Return None when that is not to be seen: it is over, or of another machine, or the kernel does not say."""
    children = _children(container_id, pid)
    return None if children is None else bool(children)


def has_run_it(container_id: str, pid: int) -> bool | None:
    """Say whether its child is what the container is for, and no copy of itself any more. Return None as above."""
    children = _children(container_id, pid)
    if not children:
        return None if children is None else False
    own, childs = _name(pid), _name(children[0])
    return None if own is None or childs is None else own != childs


def is_here(container_id: str, pid: int) -> bool:
    """Say whether it is a process of this machine, as far as that is to be seen."""
    try:
        with open(f"/proc/{pid}/cgroup") as file:
            return container_id in file.read()
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][:1] not in ("Z", "X")
    except OSError:
        return False


def _children(container_id: str, pid: int) -> list[int] | None:
    if not is_here(container_id, pid):
        return None
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return None


def _name(pid: int) -> str | None:
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read()
    except OSError:
        return None
