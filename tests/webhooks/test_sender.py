"""What is sent to real receivers, and what comes of it, whatever they do."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from email.utils import format_datetime
from threading import Event

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.webhook_sender import WebhookSender
from chalicelib.domain.delivery import Answer
from chalicelib.domain.subscription import Format
from tests import receiver as does
from tests.builders import a_finished_task, a_subscription, an_event
from tests.receiver import GENEROUS, Behaviour, Receiver, answering, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLDER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
EVENT = an_event(a_finished_task(exit_code=3))
TOO_LONG = "Its answer is too long: 32 KiB of headers are read, and 256 KiB of what follows them."
IMPATIENT = 2.0  # seconds, for what never comes; the real ten are the same code
NOT_IN_TIME = "There was no whole answer within 2 s."


def a_sender(patience: float = GENEROUS, **options: object) -> WebhookSender:
    return WebhookSender(SystemClock(), allow_local=True, patience=patience, **options)  # type: ignore[arg-type]


def post(
    url: str, sender: WebhookSender | None = None, secrets: Sequence[str] = (SECRET,), **more: object
) -> Answer:
    return (sender or a_sender()).post(a_subscription(url=url, **more), EVENT, secrets)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as served:
        yield served


def test_the_event_comes_as_json_and_its_signature_verifies(receiver: Receiver) -> None:
    receiver.secret = SECRET

    answer = post(receiver.url)

    (got,) = receiver.got
    assert (answer.status, answer.problem) == (204, None)
    assert got.event == EVENT.model_dump(mode="json")
    assert got.id == EVENT.id
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == receiver.url.split("/")[2]
    assert got.headers["user-agent"].startswith("tapit/")
    assert got.path == "/hook"


def test_while_there_are_two_secrets_both_verify(receiver: Receiver) -> None:
    post(receiver.url, secrets=(SECRET, OLDER))

    (got,) = receiver.got
    assert len(got.headers["webhook-signature"].split()) == 2
    for secret in (SECRET, OLDER):
        Webhook(secret).verify(got.body, dict(got.headers))


def test_a_receiver_with_another_secret_refuses_it(receiver: Receiver) -> None:
    receiver.secret = OLDER

    assert post(receiver.url).status == 401


def test_nothing_is_sent_unsigned(receiver: Receiver) -> None:
    answer = post(receiver.url, secrets=())

    assert "its secret is gone" in (answer.problem or "").lower()
    assert receiver.got == []


def test_a_message_for_slack_is_another_body_with_the_same_headers(receiver: Receiver) -> None:
    receiver.secret = SECRET

    assert post(receiver.url, format=Format.SLACK).status == 204
    assert receiver.got[0].event["attachments"][0]["color"] == "danger"


@pytest.mark.parametrize("status", [200, 204, 299, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_what_the_receiver_answers_is_told(receiver: Receiver, status: int) -> None:
    receiver.decide = lambda _: answering(status, "" if status == 204 else "so it is")

    answer = post(receiver.url)

    assert (answer.status, answer.text) == (status, "" if status == 204 else "so it is")
    assert answer.is_success == (200 <= status < 300)


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.decide = lambda _: answering(307, location=elsewhere.url)

        assert post(receiver.url).status == 307
        assert elsewhere.got == []


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert post(receiver.url).status == 204


def test_an_answer_without_an_end_is_read_to_64_kib_and_kept_to_200_characters(receiver: Receiver) -> None:
    receiver.decide = lambda _: does.huge

    answer = post(receiver.url)

    assert (answer.status, answer.text) == (200, "x" * 200)
    assert answer.seconds < GENEROUS


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65_536,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 65_536,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8\r\nxxxxxxxx\r\n" * 30_000,
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: %b\r\n" % (b"x" * 300) * 90 + b"\r\n" + b"x" * 65_536,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 200,
    ],
    ids=["whole", "longer", "chunks", "headers", "interim answers"],
)
def test_an_answer_whose_beginning_is_there_is_taken(receiver: Receiver, content: bytes) -> None:
    receiver.decide = lambda _: does.saying(content)

    answer = post(receiver.url)

    assert (answer.status, answer.text) == (200, "x" * 200)


def test_a_chunk_that_claims_to_have_no_end_is_not_kept_in_memory(receiver: Receiver) -> None:
    receiver.decide = lambda _: does.huge_chunk

    answer = post(receiver.url, a_sender(patience=3))

    assert not answer.is_success
    assert receiver.sent < 50 << 20  # what the system holds on its way is a part of that


def test_what_a_terminal_would_obey_is_taken_out_of_an_answer(receiver: Receiver) -> None:
    receiver.decide = lambda _: answering(500, "\x1b]0;evil\x07 no\r\n\x00 \u202eway\tout \x9b31m")

    assert post(receiver.url).text == "]0;evil no way out 31m"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 40, 999999999999.0),
        ("", None),
    ],
)
def test_retry_after_in_seconds_is_told(receiver: Receiver, asked: str, seconds: float | None) -> None:
    receiver.decide = lambda _: answering(429, retry_after=asked)

    assert post(receiver.url).retry_after == seconds


@pytest.mark.parametrize(
    "asked",
    [
        f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT",
        f"Mon, 01 Jan 2027 00:00:00 +{'9' * 20}",
        "Mon, 99 Foo 2027 25:61:61 -9999",
    ],
)
def test_a_retry_after_that_is_no_date_asks_for_nothing(receiver: Receiver, asked: str) -> None:
    receiver.decide = lambda _: answering(503, retry_after=asked)

    answer = post(receiver.url)

    assert (answer.status, answer.retry_after) == (503, None)


def test_retry_after_as_a_date_is_told(receiver: Receiver) -> None:
    moment = SystemClock().now() + timedelta(minutes=10)
    receiver.decide = lambda _: answering(503, retry_after=format_datetime(moment, usegmt=True))

    told = post(receiver.url).retry_after

    assert told is not None
    assert 580 < told <= 600


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (does.hanging, NOT_IN_TIME),
        (does.dripping_headers, NOT_IN_TIME),
        (does.dripping_body, NOT_IN_TIME),
        (does.resetting, "The connection was closed before the answer was there."),
        (does.closing, "The connection was closed before the answer was there."),
        (
            does.saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhal"),
            "The connection was closed before the answer was there.",
        ),
        (
            does.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nyes"),
            "The connection was closed before the answer was there.",
        ),
        (
            does.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 60_000),
            "The connection was closed before the answer was there.",
        ),
        (
            does.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
            "The connection was closed before the answer was there.",
        ),
        (does.saying(b"HTTP/1.1 200 OK\r\n" + b"X-Long: %b\r\n" % (b"x" * 60_000) * 2 + b"\r\n"), TOO_LONG),
        (does.saying(b"HTTP/1.1 200 OK\r\n" + b"X-Long: %b\r\n" % (b"x" * 600) * 60 + b"\r\n"), TOO_LONG),
        (does.saying(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000 + b"HTTP/1.1 204 OK\r\n\r\n"), TOO_LONG),
        (
            does.saying(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + b"1;%b\r\nx\r\n" % (b"y" * 5000) * 100
            ),
            TOO_LONG,
        ),
        (does.babbling, "What answered does not speak HTTP."),
        (
            does.saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n"),
            "What answered does not speak HTTP.",
        ),
    ],
)
def test_a_receiver_that_does_not_answer_is_a_failure_that_is_told(
    receiver: Receiver, behaviour: Behaviour, problem: str
) -> None:
    receiver.decide = lambda _: behaviour

    answer = post(receiver.url, a_sender(IMPATIENT if problem == NOT_IN_TIME else GENEROUS))

    assert (answer.status, answer.problem) == (None, problem)
    assert not answer.is_success
    assert len(receiver.wait_until(len)) == 1


def test_where_nothing_listens_is_told() -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

        answer = post(f"http://127.0.0.1:{port}/")

    assert answer.problem == f"Nothing listens there: 127.0.0.1:{port} refused the connection."


@contextmanager
def _full_listener() -> Iterator[int]:
    """A port that answers no new connection: its queue is full."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for each in waiting:
                each.close()


