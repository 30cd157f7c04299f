"""HTTP as bytes: what well-behaved clients do works, and what others do is answered in our shape."""

import json
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import app as triggers
from chalicelib.http.access import authenticate
from local.serving.gateway import Answer as Told
from local.serving.gateway import Gateway, Request
from local.serving.server import MOST_CONNECTIONS, Server, connections_for, listen_on_port
from local.timing.changes import LocalChanges
from tests.app.error_shape import is_documented
from tests.home_in_process import HomeInProcess
from tests.home_process import HomeProcess
from tests.http_client import Answer, Api
from tests.local.supervisor.supervised_task import GENEROUS, until


class Wire:
    """One connection, byte by byte."""

    def __init__(self, home: "HomeProcess | SmallServer") -> None:
        self._socket = socket.create_connection(("127.0.0.1", int(home.url.rpartition(":")[2])), GENEROUS)
        self.reading = self._socket.makefile("rb")

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def end_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def answer(self) -> Answer:
        """Read one answer, no byte more."""
        status = int(self.reading.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self.reading.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Answer(status, headers, self.reading.read(int(headers["content-length"])).decode())

    def is_closed(self) -> bool:
        return self.reading.read(1) == b""

    def close(self) -> None:
        self.reading.close()
        self._socket.close()


@pytest.fixture
def wire(home: HomeProcess) -> Iterator[Wire]:
    wire = Wire(home)
    yield wire
    wire.close()


def a_request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: 127.0.0.1", *headers, "", ""]).encode("latin-1") + body


JSON = "Content-Type: application/json"
HEALTH = a_request("GET /health HTTP/1.1")


# What clients do


def test_an_answer_has_its_type_length_and_an_id_of_its_own(api: Api) -> None:
    one, other = api.ask("GET", "/health"), api.ask("GET", "/health")

    assert one.headers["content-type"] == "application/json"
    assert int(one.headers["content-length"]) == len(one.text.encode())
    assert one.headers["x-request-id"] != other.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/nope", "/tasks/nope", "/apps?x=1"])
def test_a_refusal_has_an_id_too(api: Api, path: str) -> None:
    assert api.ask("GET", path).headers["x-request-id"]


def test_one_connection_serves_many_requests(wire: Wire) -> None:
    for _ in range(5):
        wire.send(HEALTH)
        assert wire.answer().json["status"] == "ok"


def test_requests_sent_without_waiting_are_answered_in_their_order(home: HomeProcess, wire: Wire) -> None:
    app = home.new_app()
    token = f"Authorization: Bearer {home.token}"
    body = json.dumps({"command": "true"}).encode()
    create = a_request(
        f"POST /apps/{app}/tasks HTTP/1.1",
        token,
        JSON,
        f"Content-Length: {len(body)}",
        body=body,
    )

    wire.send(
        HEALTH
        + create
        + a_request("GET /nope HTTP/1.1")
        + a_request(f"GET /apps/{app} HTTP/1.1", token)
        + HEALTH
    )

    assert [wire.answer().status for _ in range(5)] == [200, 201, 404, 200, 200]


def test_a_request_may_arrive_in_pieces(wire: Wire) -> None:
    for piece in (HEALTH[:3], HEALTH[3:20], HEALTH[20:-1], HEALTH[-1:]):
        wire.send(piece)

    assert wire.answer().status == 200


def test_a_client_that_wants_the_connection_closed_gets_that(wire: Wire) -> None:
    wire.send(a_request("GET /health HTTP/1.1", "Connection: close"))

    assert wire.answer().headers["connection"] == "close"
    assert wire.is_closed()


def test_an_old_client_is_served_and_hung_up_on(wire: Wire) -> None:
    wire.send(b"GET /health HTTP/1.0\r\n\r\n")

    assert wire.answer().status == 200
    assert wire.is_closed()


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(home: HomeProcess, wire: Wire) -> None:
    wire.send(
        a_request(
            "POST /apps HTTP/1.1",
            f"Authorization: Bearer {home.token}",
            JSON,
            "Content-Length: 2",
            "Expect: 100-continue",
        )
    )

    assert wire.reading.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert wire.reading.readline() == b"\r\n"
    wire.send(b"{}")
    assert wire.answer().status == 400


def test_a_client_that_hangs_up_harms_nobody(home: HomeProcess) -> None:
    for content in (
        b"",
        b"GET /hea",
        a_request("POST /apps HTTP/1.1", "Content-Length: 100", body=b"{"),
        HEALTH,
    ):
        wire = Wire(home)
        wire.send(content)
        wire.close()

    assert home.api.get("/health")["status"] == "ok"


def test_only_this_machine_is_served(home: HomeProcess) -> None:
    assert home.url.startswith("http://127.0.0.1:")
    port = int(home.url.rpartition(":")[2])

    with socket.socket() as other:  # another of this machine's addresses is still free
        other.bind(("127.0.0.2", port))


def test_empty_lines_before_a_request_and_spaces_around_a_token_are_borne(
    home: HomeProcess, wire: Wire
) -> None:
    wire.send(b"\r\n\r\n" + a_request("GET /apps HTTP/1.1", f"Authorization:   Bearer {home.token} \t"))

    assert wire.answer().status == 200


# What others do


def refused(answer: Answer) -> int:
    assert is_documented(answer), answer.text
    assert answer.headers["x-request-id"]
    return answer.status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Content-Length: x"], 400),
        (["Content-Length: -1"], 400),
        (["Content-Length: 1.5"], 400),
        (["Content-Length: 1", "Content-Length: 2"], 400),
        (["Content-Length: \xb2"], 400),
        (["Content-Length: +1"], 400),
        (["Content-Length: 99999999999"], 413),
        (["Content-Length: " + "9" * 5000], 400),
        (["Transfer-Encoding: chunked"], 411),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], 400),
        (["Transfer-Encoding: gzip"], 400),
        (["Content-Length : 5"], 400),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_body_of_unclear_length_is_refused_and_the_connection_closed(
    wire: Wire, headers: list[str], status: int
) -> None:
    """What follows could be taken for another request."""
    wire.send(a_request("POST /apps HTTP/1.1", *headers, body=b"0\r\n\r\n"))

    assert refused(wire.answer()) == status
    assert wire.is_closed()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET / HTTP/x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /" + b"x" * 70_000, 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 200 + b"\r\n", 431),
        (b"BREW /apps HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT x:1 HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n X: folded\r\n\r\n", 400),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_request_of_ours_is_refused_in_our_shape(wire: Wire, content: bytes, status: int) -> None:
    wire.send(content)

    answer = wire.answer()
    assert (answer.status, set(answer.json)) == (status, {"Code", "Message"})
    assert wire.is_closed()


