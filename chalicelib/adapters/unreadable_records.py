"""Tells of records that cannot be read: each by name in the log, and how many there are as a metric."""

import logging
from collections.abc import Callable

from chalicelib.domain.errors import Unreadable

METRIC = "unreadable_records"
REMEMBERED = 1000


class UnreadableRecords:
    """Lists meet the same record again and again: it is counted every time, and named once by each process."""

    def __init__(self, logger: logging.Logger, count: Callable[[str], None] = lambda _: None) -> None:
        self._logger = logger
        self._count = count
        self._named: set[str] = set()

    def __call__(self, problem: Unreadable) -> None:
        self._count(METRIC)
        if problem.name in self._named:
            return
        if len(self._named) >= REMEMBERED:
            self._named.clear()
        self._named.add(problem.name)
        self._logger.error("%s It is left as it is: lists leave it out, and nobody sees to it.", problem)