def test_connecting_takes_no_longer_than_all_may_take() -> None:
    with _full_listener() as port:
        answer = post(f"http://127.0.0.1:{port}/", a_sender(IMPATIENT))

    assert answer.problem == NOT_IN_TIME


def test_a_slow_resolver_takes_no_longer_than_all_may_take() -> None:
    over = Event()

    def resolve(_: str) -> list[str]:
        over.wait(GENEROUS)
        return []

    answer = post("https://hooks.example.com/", a_sender(IMPATIENT, resolve=resolve))
    over.set()

    assert answer.problem == "The name hooks.example.com was not resolved in time."
    assert answer.seconds < GENEROUS


def test_a_name_that_does_not_resolve_is_told() -> None:
    def resolve(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    answer = post("https://hooks.example.com/", a_sender(resolve=resolve))

    assert answer.problem == "The name hooks.example.com does not resolve: Name or service not known."


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["2606:4700::1", "::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%lo"],
    ],
)
def test_nothing_is_sent_to_a_name_that_has_any_address_that_is_not_allowed(addresses: list[str]) -> None:
    answer = post("https://hooks.example.com/", a_sender(resolve=lambda _: addresses))

    said = re.compile(r"Nothing is sent where hooks\.example\.com leads: \S+ is an? [^:]+\.")
    assert said.fullmatch(answer.problem or "")


