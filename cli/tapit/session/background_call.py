"""A question that takes its time, asked in a thread: the terminal must not freeze meanwhile."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class BackgroundCall(Generic[Answer]):
    """`ring` is called once it is over, from its own thread."""

    def __init__(self, ask: Callable[[], Answer], ring: Callable[[], None]) -> None:
        self._ask = ask
        self._ring = ring
        self._answers: list[Answer] = []
        self._error: BaseException | None = None
        self._over = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def answer(self) -> Answer:
        """What it returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._answers[0]

    def _run(self) -> None:
        try:
            self._answers.append(self._ask())
        except BaseException as error:  # noqa: BLE001 - raised where the answer is asked for
            self._error = error
        self._over.set()
        self._ring()