def test_an_address_that_is_none_is_called_so(wire: Wire) -> None:
    wire.send(a_request("CONNECT x:1 HTTP/1.1"))

    assert wire.answer().json["Message"] == "The address of the request cannot be read."


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "DELETE", "TRACE"])
def test_a_method_that_a_route_does_not_know_is_refused(wire: Wire, method: str) -> None:
    wire.send(a_request(f"{method} /health HTTP/1.1") + HEALTH)

    answer = wire.answer()

    assert (refused(answer), answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(("path", "status"), [("/health", 200), ("/apps", 401), ("/nope", 404)])
def test_the_answer_to_head_is_that_to_get_without_its_body(wire: Wire, path: str, status: int) -> None:
    wire.send(a_request(f"GET {path} HTTP/1.1"))
    got = wire.answer()
    wire.send(a_request(f"HEAD {path} HTTP/1.1", "Connection: close"))

    head, _, body = wire.reading.read().partition(b"\r\n\r\n")

    assert (got.status, int(head.split()[1]), body) == (status, status, b"")
    assert f"content-length: {got.headers['content-length']}".encode() in head


def test_head_of_what_can_only_be_done_is_refused(home: HomeProcess, wire: Wire) -> None:
    wire.send(a_request("HEAD /tasks/x/stop HTTP/1.1", "Connection: close"))

    head, _, body = wire.reading.read().partition(b"\r\n\r\n")

    assert (int(head.split()[1]), b"allow: POST\r\n" in head, body) == (405, True, b"")


@pytest.mark.parametrize(
    "target",
    ["/tasks/%00", "/tasks/%ff", "/tasks/a%2Fb", "/apps/../apps", "/apps?%", "/apps?limit=%ff", "*", "/\xe9"],
)
def test_a_strange_target_is_refused_in_our_shape(home: HomeProcess, wire: Wire, target: str) -> None:
    wire.send(a_request(f"GET {target} HTTP/1.1", f"Authorization: Bearer {home.token}"))

    assert refused(wire.answer()) in (400, 404)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:7845", "localhost", "LocalHost:80", "[::1]", "[::1]:80"]
)
def test_this_machine_has_several_names(wire: Wire, host: str) -> None:
    wire.send(f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    assert wire.answer().status == 200


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (["evil.example"], 403),
        (["evil.example:7845"], 403),
        (["127.0.0.1.evil.example"], 403),
        (["localhost@evil.example"], 403),
        (["127.0.0.1:x"], 403),
        ([""], 403),
        ([], 400),
        (["127.0.0.1", "evil.example"], 400),
    ],
)
def test_a_request_for_another_host_is_refused_and_the_connection_closed(
    wire: Wire, hosts: list[str], status: int
) -> None:
    """A web page whose name was given this machine's address sends that name."""
    lines = ["GET /health HTTP/1.1", *(f"Host: {host}" for host in hosts), "", ""]
    wire.send("\r\n".join(lines).encode())

    assert refused(wire.answer()) == status
    assert wire.is_closed()


