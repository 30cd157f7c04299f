"""What clients have not read yet of their answers: it is kept in memory, so there is only so much of it."""

import asyncio
import ctypes
from collections import OrderedDict
from contextlib import suppress

MOST_UNREAD = 64 * 1024 * 1024  # bytes of all clients together, above which nothing large is begun
SMALL = 64 * 1024  # bytes of an answer that waits for nobody
LONGEST_READING = 2.0  # seconds that a client has to catch up, where others wait for the room it takes

LARGE_BLOCK = 1024 * 1024  # bytes
M_MMAP_THRESHOLD = -3  # of malloc.h


class Unread:
    """The connections whose clients are behind with reading; those for longest come first."""

    def __init__(self) -> None:
        self._behind: OrderedDict[asyncio.Transport, float] = OrderedDict()
        self._is_less = asyncio.Event()

    def falls_behind(self, transport: asyncio.Transport) -> None:
        self._behind[transport] = asyncio.get_running_loop().time()

    def has_caught_up(self, transport: asyncio.Transport) -> None:
        """Or is gone."""
        if self._behind.pop(transport, None) is not None:
            self._is_less.set()

    async def room(self) -> None:
        """Wait until there is room for a large answer; whoever has kept others waiting for long is hung up on."""
        while sum(transport.get_write_buffer_size() for transport in self._behind) > MOST_UNREAD:
            slowest, since = next(iter(self._behind.items()))
            left = since + LONGEST_READING - asyncio.get_running_loop().time()
            if left <= 0:
                slowest.abort()
                self.has_caught_up(slowest)
                continue
            self._is_less.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._is_less.wait()


def give_back_large_blocks() -> None:
    """Let the memory of an answer go with it: glibc keeps what was freed of several megabytes for the next ones.

    By itself it does so once the first such block was freed, in a pool for each thread: 700 MB after two crowds of
    clients that did not read.
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
