"""The home's HTTP API: requests that are safe to repeat are repeated, everything else is told."""

from __future__ import annotations

import http.client
import json
import random
import select
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode, urlsplit

from tapit import TYPE_CHECKING, __version__
from tapit.errors import CliError, NobodyReads, Unreachable, UsageError
from tapit.home import refusals, tls, tokens
from tapit.home.choosing import ChosenHome

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any
    from urllib.parse import SplitResult

    from tapit.home.answers import SignedIn as SignedInAnswer

ATTEMPTS = 4
TIMEOUT = 30.0  # API Gateway gives up after 29 s
TOO_MANY = 429  # and so not even begun
TRY_AGAIN = (TOO_MANY, 500, 502, 503, 504)
LONGEST_PAUSE = 10.0
PAGE = 100  # the most that a home gives at once
TEXT, ABOUT_TEXT, ROLE = "text/plain", "Tapit-Page", "Tapit-Role"


class Asked:
    """One request, however often it is tried; unless it is `repeatable`, only when nothing was done."""

    def __init__(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        content: bytes | None = None,
        *,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
        repeatable: bool = True,
        needs_token: bool = True,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.content = content
        self.timeout = timeout
        self.attempts = attempts
        self.repeatable = repeatable
        self.needs_token = needs_token


class Answer:
    """What came back, before anyone judged it."""

    def __init__(self, status: int, content: bytes, headers: http.client.HTTPMessage) -> None:
        self.status = status
        self.content = content
        self.headers = headers


class Client:
    """One connection, kept open between requests."""

    def __init__(self, home: ChosenHome, *, debug: bool = False) -> None:
        self._home = home
        self._debug = debug
        self._url = str(home.url).rstrip("/")
        self.while_asking: Callable[[], AbstractContextManager[None]] | None = None
        # nobody there at the first try: that is said at once, not after the last one
        self.had_contact = False
        self.role: str | None = None  # of the token, once an answer has said so; an older home does not
        self.interrupted_by: int | None = None  # readable once a signal has come
        self.told_to: int | None = None  # what an answer is waited for; when it is a pipe, somebody reads it
        self._is_cut_short = False  # an exchange on the connection
        self._prefix, self._connection = _way_to(self._url)

    @property
    def home_is_here(self) -> bool:
        """Tell whether its address is one of this machine."""
        return self._home.is_local

    def another(self) -> Client:
        """For a thread of its own, which asks while this one may be asking."""
        other = Client(self._home, debug=self._debug)
        other.had_contact = self.had_contact
        return other

    def get(
        self,
        path: str,
        query: dict[str, object] | None = None,
        *,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
        as_text: bool = False,
    ) -> Any:
        """With `as_text` the answer's text is its field `text`; an older home has `items` instead."""
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(asked)}" if asked else path
        headers = {"Accept": TEXT} if as_text else {}
        said = self._said(self._heard(Asked("GET", target, headers, timeout=timeout, attempts=attempts)))
        has_more = said.get("items") or said.get("text")
        if (
            has_more
            and not said.get("complete")
            and said.get("next") == asked.get("after", asked.get("cursor", ""))
        ):
            raise refusals.endless(self._home)
        return said

    def _said(self, answer: Answer) -> Any:
        about = answer.headers.get(ABOUT_TEXT) if answer.status == 200 else None
        if about is None:
            return refusals.judged(answer.status, answer.content, answer.headers, self._home)
        page = refusals.judged(answer.status, about.encode(), answer.headers, self._home)
        page["text"] = answer.content
        return page

    def send(
        self,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        *,
        idempotency_key: str | None = None,
        repeatable: bool = False,
    ) -> Any:
        """Repeated only when a second arrival would change nothing."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        content = None if body is None else json.dumps(body).encode()
        is_repeatable = repeatable or idempotency_key is not None
        return self._said(self._heard(Asked(method, path, headers, content, repeatable=is_repeatable)))

    def kind_of_home(self) -> str | None:
        """Ask it what it is, local or aws, without a token; None where it does not say."""
        answer = self._tried(Asked("GET", "/health", {}, needs_token=False))
        return self._said(answer).get("home") if answer.status == 200 else None

    def sign_in(self, aws_profile: str | None) -> SignedInAnswer:
        """Have AWS say who asks; from now on the home is asked with the token that it gives for that."""
        from tapit.home.aws_proof import proof_for

        content = json.dumps(proof_for(self._url, aws_profile)).encode()
        asked = Asked("POST", "/login", {}, content, needs_token=False)
        said: SignedInAnswer = self._said(self._tried(asked))
        self._home.token = said["token"]
        self._home.signed_in = tokens.SignedIn(said["name"], said["expires_at"], aws_profile)
        return said

    def remove(self, path: str, missing: type[CliError]) -> tuple[Any, str | None]:
        """Return the answer, or what the home says of it when it was gone already, which is no error."""
        try:
            return self.send("DELETE", path), None
        except missing as gone:
            return None, nothing_to_delete(gone)

    def pages(
        self, path: str, query: dict[str, object], *, most: int | None = None, sparse: bool = False
    ) -> Iterator[Any]:
        """Page after page, until there are no more or `most` items have come; refuse a list that never gets on.

        Of a sparse list a page may hold nothing, and be followed by more.
        """
        left, seen, items = most, set(), None
        while left is None or left > 0:
            page = self.get(path, {**query, "limit": PAGE if left is None else min(left, PAGE)})
            cursor = page["next"]
            repeats = page["items"] == items if page["items"] else not sparse
            if cursor and (repeats or not isinstance(cursor, str) or cursor in seen):
                raise refusals.endless(self._home)
            yield page
            if not cursor:
                return
            items = page["items"]
            left = None if left is None else left - len(items)
            seen.add(cursor)
            query = {**query, "cursor": cursor}

    def _heard(self, asked: Asked) -> Answer:
        # a wait, which can be interrupted, shows what it waits for by itself
        if self.while_asking is None or self.interrupted_by is not None:
            return self._answer(asked)
        with self.while_asking():
            return self._answer(asked)

    def _answer(self, asked: Asked) -> Answer:
        """A token that AWS's word is behind is good for an hour; then, or when it is refused, there is another."""
        signed_in = self._home.signed_in
        if signed_in is None or not asked.needs_token:
            return self._tried(asked)
        if not signed_in.is_over():
            answer = self._tried(asked)
            if answer.status != 401:
                return answer
        self._renew(signed_in)
        return self._tried(asked)

    def _renew(self, was: tokens.SignedIn) -> None:
        said = self.sign_in(was.aws_profile)
        if _without_session(said["name"]) != _without_session(was.name):
            raise refusals.somebody_else(said["name"], was.name, self._home)
        if self._home.profile is not None:
            tokens.write_token(self._home.profile, self._url, self._home.token, self._home.signed_in)

    def _tried(self, asked: Asked) -> Answer:
        for attempt in range(1, asked.attempts + 1):
            try:
                answer = self._exchange(asked)
            except Unreachable:
                if attempt == asked.attempts or not self.had_contact or not asked.repeatable:
                    raise
                time.sleep(_pause(attempt, None))
                continue
            if not _is_worth_another(answer, asked) or attempt == asked.attempts:
                break
            time.sleep(_pause(attempt, answer.headers.get("Retry-After")))
        return answer

    def _exchange(self, asked: Asked) -> Answer:
        if self._is_cut_short:  # by Ctrl-C, say: what comes is half an answer, and not to this request
            self._connection.close()
        # told here and not by closing at the end: a second interruption, which may be the same signal, skips that
        self._is_cut_short = True
        self._connection.timeout = asked.timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(asked.timeout)
        headers = self._headers(asked)
        what = f"{asked.method} {self._url}{asked.target}"
        started = time.monotonic()
        try:
            self._connection.request(asked.method, self._prefix + asked.target, asked.content, headers)
            self.had_contact = True
            self._await_answer(asked.timeout)
            response = self._connection.getresponse()
            answer = Answer(response.status, response.read(), response.headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._log(f"{what} failed: {error}")
            raise refusals.unreachable(error, self._home, asked.timeout) from error
        self._is_cut_short = False
        self.role = answer.headers.get(ROLE) or self.role
        took = round((time.monotonic() - started) * 1000)
        self._log(f"{what} -> {answer.status}, {len(answer.content)} bytes in {took} ms")
        return answer

    def _await_answer(self, timeout: float) -> None:
        if self.interrupted_by is None or self._connection.sock is None:
            return
        ready = self._ready(self._connection.sock.fileno(), self.interrupted_by, timeout)
        if self.interrupted_by in ready:
            raise KeyboardInterrupt
        if self.told_to in ready:
            raise NobodyReads
        if not ready:  # to go on reading would wait as long once more
            raise TimeoutError

    def _ready(self, answer: int, signals: int, timeout: float) -> dict[int, int]:
        """Which of them have something to say; of a pipe without a reader the system says so unasked."""
        poll = select.poll()
        for file in (answer, signals):
            poll.register(file, select.POLLIN)
        if self.told_to is not None:
            poll.register(self.told_to, 0)
        return dict(poll.poll(timeout * 1000))

    def _headers(self, asked: Asked) -> dict[str, str]:
        headers = {"User-Agent": f"tapit/{__version__}", **asked.headers}
        if asked.needs_token and self._home.token is not None:
            headers["Authorization"] = f"Bearer {self._home.token}"
        if asked.content is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def _log(self, line: str) -> None:
        if self._debug:
            token = self._home.token
            shown = f"token {tokens.masked(token)}" if token else "no token"
            sys.stderr.write(f"debug: {line.replace(token, '***') if token else line} ({shown})\n")


def _without_session(arn: str) -> str:
    """What a role's next session has in common with this one."""
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn


def _is_worth_another(answer: Answer, asked: Asked) -> bool:
    return answer.status in TRY_AGAIN if asked.repeatable else answer.status == TOO_MANY


def nothing_to_delete(gone: CliError) -> str:
    """In the home's own words, which knows how far the token reaches."""
    return f"{gone.what.rstrip('.')}; nothing to delete."


def segment(name: str) -> str:
    """A name as one part of a path: `../apps` must not become another request."""
    return quote(name, safe="") if name.strip(".") else quote(name).replace(".", "%2E")


def check_address(url: str) -> None:
    """Raise UsageError for what no home can have as its address."""
    _way_to(url.rstrip("/"))


def _way_to(url: str) -> tuple[str, http.client.HTTPConnection]:
    """The beginning of every path there, and a connection that is made when it is first used."""
    if url.startswith("unix:"):
        from tapit.home.unix_socket import UnixConnection

        return "", UnixConnection(url.removeprefix("unix:"))
    parts = _parts(url)
    _refuse_without_encryption(url, parts.scheme, parts.hostname or "")
    return parts.path, _connection(parts.scheme, parts.netloc)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or not url.isprintable() or " " in url or parts.username is not None:
        raise UsageError(f"{url!r} is not the address of a home", "It looks like https://tapit.example.com.")
    if "?" in url or "#" in url:
        raise UsageError(f"{url!r} is not the address of a home", "Requests add to it: it has no ? and no #.")
    return parts


def _refuse_without_encryption(url: str, scheme: str, host: str) -> None:
    """Others on the way could read the token."""
    if scheme == "https" or tls.may_be_unencrypted(host):
        return
    raise UsageError(
        f"{url} would be sent the token unencrypted",
        tls.why_not_plain("http"),
        f"use https://\nor, {tls.TRUST_THE_NETWORK}",
    )


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(netloc)
    return http.client.HTTPSConnection(netloc, context=tls.trusted_certificates())


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds until the next try, spread out so that many clients do not come back together."""
    if retry_after and retry_after.isdigit():
        return min(float(retry_after), LONGEST_PAUSE)
    return float(0.2 * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not hiding