def test_a_body_that_is_cut_off_is_not_acted_on(home: HomeProcess, wire: Wire) -> None:
    name = home.new_app()[:-1] + "z"
    body = json.dumps({"name": name}).encode()
    token = f"Authorization: Bearer {home.token}"
    wire.send(
        a_request(
            "POST /apps HTTP/1.1",
            token,
            JSON,
            f"Content-Length: {len(body) + 5}",
            body=body,
        )
    )
    wire.end_sending()

    assert refused(wire.answer()) == 400
    assert home.api.ask("GET", f"/apps/{name}").status == 404


def test_a_large_body_is_refused_with_our_own_limit(api: Api) -> None:
    answer = api.ask("POST", "/apps", b'{"name": "' + b"x" * 300_000 + b'"}')

    assert (refused(answer), answer.json["Code"]) == (413, "TooLarge")


def test_a_long_answer_arrives_whole(home: HomeProcess) -> None:
    api, app = home.api, home.new_app()
    task = api.run(app, "head -c 3000000 /dev/zero | tr '\\0' x | fold -w 1000")

    lines = api.lines(task["id"])

    assert (len(lines), set(lines)) == (3000, {"x" * 1000})


def test_many_clients_are_served_at_once(home: HomeProcess) -> None:
    wires = []
    try:
        for _ in range(200):
            wires.append(Wire(home))
            wires[-1].send(a_request("GET /apps HTTP/1.1", f"Authorization: Bearer {home.token}"))
        assert {wire.answer().status for wire in wires} == {200}
    finally:
        for wire in wires:
            wire.close()


def test_no_part_of_an_answer_is_held_back() -> None:
    listener = listen_on_port(0)
    with closing(listener.socket), socket.create_connection(listener.socket.getsockname()):
        accepted, _ = listener.socket.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_who_waits_does_not_keep_others_waiting(home: HomeProcess, app: str) -> None:
    task = home.api.create(app, "exec sleep 1000")
    revision = home.api.wait_until(task["id"], "RUNNING")["revision"]
    token = f"Authorization: Bearer {home.token}"
    waiting: list[Any] = [Wire(home) for _ in range(40)]
    try:
        for wire in waiting:
            wire.send(a_request(f"GET /tasks/{task['id']}?wait=20&revision={revision} HTTP/1.1", token))
        home.api.stop(task["id"])

        assert {wire.answer().json["status"] for wire in waiting} <= {"STOPPING", "STOPPED"}
    finally:
        for wire in waiting:
            wire.close()


# When there are too many of them


@dataclass(frozen=True)
class SmallServer:
    """A server on a port for two connections at a time, within this process."""

    url: str
    changes: LocalChanges


