"""News of tasks, within this process: who watches a task is woken when it changes or prints something."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Watch:
    def __init__(self) -> None:
        self.news = threading.Event()
        self.is_open = True

    def wait(self, seconds: float) -> bool:
        if not self.is_open or not self.news.wait(max(0.0, seconds)):
            return False
        self.news.clear()
        return self.is_open


class LocalChanges:
    """One event per watcher, so that a change wakes only those who watch that task."""

    poll_after = 0.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[str, set[_Watch]] = {}
        self._is_open = True

    @contextmanager
    def watch(self, task_id: str) -> Iterator[_Watch]:
        watch = _Watch()
        with self._lock:
            watch.is_open = self._is_open
            self._watches.setdefault(task_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._forget(task_id, watch)

    def tell(self, task_id: str) -> None:
        """Wake everybody who watches the task."""
        with self._lock:
            for watch in self._watches.get(task_id, ()):
                watch.news.set()

    def close(self) -> None:
        """Let every watcher go, now and from now on: the server is about to end."""
        with self._lock:
            self._is_open = False
            for watches in self._watches.values():
                for watch in watches:
                    watch.is_open = False
                    watch.news.set()

    def _forget(self, task_id: str, watch: _Watch) -> None:
        with self._lock:
            watches = self._watches[task_id]
            watches.discard(watch)
            if not watches:
                del self._watches[task_id]
