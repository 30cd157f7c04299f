"""One connection: uvicorn's, with bounds on all that a client can make us keep, and refusals in the API's shape."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from local.serving.gateway import Answer, new_request_id, refusal
from local.serving.unread import Unread

IDLE_TIMEOUT = 75  # seconds until a silent connection is closed
LONGEST_ARRIVAL = 30.0  # seconds from a request's first byte to its last
LONGEST_STRANGER = 10.0  # seconds that a client has until it must have shown a token
MOST_OVERHEARD = 1024 * 1024  # bytes
LONGEST_FAREWELL = 2.0  # seconds that a client has to read why it is refused
MOST_STRANGERS = 500  # so many may come at once, as after a restart; each keeps a head at most
MOST_HEADERS = 100
LARGEST_HEAD = 32 * 1024  # bytes of a request line and all headers together


class _Refused(Exception):
    """What a callback of the parser does not want to read on."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Room:
    """The connections of one listener: how many there may be, and those whose client has shown no token yet."""

    most: int
    needs_token: bool
    unread: Unread
    taken: int = 0
    strangers: "OrderedDict[BoundedConnection, None]" = field(default_factory=OrderedDict)


class BoundedConnection(HttpToolsProtocol):
    """Whoever shows no token in time, or is one of too many who did not, is hung up on."""

    def __init__(self, room: Room, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._room = room
        self._has_room = False
        self._is_arriving = False
        self._is_head_complete = False
        self._head = 0  # bytes of the headers that were read of the request that is just arriving
        self._unread = 0  # bytes that came since its head began
        self._arrival: asyncio.TimerHandle | None = None
        self._meeting: asyncio.TimerHandle | None = None
        self._last_words: bytes | None = None
        self._overheard = 0
        self._farewell: asyncio.TimerHandle | None = None

    # The connection's life

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(IDLE_TIMEOUT, self.timeout_keep_alive_handler)
        if self._room.taken >= self._room.most:
            self._refuse(
                refusal(503, "Unavailable", "Too many connections are open.", **{"retry-after": "1"})
            )
            return
        self._has_room = True
        self._room.taken += 1
        if self._room.needs_token:
            self._meet_stranger()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._has_room:
            self._has_room = False
            self._room.taken -= 1
        self._room.strangers.pop(self, None)
        self._room.unread.has_caught_up(self.transport)
        for timer in (self._arrival, self._meeting, self._farewell, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()

    def trust(self) -> None:
        """A token was shown that is known here."""
        self._room.strangers.pop(self, None)
        if self._meeting is not None:
            self._meeting.cancel()

    def _meet_stranger(self) -> None:
        strangers = self._room.strangers
        if len(strangers) >= MOST_STRANGERS:
            longest, _ = strangers.popitem(last=False)
            longest.transport.abort()
        strangers[self] = None
        self._meeting = self.loop.call_later(LONGEST_STRANGER, self._lose_patience)

    def _lose_patience(self) -> None:
        if self._is_answering():
            self.cycle.keep_alive = False
        else:
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Close a silent connection; one that has not read its answer by now loses it, or we would keep it for ever."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    # What arrives

    def data_received(self, data: bytes) -> None:
        if self._last_words is not None or self.transport.is_closing():
            self._overhear(len(data))
            return
        self._unset_keepalive_if_required()
        self._expect_the_rest()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # nobody is upgraded here; the request itself is answered
        except httptools.HttpParserError as error:
            self._refuse(_why(error))
        else:
            self._bound_head(len(data))

    def _overhear(self, count: int) -> None:
        """What comes after a refusal is not read; whoever goes on and on is not listened to either."""
        self._overheard += count
        if self._overheard > MOST_OVERHEARD:
            self.transport.abort()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """A client that has said all may still listen; half a request is not acted on."""
        if self._is_arriving and self._last_words is None:
            self._refuse(refusal(400, "InvalidRequest", "The request ended before it was complete."))
        if not self._is_answering():
            return None
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = self._unread = 0
        self._is_head_complete = False
        self._is_arriving = True
        self._expect_the_rest()  # the time of the request before it is over, if both came at once
        self.scope["state"]["connection"] = self

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > LARGEST_HEAD:
            raise _Refused(414, "The address of the request is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head += len(name) + len(value)
        if len(self.headers) > MOST_HEADERS or self._head > LARGEST_HEAD:
            raise _Refused(431, f"Send at most {MOST_HEADERS} headers, of {LARGEST_HEAD} bytes together.")

    def on_headers_complete(self) -> None:
        self._is_head_complete = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_arriving = False
        self._stop_expecting()

    def _bound_head(self, arrived: int) -> None:
        """The parser tells of a header once all of it is there; what it keeps until then counts as well."""
        if not self._is_arriving or self._is_head_complete:
            return
        self._unread += arrived
        if self._unread > LARGEST_HEAD:
            status = 414 if len(self.url) > self._unread // 2 else 431
            self._refuse(refusal(status, "InvalidRequest", "The head of the request is too long."))

    def _expect_the_rest(self) -> None:
        if self._arrival is None:
            self._arrival = self.loop.call_later(LONGEST_ARRIVAL, self._give_up_waiting)

    def _stop_expecting(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def _give_up_waiting(self) -> None:
        self._arrival = None
        if self._is_arriving or not self._is_answering():
            self._refuse(refusal(408, "InvalidRequest", "The request did not arrive in time."))

    # What is answered

    def pause_writing(self) -> None:
        super().pause_writing()
        self._room.unread.falls_behind(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._room.unread.has_caught_up(self.transport)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._last_words is not None and not self.pipeline:
            self._hang_up()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, answer: Answer) -> None:
        """Say so after the answers that are still due, and hang up: what follows could be taken for anything."""
        self._stop_expecting()
        self._last_words = as_bytes(answer)
        is_half_read = self._is_answering() and self.cycle.more_body
        if is_half_read:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if is_half_read or not self._is_answering():
            self._hang_up()

    def _hang_up(self) -> None:
        """Say it, and take what is still coming for a moment: to close upon unread bytes would discard our words."""
        if self.transport.is_closing() or self._farewell is not None:
            return
        self.transport.write(self._last_words or b"")
        self.transport.write_eof()
        self._farewell = self.loop.call_later(LONGEST_FAREWELL, self.transport.abort)


def as_bytes(answer: Answer) -> bytes:
    """Return a whole HTTP answer, after which the connection is closed."""
    headers = {
        "content-type": "application/json",
        **answer.headers,
        "content-length": str(len(answer.body)),
        "x-request-id": new_request_id(),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def _why(error: httptools.HttpParserError) -> Answer:
    cause = error.__context__
    if isinstance(cause, _Refused):
        return refusal(cause.status, "InvalidRequest", str(cause))
    if isinstance(cause, httptools.HttpParserInvalidURLError):
        return refusal(400, "InvalidRequest", "The address of the request cannot be read.")
    return refusal(400, "InvalidRequest", f"The request cannot be read: {error}.")
