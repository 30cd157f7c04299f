"""A WebSocket by itself: what is asked for, who is trusted, and when the other end counts as gone."""

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st
from tapit.errors import CliError
from tapit.session import secure_socket
from tapit.session.websocket import DEAD_AFTER, PING_EVERY, Disconnected, WebSocket, open_websocket
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from tests.cli.session.conftest import BetweenPipes
from tests.cli.session.far_end import FarEnd


def silent(end: FarEnd) -> None:
    pass


@contextmanager
def an_open_connection() -> Iterator[tuple[WebSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    protocol = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=OPEN)
    connection = WebSocket(ours, protocol, 0.0)
    yield connection, theirs
    connection.close()
    theirs.close()


def from_server(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=False)


def test_the_signed_headers_are_sent_once_and_nothing_of_the_address_changes() -> None:
    end = FarEnd(silent)
    signed = {
        "host": "ssmmessages.eu-west-1.amazonaws.com",
        "Authorization": "AWS4-HMAC-SHA256 Credential=x",
        "X-Amz-Date": "20261128T080000Z",
        "X-Amz-Security-Token": "a+b/c=",
    }

    open_websocket(end.url, signed).close()

    (request,) = end.requests
    for name, value in signed.items():
        assert request.headers.get_all(name) == [value]
    assert request.path == "/v1/data-channel/s1?role=publish_subscribe&cell-number=AAE%2BxY%3D"
    assert "Sec-WebSocket-Extensions" not in request.headers
    end.close()


def test_a_refusal_that_repeats_what_a_request_was_signed_with_does_not_show_it() -> None:
    signed = {"host": "aws", "X-Amz-Security-Token": "a+b/c=" * 50}
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:

        def refuse() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                body = f"aws does not like {signed['X-Amz-Security-Token']} at all".encode()
                head = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                connection.sendall(head + body)

        pool.submit(refuse)
        with pytest.raises(Disconnected, match=r"403 Forbidden, aws does not like \*\*\* at all"):
            open_websocket(f"ws://127.0.0.1:{server.getsockname()[1]}/", signed)


def test_without_a_signed_host_it_is_that_of_the_address() -> None:
    end = FarEnd(silent)

    open_websocket(end.url, {}).close()

    assert end.requests[0].headers.get_all("Host") == [end.url.split("/")[2]]
    end.close()


@pytest.mark.parametrize(
    "url", ["ws://example.com/x", "ws://10.0.0.1/x", "http://127.0.0.1/", "nonsense", "ws://"]
)
def test_an_address_that_must_not_be_connected_to_is_refused(url: str) -> None:
    with pytest.raises(CliError):
        open_websocket(url, {})


@pytest.mark.parametrize("url", [None, "ws://localhost:1/x", "unix:/run/other.sock:/x"])
def test_only_a_home_on_this_machine_may_send_us_to_somebody_on_it(
    url: str | None, pipes: Callable[..., BetweenPipes]
) -> None:
    """What listens here trusts whoever is here, and a home elsewhere is not."""
    visitor = pipes(silent, "remote", **({} if url is None else {"url": url}))

    visitor.reads_all()
    assert visitor.result() == {
        "kind": "CliError",
        "what": "the home sent us to this machine for the session, and is on another one itself",
    }
    assert visitor.far_end.requests == []


def test_open_roads_may_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPIT_ALLOW_HTTP", "1")

    assert secure_socket.parse_url("ws://example.com/x").name == "example.com"


def test_nobody_there_is_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

        with pytest.raises(Disconnected, match=r"cannot reach 127\.0\.0\.1: Connection refused"):
            open_websocket(f"ws://127.0.0.1:{port}/", {})


def test_somebody_who_answers_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tapit.session.websocket.PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(Disconnected, match="did not open"):
        open_websocket(f"ws://127.0.0.1:{mute.getsockname()[1]}/", {})


def test_what_comes_in_parts_is_one_message() -> None:
    with an_open_connection() as (connection, theirs):
        theirs.sendall(from_server(Opcode.BINARY, b"ab", fin=False) + from_server(Opcode.PING, b""))
        assert connection.read(0) == []
        theirs.sendall(from_server(Opcode.CONT, b"cd") + from_server(Opcode.BINARY, b"e")[:1])

        assert connection.read(0) == [b"abcd"]


def test_a_ping_is_answered() -> None:
    with an_open_connection() as (connection, theirs):
        theirs.sendall(from_server(Opcode.PING, b"there?"))
        connection.read(0)
        connection.write()

        assert theirs.recv(100)[0] == 0x80 | Opcode.PONG


def test_it_pings_when_it_is_time() -> None:
    with an_open_connection() as (connection, theirs):
        assert connection.due_at == PING_EVERY
        connection.keep_alive(PING_EVERY - 1)
        connection.keep_alive(PING_EVERY)
        connection.write()

        assert theirs.recv(100)[0] == 0x80 | Opcode.PING
        assert connection.due_at == 2 * PING_EVERY


def test_who_does_not_answer_pings_is_gone() -> None:
    with an_open_connection() as (connection, theirs):
        theirs.sendall(from_server(Opcode.PONG, b""))
        connection.read(30.0)
        connection.keep_alive(30.0 + DEAD_AFTER - 1)

        with pytest.raises(Disconnected, match="nothing came"):
            connection.keep_alive(30.0 + DEAD_AFTER)


def test_who_is_not_listened_to_is_not_gone() -> None:
    with an_open_connection() as (connection, _):
        connection.keep_alive(1000.0, listening=False)
        connection.keep_alive(1001.0)


def test_a_goodbye_tells_its_reason() -> None:
    with an_open_connection() as (connection, theirs):
        theirs.sendall(from_server(Opcode.CLOSE, b"\x03\xebbad token"))

        with pytest.raises(Disconnected, match="code 1003: bad token"):
            connection.read(0)


def test_a_goodbye_after_the_last_words_is_noticed_though_the_socket_stays_open() -> None:
    with an_open_connection() as (connection, theirs):
        theirs.sendall(from_server(Opcode.BINARY, b"last") + from_server(Opcode.CLOSE, b"\x03\xe8"))

        assert connection.read(0) == [b"last"]
        assert connection.has_unread
        with pytest.raises(Disconnected, match="code 1000"):
            connection.read(0)


def test_a_message_that_is_too_large_ends_the_connection() -> None:
    with an_open_connection() as (connection, theirs):
        theirs.sendall(b"\x82\x7f" + (2**40).to_bytes(8))

        with pytest.raises(Disconnected, match="nonsense"):
            connection.read(0)


def test_what_the_socket_does_not_take_now_waits() -> None:
    with an_open_connection() as (connection, theirs):
        connection.send(bytes(1_000_000))
        connection.write()
        assert connection.wants_to_write

        received = 0
        while connection.wants_to_write:
            received += len(theirs.recv(65536))
            connection.write()
        theirs.setblocking(False)
        while received < 1_000_000:
            received += len(theirs.recv(65536))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The certificate of 127.0.0.1 and its key, in one file; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


def over_tls(certificate: Path, data: bytes) -> FarEnd:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says_much(data)
        end.exits(3)

    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate)
    return FarEnd(play, trust=trust)


