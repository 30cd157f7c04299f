"""The machine's clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Whole milliseconds: what JSON and the databases carry."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        return time.monotonic()