def test_localhost_is_refused_where_it_leads_elsewhere() -> None:
    answer = post("http://localhost:1/", a_sender(resolve=lambda _: ["8.8.8.8"]))

    assert "8.8.8.8 is not this machine's loopback address" in (answer.problem or "")


def test_a_stored_url_is_checked_again_at_each_sending(receiver: Receiver) -> None:
    """Such as after the server was started without --allow-local-webhooks."""
    answer = post(receiver.url, WebhookSender(SystemClock()))

    assert "Webhooks cannot go to this URL" in (answer.problem or "")
    assert "tapit-local --allow-local-webhooks" in (answer.problem or "")
    assert receiver.got == []


def test_a_name_is_resolved_once(receiver: Receiver) -> None:
    """What it resolves to at a second look is what an attacker of the network would like."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    url = receiver.url.replace("127.0.0.1", "localhost")

    assert post(url, a_sender(resolve=lambda _: next(answers))).status == 204
    assert next(answers) == ["127.0.0.2"]
    assert receiver.got[0].headers["host"] == url.split("/")[2]


def test_an_address_that_cannot_be_reached_is_followed_by_the_next(receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")

    assert post(url, a_sender(resolve=lambda _: ["::1", "127.0.0.1"])).status == 204


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(authority: trustme.CA) -> Callable[[], ssl.SSLContext]:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return lambda: context


def test_tls_is_spoken_with_the_name(authority: trustme.CA) -> None:
    with receiving(certificate=authority.issue_cert("localhost")) as receiver:
        answer = post(receiver.url, a_sender(trust=trusting(authority)))

    assert (answer.status, answer.problem) == (204, None)


def test_a_certificate_for_another_name_is_refused(authority: trustme.CA) -> None:
    """That of the address is no help: the name is what the URL has."""
    with receiving(certificate=authority.issue_cert("hooks.example.com", "127.0.0.1")) as receiver:
        answer = post(receiver.url, a_sender(trust=trusting(authority)))

    assert "Its certificate is not good for localhost: Hostname mismatch" in (answer.problem or "")
    assert receiver.got == []


def test_a_certificate_that_nobody_vouches_for_is_refused(authority: trustme.CA) -> None:
    with receiving(certificate=authority.issue_cert("localhost")) as receiver:
        answer = post(receiver.url)

    assert "Its certificate is not good for localhost" in (answer.problem or "")
    assert receiver.got == []


def test_a_receiver_without_tls_is_told(receiver: Receiver) -> None:
    answer = post(receiver.url.replace("http://127.0.0.1", "https://localhost"))

    assert "TLS failed" in (answer.problem or "")


def test_a_handshake_takes_no_longer_than_all_may_take() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        answer = post(f"https://localhost:{silent.getsockname()[1]}/", a_sender(IMPATIENT))

    assert answer.problem == NOT_IN_TIME


@given(
    st.binary(max_size=200)
    | st.builds(
        lambda status, head, body: b"HTTP/1.1 %d OK\r\n%b\r\n\r\n%b" % (status, head, body),
        st.integers(0, 9999),
        st.sampled_from(
            [b"Content-Length: -1", b"Content-Length: x", b"Transfer-Encoding: chunked", b"\xff\x00: \x01"]
        )
        | st.builds(lambda size: b"Transfer-Encoding: chunked\r\n\r\n%x" % size, st.integers(-9, 9))
        | st.builds(
            lambda year, zone: b"Retry-After: Mon, 01 Jan %d 00:00:00 %+05d" % (year, zone),
            st.integers(0, 10**30),
            st.integers(-(10**30), 10**30),
        )
        | st.binary(max_size=40)
        | st.builds(lambda asked: b"Retry-After: %b" % asked, st.binary(max_size=40)),
        st.binary(max_size=40),
    )
)
def test_whatever_is_answered_is_an_answer_or_a_problem(receiver: Receiver, content: bytes) -> None:
    receiver.decide = lambda _: does.saying(content)

    answer = post(receiver.url)

    assert (answer.status is None) != (answer.problem is None)
    assert answer.text.isprintable()
    assert (answer.problem or "").isprintable()