@contextmanager
def serving(gateway: Gateway, inside: HomeInProcess, most: int = 2) -> Iterator[SmallServer]:
    listener, changes = listen_on_port(0), LocalChanges()
    server = Server(gateway, changes, partial(authenticate, inside.services), [listener], most)
    with server.serving():
        yield SmallServer(f"http://127.0.0.1:{listener.socket.getsockname()[1]}", changes)


@pytest.fixture
def small_server(inside: HomeInProcess) -> Iterator[SmallServer]:
    with serving(Gateway(triggers.app), inside) as server:
        yield server


def test_one_client_too_many_is_told_to_come_back(small_server: SmallServer) -> None:
    with closing(Wire(small_server)) as one, closing(Wire(small_server)) as other:
        for wire in (one, other):
            wire.send(HEALTH)
            assert wire.answer().status == 200
        with closing(Wire(small_server)) as third:
            third.send(HEALTH)
            answer = third.answer()

    assert (answer.status, answer.headers["retry-after"], answer.json["Code"]) == (503, "1", "Unavailable")
    until(lambda: _status_of_health(small_server) == 200)


def _status_of_health(server: SmallServer) -> int:
    with closing(Wire(server)) as wire:
        wire.send(HEALTH)
        return wire.answer().status


@pytest.mark.parametrize(
    ("files", "connections"), [(300, 100), (1024, 824), (20_000, MOST_CONNECTIONS), (64, 1)]
)
def test_connections_leave_files_for_the_rest(files: int, connections: int) -> None:
    assert connections_for(files) == connections


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process, and shows its files")
def test_without_files_the_server_waits_calmly_and_recovers(own_home: HomeProcess) -> None:
    soft, hard = resource.prlimit(own_home.pid, resource.RLIMIT_NOFILE)
    open_now = len(list(Path(f"/proc/{own_home.pid}/fd").iterdir()))
    resource.prlimit(own_home.pid, resource.RLIMIT_NOFILE, (open_now + 5, hard))
    unfinished = a_request("POST /apps HTTP/1.1", "Content-Length: 1000000")
    wires = [Wire(own_home) for _ in range(20)]
    try:
        for wire in wires:
            wire.send(unfinished)
        before, began = _processor_seconds(own_home.pid), time.monotonic()
        until(lambda: time.monotonic() - began > 1)
        assert _processor_seconds(own_home.pid) - before < 0.5
    finally:
        for wire in wires:
            wire.close()
    resource.prlimit(own_home.pid, resource.RLIMIT_NOFILE, (soft, hard))

    assert own_home.api.get("/health")["status"] == "ok"


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# Who does not read

LONG = 16 * 1024 * 1024  # bytes: more than a socket takes by itself
OUTPUT = a_request("GET /tasks/1jd3m8k7x2qf/logs HTTP/1.1")
LIST = a_request("GET /apps HTTP/1.1")


class _LongWinded(Gateway):
    """Stands where the app is asked: answers all but /health with much, and counts."""

    def __init__(self) -> None:
        self.asked = 0

    def answer(self, request: Request) -> Told:
        if request.target == "/health":
            return Told(200, {}, b"{}")
        self.asked += 1
        return Told(200, {}, bytes(LONG))


