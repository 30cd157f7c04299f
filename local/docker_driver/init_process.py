"""Whether the init of a container has begun: a first process takes only signals that it handles, so until then none."""


def has_child(container_id: str, pid: int) -> bool | None:
    """Return None when that is not to be seen: it is over, or of another machine, or the kernel does not say."""
    try:
        with open(f"/proc/{pid}/cgroup") as file:
            is_its_own = container_id in file.read()
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return bool(file.read()) if is_its_own else None
    except OSError:
        return None
