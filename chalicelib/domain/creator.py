"""Who a task is created by: a token, by its name, or a schedule, as no token and no lock can be called."""

_SCHEDULE = "schedule:"


def schedule_as_creator(name: str) -> str:
    return _SCHEDULE + name


def schedule_among(creator: str) -> str | None:
    """Return the name of the schedule, if it is one."""
    return creator.removeprefix(_SCHEDULE) if creator.startswith(_SCHEDULE) else None
