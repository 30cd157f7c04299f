"""Fire what is due, in order, for a bounded time; what is left is due still, and comes first the next time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.schedule import Schedule
from chalicelib.ports import AppStore, Services
from chalicelib.usecases.find_runs import EarlierRuns
from chalicelib.usecases.fire import fire

PAGE = 2000  # schedules: those of one time come by app, and there should be work for everybody
Report = Callable[[Exception], None]


class Firer:
    """Fires for a bounded time, up to `at_once` side by side, and in order wherever there is a lane for each app.

    An app's tasks are counted in one place, where they are in each other's way, so it has several lanes only when
    there would be idle ones. However little time there is, `at_once` are fired of a page. What could not be fired stays
    due, and keeps nothing else from it: the next run goes on behind it. Once it `is_to_stop` it begins nothing more.
    """

    def __init__(
        self,
        seconds: float,
        at_once: int = 1,
        page: int = PAGE,
        is_to_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._seconds = seconds
        self._at_once = at_once
        self._page = page
        self._is_to_stop = is_to_stop
        self._after: Schedule | None = None

    def run(self, services: Services) -> None:
        """Raise an ExceptionGroup of what could not be fired, after all the rest was."""
        problems: list[Exception] = []
        ends_at = services.clock.monotonic() + self._seconds
        has_more = True
        while has_more and not self._is_to_stop() and services.clock.monotonic() < ends_at:
            try:
                has_more = self._fire_page(services, ends_at, problems.append)
            except Exception as problem:  # noqa: BLE001 - what is due cannot be read, and the rest is told all the same
                problems.append(problem)
                has_more = False
        if problems:
            raise ExceptionGroup("some schedules could not be fired", problems)

    def _fire_page(self, services: Services, ends_at: float, report: Report) -> bool:
        page = services.schedules.due(services.clock.now(), self._page, self._after)
        tried = self._fire_all(services, page.items, ends_at, report)
        first_left = next((number for number, each in enumerate(page.items) if each.id not in tried), None)
        if first_left is None:
            self._after = page.items[-1] if page.has_more else None
        elif first_left > 0:
            self._after = page.items[first_left - 1]
        return page.has_more

    def _fire_all(
        self, services: Services, schedules: Sequence[Schedule], ends_at: float, report: Report
    ) -> set[str]:
        """Return the ids of those that time was left for."""
        apps: Any = _RememberedApps(services.apps)
        home = replace(services, apps=apps)
        earlier_runs = EarlierRuns(services, schedules)
        tried: set[str] = set()

        def is_over() -> bool:
            has_time = len(tried) < self._at_once or services.clock.monotonic() < ends_at
            return self._is_to_stop() or not has_time

        def fire_in_order(lane: Sequence[Schedule]) -> None:
            for schedule in lane:
                if is_over():
                    return
                tried.add(schedule.id)
                try:
                    ended = earlier_runs.of(schedule)
                    if ended is not None:
                        fire(home, schedule, ended)
                except Exception as problem:  # noqa: BLE001 - not even a bug may stop all the others
                    report(problem)

        with ThreadPoolExecutor(self._at_once) as pool:
            list(pool.map(fire_in_order, self._lanes(schedules)))
        return tried

    def _lanes(self, schedules: Sequence[Schedule]) -> Sequence[Sequence[Schedule]]:
        """Return who is fired one after the other."""
        own: dict[str, list[Schedule]] = {}
        for schedule in schedules:
            own.setdefault(schedule.app, []).append(schedule)
        if self._at_once == 1 or not own:
            return [schedules]
        each = max(1, self._at_once // len(own))
        return [some[first::each] for some in own.values() for first in range(min(each, len(some)))]


class _RememberedApps:
    """One that was read a moment ago is not read again for each of its schedules."""

    def __init__(self, apps: AppStore) -> None:
        self._apps = apps
        self._read: dict[str, App] = {}
        self._reading = Lock()

    def get(self, name: str) -> App:
        with self._reading:  # several lanes may be an app's
            if name not in self._read:
                self._read[name] = self._apps.get(name)
            return self._read[name]
