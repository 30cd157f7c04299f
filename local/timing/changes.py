"""News of tasks, within this process: whoever watches a task is told when it changes or prints something.

Nobody blocks here. A use case that would wait says so, and answers with what there is; whoever asked on its behalf (the
server, on its loop) waits for the news instead, and then asks once more.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.task import Task
from local.store.feed import feed_of

Answer = TypeVar("Answer")


class Watch:
    """One watcher of one task, until it is forgotten."""

    def __init__(self, task_id: str, *, is_open: bool) -> None:
        self.task_id = task_id
        self.wished_for = 0.0  # seconds
        self._lock = threading.Lock()
        self.is_open = is_open
        self._has_news = False
        self._ring: Callable[[], object] | None = None

    def wait(self, seconds: float) -> bool:
        """Tell whether there has been news since the last look; without any, note for how long to wait for it."""
        with self._lock:
            has_news, self._has_news = self._has_news, False
            if not has_news and self.is_open:
                self.wished_for = max(0.0, seconds)
            return has_news and self.is_open

    def when_news(self, ring: Callable[[], object]) -> None:
        """Have `ring` called, on any thread, with the next news or at the end of the home; at once if that was."""
        with self._lock:
            if self.is_open and not self._has_news:
                self._ring = ring
                return
        ring()

    def wake(self, *, is_open: bool = True) -> None:
        with self._lock:
            self._has_news, self.is_open = True, is_open
            ring, self._ring = self._ring, None
        if ring is not None:
            ring()


class LocalChanges:
    """One bell per watcher, so that a change wakes only those who watch that task."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[str, set[Watch]] = {}
        self._is_open = True
        self._here = threading.local()

    @contextmanager
    def watch(self, task_id: str) -> Iterator[Watch]:
        with self._lock:
            watch = Watch(task_id, is_open=self._is_open)
            self._watches.setdefault(task_id, set()).add(watch)
        try:
            yield watch
        finally:
            if watch.wished_for and getattr(self._here, "keeps", False):
                self._here.kept = watch
            else:
                self.forget(watch)

    def watch_feed(self, app: str) -> AbstractContextManager[Watch]:
        return self.watch(feed_of(app))

    def ask(self, question: Callable[[], Answer]) -> tuple[Answer, Watch | None]:
        """Ask on this thread; return the watch that the answer would have waited with, for the caller to forget."""
        here = self._here
        here.keeps, here.kept = True, None
        try:
            answer = question()
        except BaseException:
            if here.kept is not None:
                self.forget(here.kept)
            raise
        finally:
            here.keeps = False
        return answer, here.kept

    def poll_after(self, task: Task, now: datetime, *, has_output: bool) -> float:  # noqa: ARG002 - the port's shape
        return 0.0

    def poll_feed_after(self, *, has_more: bool) -> float:  # noqa: ARG002 - the port's shape
        return 0.0

    def tell(self, task_id: str) -> None:
        """Wake everybody who watches the task."""
        with self._lock:
            watches = list(self._watches.get(task_id, ()))
        for watch in watches:
            watch.wake()

    def close(self) -> None:
        """Let every watcher go, now and from now on: the server is about to end."""
        with self._lock:
            self._is_open = False
            watches = [watch for watches in self._watches.values() for watch in watches]
        for watch in watches:
            watch.wake(is_open=False)

    def forget(self, watch: Watch) -> None:
        """Watch no longer; to forget twice is harmless."""
        with self._lock:
            watches = self._watches.get(watch.task_id, set())
            watches.discard(watch)
            if not watches:
                self._watches.pop(watch.task_id, None)
