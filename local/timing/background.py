"""Threads that must not die: an unexpected failure is logged, and the work goes on."""

import logging
import threading
from collections.abc import Callable

from chalicelib.domain.errors import TapitError
from local.store.system_refusals import advice, in_words

logger = logging.getLogger(__name__)


def survive(step: Callable[[], None]) -> None:
    """Run one step of a thread's work; a bug in it must not end the thread, or nothing would move any more."""
    try:
        step()
    except TapitError as error:  # such as a full disk: known, and it may pass
        logger.warning("%s: %s", threading.current_thread().name, error)
    except ExceptionGroup as errors:  # what a sweep could not mend, after it mended the rest
        for each in errors.exceptions:
            logger.warning("%s: %s", threading.current_thread().name, each)
    except OSError as refusal:
        mending = advice(refusal)
        if mending is None:
            logger.exception("An unexpected failure in %s", threading.current_thread().name)
        else:
            logger.warning("%s: %s. %s.", threading.current_thread().name, in_words(refusal), mending)
    except Exception:
        logger.exception("An unexpected failure in %s", threading.current_thread().name)


class Repeater:
    """Runs a step now and then again after every pause (seconds), until closed."""

    def __init__(self, name: str, step: Callable[[], None], pause: float) -> None:
        self._step = step
        self._pause = pause
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            survive(self._step)
            self._closing.wait(self._pause)
