"""The home's HTTP API: requests that are safe to repeat are repeated, everything else is told."""

import http.client
import json
import random
import re
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import quote, urlencode, urlsplit

from tapit import __version__, refusals
from tapit.errors import CliError, Unreachable, UsageError
from tapit.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ATTEMPTS = 4
TIMEOUT = 30.0  # API Gateway gives up after 29 s
TRY_AGAIN = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 10.0


class Answer:
    """What came back, before anyone judged it."""

    def __init__(self, status: int, content: bytes, headers: http.client.HTTPMessage) -> None:
        self.status = status
        self.content = content
        self.headers = headers


class Client:
    """One connection, kept open between requests."""

    def __init__(self, home: Settings, *, debug: bool = False) -> None:
        self._home = home
        self._debug = debug
        self._url = str(home.url).rstrip("/")
        parts = _parts(self._url)
        _refuse_open_road(self._url, parts.scheme, parts.hostname or "")
        self._prefix = parts.path
        self.while_asking: Callable[[], AbstractContextManager[None]] = nullcontext
        self.had_contact = (
            False  # nobody there at the first try: that is said at once, not after the last one
        )
        self.interrupted_by: int | None = None  # readable once a signal has come
        self._connection = _connection(parts.scheme, parts.netloc)

    def get(
        self,
        path: str,
        query: "dict[str, Any] | None" = None,
        *,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
    ) -> "dict[str, Any]":
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(asked)}" if asked else path
        if self.interrupted_by is not None:  # a wait shows what it waits for by itself
            return self._ask("GET", target, None, {}, timeout, attempts)
        with self.while_asking():
            return self._ask("GET", target, None, {}, timeout, attempts)

    def send(
        self,
        method: str,
        path: str,
        body: "dict[str, Any] | None" = None,
        *,
        idempotency_key: str | None = None,
        repeatable: bool = False,
    ) -> "dict[str, Any]":
        """Repeated only when a second arrival would change nothing."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        content = None if body is None else json.dumps(body).encode()
        attempts = ATTEMPTS if repeatable or idempotency_key else 1
        with self.while_asking():
            return self._ask(method, path, content, headers, TIMEOUT, attempts)

    def pages(self, path: str, *, limit: int | None = None, **query: "Any") -> "Iterator[dict[str, Any]]":
        """The items of every page, up to `limit`."""
        cursor: str | None = None
        left = limit
        while left is None or left > 0:
            page = self.get(path, {**query, "cursor": cursor})
            items = page["items"][:left]
            yield from items
            left = None if left is None else left - len(items)
            cursor = page.get("next")
            if not cursor:
                return

    def _ask(
        self,
        method: str,
        target: str,
        content: bytes | None,
        headers: dict[str, str],
        timeout: float,
        attempts: int,
    ) -> "dict[str, Any]":
        for attempt in range(1, attempts + 1):
            try:
                answer = self._exchange(method, target, content, headers, timeout)
            except Unreachable:
                if attempt == attempts or not self.had_contact:
                    raise
                time.sleep(_pause(attempt, None))
                continue
            if answer.status not in TRY_AGAIN or attempt == attempts:
                break
            time.sleep(_pause(attempt, answer.headers.get("Retry-After")))
        return refusals.judged(answer.status, answer.content, answer.headers, self._home)

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: dict[str, str], timeout: float
    ) -> Answer:
        self._connection.timeout = timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        started = time.monotonic()
        answer: Answer | None = None
        try:
            self._connection.request(method, self._prefix + target, content, self._headers(headers, content))
            self.had_contact = True
            self._await_answer(timeout)
            response = self._connection.getresponse()
            answer = Answer(response.status, response.read(), response.headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._log(f"{method} {self._url}{target} failed: {error}")
            raise refusals.unreachable(error, self._home, timeout) from error
        finally:
            if answer is None:  # also after Ctrl-C: half an answer must not be taken for the next one
                self._connection.close()
        took = round((time.monotonic() - started) * 1000)
        self._log(
            f"{method} {self._url}{target} -> {answer.status}, {len(answer.content)} bytes in {took} ms"
        )
        return answer

    def _await_answer(self, timeout: float) -> None:
        if self.interrupted_by is None or self._connection.sock is None:
            return
        ready, _, _ = select.select([self._connection.sock, self.interrupted_by], [], [], timeout)
        if self.interrupted_by in ready:
            raise KeyboardInterrupt
        if not ready:  # to go on reading would wait as long once more
            raise TimeoutError

    def _headers(self, more: dict[str, str], content: bytes | None) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self._home.token}",
            "User-Agent": f"tapit/{__version__}",
            **more,
        }
        if content is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def _log(self, line: str) -> None:
        if self._debug:
            token = str(self._home.token)
            sys.stderr.write(f"debug: {line.replace(token, '***')} (token {token[:4]}***)\n")


def segment(name: str) -> str:
    """A name as one part of a path: `../apps` must not become another request."""
    return quote(name, safe="") if name.strip(".") else quote(name).replace(".", "%2E")


def _parts(url: str):  # type: ignore[no-untyped-def]  # urllib's SplitResult
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or not url.isprintable() or " " in url or parts.username is not None:
        raise UsageError(f"{url!r} is not the address of a home", "It looks like https://tapit.example.com.")
    return parts


def _refuse_open_road(url: str, scheme: str, host: str) -> None:
    """Without encryption, whoever sits between here and there can read the token."""
    import os

    if scheme == "https" or _is_this_machine(host) or os.environ.get("TAPIT_ALLOW_HTTP") == "1":
        return
    raise UsageError(
        f"{url} would be sent the token unencrypted",
        "Plain http:// is for a home on this machine: on the way to another one, others can read it.",
        "use https://\nor, in a network that you trust: export TAPIT_ALLOW_HTTP=1",
    )


def _is_this_machine(host: str) -> bool:
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(netloc)
    import os
    import ssl

    bundle = os.environ.get("TAPIT_CA_BUNDLE") or None
    try:
        return http.client.HTTPSConnection(netloc, context=ssl.create_default_context(cafile=bundle))
    except OSError as error:
        raise CliError(
            f"cannot read the certificates in {bundle}", str(error), "unset TAPIT_CA_BUNDLE"
        ) from error


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds until the next try, spread out so that many clients do not come back together."""
    if retry_after and retry_after.isdigit():
        return min(float(retry_after), LONGEST_PAUSE)
    return float(0.2 * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not hiding