def test_over_tls_every_byte_arrives_when_the_authority_is_trusted(certificate: Path, tmp_path: Path) -> None:
    data = bytes(range(256)) * 8000
    visitor = BetweenPipes(over_tls(certificate, data), tmp_path, {}, TAPIT_CA_BUNDLE=str(certificate))

    assert visitor.reads_all() == (data, b"")
    assert visitor.result()["exit_code"] == 3


def test_a_certificate_that_is_not_trusted_is_refused_at_once(certificate: Path, tmp_path: Path) -> None:
    visitor = BetweenPipes(over_tls(certificate, b""), tmp_path, {})

    visitor.reads_all()
    assert visitor.result() == {"kind": "CliError", "what": "the certificate of 127.0.0.1 is not trusted"}


def test_a_bundle_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPIT_CA_BUNDLE", "/no/such/file.pem")

    with pytest.raises(CliError, match="cannot read the certificates"):
        open_websocket("wss://127.0.0.1:1/", {})


def test_a_socket_where_others_can_put_one_is_refused(tmp_path: Path) -> None:
    """Whoever listens there would be shown the token."""
    tmp_path.chmod(0o777)

    with pytest.raises(CliError, match="is not yours alone"):
        open_websocket(f"unix:{quote(str(tmp_path))}/agent.sock:/v1/data-channel/s1", {})


def test_a_socket_that_is_gone_may_come_back(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(Disconnected, match="cannot reach"):
        open_websocket(f"unix:{quote(str(tmp_path))}/agent.sock:/v1/data-channel/s1", {})


@given(st.lists(st.binary(max_size=40), max_size=4))
@example([b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"])
@example([b"\x88\x01\x03"])
@example([b"\x81\x01\xff", b"\x89\x00"])
def test_whatever_bytes_come_they_are_messages_or_the_end(parts: list[bytes]) -> None:
    with an_open_connection() as (connection, theirs), suppress(Disconnected):
        for part in parts:
            theirs.sendall(part)
            assert all(isinstance(message, bytes) for message in connection.read(0.0))
            connection.write()
