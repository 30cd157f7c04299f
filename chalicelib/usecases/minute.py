"""What is done once a minute: what is due is fired, and then what stands still is mended."""

from collections.abc import Callable

from chalicelib.ports import Services
from chalicelib.usecases.fire_due import Firer
from chalicelib.usecases.sweep import Sweeper


class Minute:
    """Both go on where they stopped the minute before. Firing leaves some time for the sweep, however much is due."""

    def __init__(self, seconds: float, firing: float, at_once: int) -> None:
        self._seconds = seconds
        self._firer = Firer(firing, at_once)
        self._sweeper = Sweeper()

    def run(self, services: Services) -> None:
        """Raise an ExceptionGroup of what could not be done, after all the rest was."""
        ends_at = services.clock.monotonic() + self._seconds
        problems = _problems_of(lambda: self._firer.run(services))
        problems += _problems_of(lambda: self._sweeper.run(services, ends_at - services.clock.monotonic()))
        if problems:
            raise ExceptionGroup("not all could be seen to", problems)


def _problems_of(half: Callable[[], None]) -> list[Exception]:
    try:
        half()
    except ExceptionGroup as some:
        return [*some.exceptions]
    except Exception as problem:  # noqa: BLE001 - whatever one half is in trouble with, the other is done
        return [problem]
    return []
