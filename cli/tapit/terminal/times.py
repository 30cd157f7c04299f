"""Times and lengths of time, as a person reads them."""

from datetime import UTC, datetime


def parsed(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def seconds_since(moment: str, until: str | None = None) -> float:
    """Never negative: the home's clock may be ahead of ours."""
    return max(seconds_between(moment, until), 0.0)


def seconds_between(moment: str, until: str | None = None) -> float:
    end = parsed(until) if until else datetime.now(UTC)
    return (end - parsed(moment)).total_seconds()


def brief(seconds: float) -> str:
    """`0.4s`, `12s`, `9m58s`, `1h09m`, `3d4h`, `90d`."""
    if 0 < seconds < 0.95:
        return f"{max(seconds, 0.1):.1f}s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days}d{hours_left}h" if hours_left else f"{days}d"
    if hours:
        return f"{hours}h{minutes_left:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def hours(amount: float) -> str:
    """A time limit, as it was written: `24h`, and not `1d`."""
    return f"{amount:g}h" if amount >= 1 else brief(amount * 3600)


def ago(moment: str) -> str:
    seconds = seconds_since(moment)
    return "just now" if seconds < 1 else f"{brief(seconds)} ago"


def both(moment: str) -> str:
    """Relative and absolute, for the one place that has room for both."""
    ahead = -seconds_between(moment)
    relative = f"in {brief(ahead)}" if ahead > 0.5 else ago(moment)
    return f"{relative} ({moment})"


def local_clock(moment: str) -> str:
    return parsed(moment).astimezone().strftime("%H:%M:%S")


def local_time(moment: str) -> str:
    """The clock, and the day where it was another one."""
    there, here = parsed(moment).astimezone(), datetime.now().astimezone()
    return there.strftime("%H:%M:%S" if there.date() == here.date() else "%m-%d %H:%M:%S")


def now() -> str:
    return datetime.now(UTC).isoformat()
