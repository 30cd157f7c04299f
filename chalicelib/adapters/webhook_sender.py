"""Sends webhooks, signed as Standard Webhooks has it: one try, ten seconds at the most, and whatever comes of it.

No redirect is followed, for its target was checked by nobody; and no proxy is used, for it would resolve the name anew.
"""

import json
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from socket import socket
from typing import cast

from chalicelib import VERSION
from chalicelib.adapters.bounded_socket import Deadline, TooLong
from chalicelib.adapters.checked_connection import (
    NotReached,
    Resolve,
    Trust,
    addresses_of,
    connected_to,
    trusted_by_the_system,
)
from chalicelib.domain.delivery import SHOWN_ANSWER, Answer
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.event import Sent
from chalicelib.domain.slack_message import slack_message
from chalicelib.domain.subscription import Format, Subscription
from chalicelib.domain.webhook_target import Target, target_of
from chalicelib.ports import Clock

PATIENCE = 10.0  # seconds for all of it: finding the address, connecting, sending, and the whole answer
LARGEST_ANSWER = 64 * 1024


class WebhookSender:
    """Threads may share one. `patience` is how long (seconds) a receiver may take."""

    def __init__(
        self,
        clock: Clock,
        *,
        allow_local: bool = False,
        resolve: Resolve = addresses_of,
        trust: Trust = trusted_by_the_system,
        patience: float = PATIENCE,
    ) -> None:
        self._clock = clock
        self._allow_local = allow_local
        self._resolve = resolve
        self._trust = trust
        self._patience = patience

    def post(self, subscription: Subscription, event: Sent, secrets: Sequence[str]) -> Answer:
        began = self._clock.monotonic()
        answer = self._try(subscription, event, secrets)
        return answer.but(seconds=round(self._clock.monotonic() - began, 3))

    def _try(self, subscription: Subscription, event: Sent, secrets: Sequence[str]) -> Answer:
        if not secrets:
            return _no_answer(
                "its secret is gone, so it cannot be signed: tapit rotate subscription makes one"
            )
        body = body_of(event, subscription.format)
        now = self._clock.now()
        try:
            target = self._target(subscription.url)
            return self._exchange(target, body, signatures(event.id, now, body, secrets), now)
        except (NotReached, TooLong) as refusal:
            return _no_answer(str(refusal))
        except TimeoutError:
            return _no_answer(f"there was no whole answer within {self._patience:g} s")
        except ssl.SSLCertVerificationError as error:
            return _no_answer(f"its certificate is not good for {target.host}: {error.verify_message}")
        except ssl.SSLError as error:
            return _no_answer(f"TLS failed: {error.reason or 'the connection was closed'}")
        except ConnectionRefusedError:
            return _no_answer(f"nothing listens there: {target.authority} refused the connection")
        except (ConnectionError, IncompleteRead):
            return _no_answer("the connection was closed before the answer was there")
        except OSError as error:
            return _no_answer(
                f"{target.authority} could not be reached: {error.strerror or type(error).__name__}"
            )
        except HTTPException:
            return _no_answer("what answered does not speak HTTP")

    def _target(self, url: str) -> Target:
        """A stored URL is judged anew: what was allowed then may not be now."""
        try:
            return target_of(url, allow_local=self._allow_local)
        except InvalidRequest as refusal:
            raise NotReached(f"{refusal} {refusal.hint}") from refusal

    def _exchange(self, target: Target, body: str, signed: dict[str, str], now: datetime) -> Answer:
        headers = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": f"tapit/{VERSION}",
            "Connection": "close",
            **signed,
        }
        deadline = Deadline(self._patience)
        with connected_to(target, deadline, self._resolve, self._trust) as connected:
            connection = HTTPConnection(target.host, target.port)
            connection.sock = cast(socket, connected)
            connection.request("POST", target.path, body.encode(), headers)
            with connection.getresponse() as response:
                connected.head_is_read()
                return _answer(response, now)


def body_of(event: Sent, form: Format) -> str:
    if form is Format.SLACK:
        return json.dumps(slack_message(event))
    return event.model_dump_json()


def signatures(event_id: str, now: datetime, body: str, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent it, when, and whether it was sent before."""
    from standardwebhooks import Webhook

    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, now, body) for secret in secrets),
    }


def _answer(response: HTTPResponse, now: datetime) -> Answer:
    return Answer(
        status=response.status,
        text=_harmless(_beginning(response)),
        retry_after=_seconds(response.getheader("Retry-After"), now),
        seconds=0.0,
    )


def _beginning(response: HTTPResponse) -> bytes:
    """Read as much as is wanted. Raise IncompleteRead where that is not there, as http.client does of chunks only."""
    try:
        content = response.read(LARGEST_ANSWER)
    except ValueError as error:  # of http.client itself, about a chunk of less than nothing
        raise HTTPException from error
    if response.length and len(content) < LARGEST_ANSWER:
        raise IncompleteRead(content, response.length)
    return content


def _no_answer(problem: str) -> Answer:
    return Answer(problem=f"{problem[:1].upper()}{problem[1:].removesuffix('.')}.", seconds=0.0)


def _harmless(content: bytes) -> str:
    """What a receiver says is shown on terminals, and must not steer them."""
    beginning = content[: SHOWN_ANSWER * 16].decode("utf-8", "replace")
    words = "".join(letter if letter.isprintable() else " " for letter in beginning).split()
    return " ".join(words)[:SHOWN_ANSWER]


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """Read a number of seconds, or a date; anything else asks for nothing."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for numbers of very many digits
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())
