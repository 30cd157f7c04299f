"""Where the app is asked, and how a request waits for news without holding a thread.

Reading is quick and is done on the loop; what may wait for the disk or for another process, or has much to read, is
done by a few threads, and what waits for a receiver of webhooks by a few others. For a request that waits for news the
app is asked, and asked again when there is news of what it would have waited for, or its time is up. Equal questions
of the same client, which wait for the same news, are asked once.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import unquote

from local.serving.gateway import Answer, Gateway, Request, refusal
from local.serving.unread import Unread
from local.timing.changes import LocalChanges, Watch

WRITERS = 8
READERS_OF_OUTPUT = 4
TRIERS = 64  # of subscriptions: their receivers may take ten seconds each, asleep
AT_ONCE = 16  # of those who waited for the same
_IS_OUTPUT = re.compile(r"/tasks/[^/]*/logs(\?.*)?")
_IS_TRIAL = re.compile(r"/apps/[^/]*/subscriptions/[^/]*/test")
_WAITS = re.compile(r"[?&]wait=")
_Answered = tuple[Answer, Watch | None]


class Asking:
    """Asks the app on behalf of every listener, and waits on the loop for what it would have waited for."""

    def __init__(self, gateway: Gateway, changes: LocalChanges, unread: Unread) -> None:
        self._gateway = gateway
        self._changes = changes
        self._unread = unread
        self._reading = asyncio.Semaphore(READERS_OF_OUTPUT)
        self._writers = ThreadPoolExecutor(WRITERS, "write")
        self._readers_of_output = ThreadPoolExecutor(READERS_OF_OUTPUT, "read-output")
        self._triers = ThreadPoolExecutor(TRIERS, "try")
        self._tried: set[str] = set()
        self._waiting: dict[tuple[str, ...], list[asyncio.Future[Answer]]] = {}
        self._asked: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        self._writers.shutdown()
        self._triers.shutdown()
        self._readers_of_output.shutdown()

    async def answer(self, request: Request) -> Answer:
        if request.method != "GET" or not _WAITS.search(request.target):
            return await self._answer_by_now(request)
        same = (request.target, *(request.headers.get(name, "") for name in ("authorization", "accept")))
        mine: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if same in self._waiting:
            self._waiting[same].append(mine)
        else:
            self._waiting[same] = [mine]
            asked = asyncio.create_task(self._answer_all(same, request))
            self._asked.add(asked)  # the loop itself would let it be forgotten half-way
            asked.add_done_callback(self._end)
        return await mine

    async def _answer_all(self, same: tuple[str, ...], request: Request) -> None:
        try:
            answered = await self._answer_with_news(request)
        except BaseException as error:
            for each in self._waiting.pop(same):
                if not each.done():
                    each.set_exception(error)
            raise
        for number, each in enumerate(self._waiting.pop(same), start=1):
            if not each.done():  # its client may have hung up
                each.set_result(answered)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)  # others have requests too

    def _end(self, asked: "asyncio.Task[None]") -> None:
        self._asked.discard(asked)
        if not asked.cancelled():
            asked.exception()  # told to those who waited: it is no news to the loop

    async def _answer_with_news(self, request: Request) -> Answer:
        give_up_at: float | None = None
        while True:
            answered, watch = await self._ask(request)
            if watch is None:
                return answered
            now = asyncio.get_running_loop().time()
            give_up_at = give_up_at or now + watch.wished_for
            try:
                if not await _news_of(watch, give_up_at - now):
                    break
            finally:
                self._changes.forget(watch)
        return await self._answer_by_now(request) if watch.is_open else answered

    async def _answer_by_now(self, request: Request) -> Answer:
        """Some of an answer changes without news, as who holds the lock that a task waits for."""
        answered, watch = await self._ask(request)
        self._forget(watch)
        return answered

    async def _ask(self, request: Request) -> tuple[Answer, Watch | None]:
        ask = partial(self._changes.ask, partial(self._gateway.answer, request))
        if _IS_OUTPUT.fullmatch(request.target):
            return await self._read_output(ask)
        if request.method in ("GET", "HEAD"):
            return ask()
        path = unquote(request.target.partition("?")[0])
        if _IS_TRIAL.fullmatch(path):
            return await self._try(path, ask)
        return await asyncio.get_running_loop().run_in_executor(self._writers, ask)

    async def _try(self, path: str, ask: Callable[[], _Answered]) -> _Answered:
        """Each subscription is tried once at a time, or one whose receiver hangs would keep all threads."""
        if path in self._tried:
            problem = "A test of this subscription is being sent; its receiver has ten seconds to answer."
            return refusal(429, "TooManyRequests", problem, **{"retry-after": "10"}), None
        self._tried.add(path)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._triers, ask)
        finally:
            self._tried.discard(path)

    async def _read_output(
        self, ask: Callable[[], tuple[Answer, Watch | None]]
    ) -> tuple[Answer, Watch | None]:
        async with self._reading:
            await self._unread.room()
            return await asyncio.get_running_loop().run_in_executor(self._readers_of_output, ask)

    def _forget(self, watch: Watch | None) -> None:
        if watch is not None:
            self._changes.forget(watch)


async def _news_of(watch: Watch, seconds: float) -> bool:
    """Tell whether there was news, or the home is about to end, before the time was up."""
    loop, rung = asyncio.get_running_loop(), asyncio.Event()
    watch.when_news(partial(loop.call_soon_threadsafe, rung.set))
    try:
        await asyncio.wait_for(rung.wait(), max(0.0, seconds))
    except TimeoutError:
        return False
    return watch.is_open