def test_output_that_nobody_reads_is_not_kept_without_bounds(
    inside: HomeInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.serving.unread.LONGEST_READING", 3600.0)
    long_winded = _LongWinded()
    with serving(long_winded, inside, most=100) as server, ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(closing(Wire(server))).send(OUTPUT)
        until(lambda: long_winded.asked >= 5)
        for _ in range(20):
            assert _status_of_health(server) == 200

        assert long_winded.asked < 15


@pytest.mark.parametrize("asked", [OUTPUT, LIST])
def test_who_reads_does_not_wait_for_long_for_those_who_do_not(
    inside: HomeInProcess, monkeypatch: pytest.MonkeyPatch, asked: bytes
) -> None:
    monkeypatch.setattr("local.serving.unread.LONGEST_READING", 5.0)  # a busy machine reads slowly as well
    with serving(_LongWinded(), inside, most=100) as server, ExitStack() as stack:
        slow = [stack.enter_context(closing(Wire(server))) for _ in range(20)]
        for wire in slow:
            wire.send(asked)
        quick = stack.enter_context(closing(Wire(server)))
        quick.send(asked)

        assert len(quick.answer().text) == LONG
        assert _is_cut_off(slow[0])


def _is_cut_off(wire: Wire) -> bool:
    try:
        return len(wire.reading.read()) < LONG
    except ConnectionResetError:
        return True


# What the log says


class _Listening(Gateway):
    """Stands where the app is asked, and keeps what it was told of requests."""

    def __init__(self, status: int) -> None:
        self.ids: list[str] = []
        self._status = status

    def answer(self, request: Request) -> Told:
        self.ids.append(request.id)
        return Told(self._status, {}, b"{}")


@pytest.mark.parametrize(("status", "level"), [(200, "DEBUG"), (404, "DEBUG"), (500, "ERROR")])
def test_the_app_the_log_and_the_client_know_a_request_by_one_id(
    inside: HomeInProcess, caplog: pytest.LogCaptureFixture, status: int, level: str
) -> None:
    listening = _Listening(status)
    caplog.set_level("DEBUG", "local.serving")
    with serving(listening, inside) as server, closing(Wire(server)) as wire:
        wire.send(a_request("GET /health HTTP/1.1", "Connection: close"))
        answer = wire.answer()
        assert wire.is_closed()

    assert [answer.headers["x-request-id"]] == listening.ids
    assert {record.levelname for record in caplog.records if listening.ids[0] in record.message} >= {level}


def test_a_token_that_was_put_into_an_address_is_not_in_the_log(
    inside: HomeInProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "local.serving")
    with serving(_Listening(200), inside) as server, closing(Wire(server)) as wire:
        wire.send(b"GET /whoami?token=tpt_5bdbd039_hush HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert wire.answer().status == 200

    assert "/whoami?token=tpt_***" in caplog.text
    assert "hush" not in caplog.text


def test_what_a_client_sends_cannot_write_to_the_terminal_that_shows_the_log(
    inside: HomeInProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "local.serving")
    with serving(_Listening(200), inside) as server, closing(Wire(server)) as wire:
        for target in (b"/%1b[31m", b"/\x9b31m"):
            wire.send(b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert wire.answer().status in (200, 400)

    assert caplog.text.replace("\n", "").isprintable()


class _Broken(Gateway):
    """Stands where the app is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def answer(self, _request: Request) -> Told:
        raise self._error


@pytest.mark.parametrize("query", ["", "?wait=20"])
def test_a_bug_of_ours_is_answered_in_our_shape_and_logged_once(
    inside: HomeInProcess, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    with serving(_Broken(KeyError("resourcePath")), inside) as server, closing(Wire(server)) as wire:
        wire.send(a_request(f"GET /health{query} HTTP/1.1"))
        answer = wire.answer()
        assert wire.is_closed()

    assert (answer.status, answer.json["Code"]) == (500, "InternalServerError")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "KeyError: 'resourcePath'" in caplog.text
    assert f"Request {answer.headers['x-request-id']} GET /health" in caplog.text


# Whom it does not know


def test_a_stranger_too_many_takes_the_place_of_the_first_one(
    inside: HomeInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever connects and says nothing takes nobody's place but another stranger's."""
    monkeypatch.setattr("local.serving.connection.MOST_STRANGERS", 3)
    with serving(Gateway(triggers.app), inside, most=100) as server, ExitStack() as stack:

        def connect() -> Wire:
            return stack.enter_context(closing(Wire(server)))

        known = connect()
        known.send(a_request("GET /apps HTTP/1.1", f"Authorization: Bearer {inside.token}"))
        assert known.answer().status == 200
        strangers = [connect() for _ in range(4)]

        assert strangers[0].is_closed()
        for wire in (known, *strangers[1:]):
            wire.send(HEALTH)
            assert wire.answer().status == 200


@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Bearer tpt_00000000_" + "x" * 43])
def test_the_body_of_a_stranger_is_not_waited_for(wire: Wire, token: str) -> None:
    wire.send(a_request("POST /apps HTTP/1.1", f"Authorization: {token}", JSON, "Content-Length: 1000000"))

    assert refused(wire.answer()) == 401
    assert wire.is_closed()


@pytest.mark.parametrize("body", [b"", b"{", b'{"url": "https://sts.amazonaws.com/", "home": "x"}'])
def test_who_would_sign_in_with_an_aws_identity_is_told_where_that_is_possible(
    wire: Wire, body: bytes
) -> None:
    wire.send(a_request("POST /login HTTP/1.1", JSON, f"Content-Length: {len(body)}", body=body))

    answer = wire.answer()

    assert refused(answer) == 400
    assert "is for a home on AWS" in answer.json["Message"]


OTHERS = ["Bearer nonsense", "Bearer tpt_00000000_" + "x" * 43, "Basic eDp5", ""]


@pytest.mark.parametrize("other", [*OTHERS, "the same"])
@pytest.mark.parametrize("first", [True, False], ids=["before the good one", "after it"])
def test_of_two_tokens_none_is_chosen(home: HomeProcess, wire: Wire, other: str, *, first: bool) -> None:
    good = f"Authorization: Bearer {home.token}"
    two = [good, good if other == "the same" else f"authorization: {other}"]
    headers = reversed(two) if first else two

    wire.send(a_request("POST /apps HTTP/1.1", *headers, JSON, "Content-Length: 12", body=b'{"name":"x"}'))

    answer = wire.answer()
    assert refused(answer) == 400
    assert "2 Authorization headers" in answer.json["Message"]


def test_on_the_socket_two_tokens_are_one_too_many_too(home: HomeProcess) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(home.socket_url.removeprefix("unix:"))
        connection.sendall(a_request("GET /apps HTTP/1.1", "Authorization: a", "Authorization: b"))

        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_of_two_idempotency_keys_none_is_chosen(home: HomeProcess, wire: Wire, app: str) -> None:
    body = b'{"command": "true"}'
    wire.send(
        a_request(
            f"POST /apps/{app}/tasks HTTP/1.1",
            f"Authorization: Bearer {home.token}",
            JSON,
            "Idempotency-Key: a",
            "Idempotency-Key: b",
            f"Content-Length: {len(body)}",
            body=body,
        )
    )

    answer = wire.answer()
    assert refused(answer) == 400
    assert "2 Idempotency-Key headers" in answer.json["Message"]
    assert home.api.get(f"/apps/{app}/tasks")["items"] == []


def test_headers_without_end_are_refused_before_they_are_many(wire: Wire) -> None:
    wire.send(b"GET /health HTTP/1.1\r\nX: ")
    with pytest.raises(ConnectionError):
        wire.send(b"x" * 64 * 1024 * 1024)


def test_a_request_that_trickles_is_given_up(inside: HomeInProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.serving.connection.LONGEST_ARRIVAL", 0.05)
    with serving(Gateway(triggers.app), inside) as server, closing(Wire(server)) as wire:
        wire.send(b"GE")

        assert refused(wire.answer()) == 408
        assert wire.is_closed()


def test_half_a_request_behind_a_whole_one_is_given_up_too(
    inside: HomeInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.serving.connection.LONGEST_ARRIVAL", 0.05)
    with serving(Gateway(triggers.app), inside) as server, closing(Wire(server)) as wire:
        wire.send(HEALTH + b"GET /hea")

        assert [wire.answer().status, refused(wire.answer())] == [200, 408]
        assert wire.is_closed()


def test_a_stranger_is_hung_up_on_after_a_while(
    inside: HomeInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.serving.connection.LONGEST_STRANGER", 0.05)
    with serving(Gateway(triggers.app), inside) as server, closing(Wire(server)) as wire:
        assert wire.is_closed()


def test_on_its_socket_the_owner_needs_no_token(home: HomeProcess) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(home.socket_url.removeprefix("unix:"))
        connection.sendall(b"GET /apps HTTP/1.1\r\nHost: x\r\n\r\n")

        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_nobody_else_can_reach_the_socket(home: HomeProcess) -> None:
    path = Path(home.socket_url.removeprefix("unix:"))

    assert [each.stat().st_mode & 0o077 for each in (path, path.parent)] == [0, 0]
