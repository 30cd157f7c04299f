"""HTTP as bytes: what well-behaved clients do works, and what others do is answered in our shape."""

import json
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from chalice.app import Chalice

import app as triggers
from local.server import MOST_CONNECTIONS, Gateway, Incoming, Server, connections_for
from tests.app.error_shape import is_documented
from tests.home_in_process import HomeInProcess
from tests.home_process import HomeProcess
from tests.http_client import Answer, Api
from tests.local.supervised_task import GENEROUS, until


class Wire:
    """One connection, byte by byte."""

    def __init__(self, home: HomeProcess | Server) -> None:
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


# What others do


def refused(answer: Answer) -> int:
    assert is_documented(answer), answer.text
    assert answer.headers["x-request-id"]
    return answer.status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Content-Length: x"], 411),
        (["Content-Length: -1"], 411),
        (["Content-Length: 1.5"], 411),
        (["Content-Length: 1", "Content-Length: 2"], 411),
        (["Content-Length: \xb2"], 411),
        (["Content-Length: +1"], 411),
        (["Content-Length: 99999999999"], 413),
        (["Content-Length: " + "9" * 5000], 413),
        (["Transfer-Encoding: chunked"], 411),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], 411),
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
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET / HTTP/x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 200 + b"\r\n", 431),
        (b"BREW /apps HTTP/1.1\r\n\r\n", 405),
        (b"TRACE / HTTP/1.1\r\n\r\n", 405),
        (b"CONNECT x:1 HTTP/1.1\r\n\r\n", 405),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_request_of_ours_is_refused_in_our_shape(wire: Wire, content: bytes, status: int) -> None:
    wire.send(content)

    answer = wire.answer()
    assert (answer.status, set(answer.json)) == (status, {"Code", "Message"})
    assert wire.is_closed()


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "DELETE"])
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
    assert f"Content-Length: {got.headers['content-length']}".encode() in head


def test_head_of_what_can_only_be_done_is_refused(home: HomeProcess, wire: Wire) -> None:
    wire.send(a_request("HEAD /tasks/x/stop HTTP/1.1", "Connection: close"))

    head, _, body = wire.reading.read().partition(b"\r\n\r\n")

    assert (int(head.split()[1]), b"Allow: POST\r\n" in head, body) == (405, True, b"")


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
    wires = [Wire(home) for _ in range(100)]
    try:
        for wire in wires:
            wire.send(HEALTH)
        assert {wire.answer().status for wire in wires} == {200}
    finally:
        for wire in wires:
            wire.close()


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


@pytest.fixture
def small_server(inside: HomeInProcess) -> Iterator[Server]:
    """A server for two connections at a time."""
    with Server(triggers.app, 0, most_connections=2) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_one_client_too_many_is_told_to_come_back(small_server: Server) -> None:
    with closing(Wire(small_server)) as one, closing(Wire(small_server)) as other:
        for wire in (one, other):
            wire.send(HEALTH)
            assert wire.answer().status == 200
        with closing(Wire(small_server)) as third:
            third.send(HEALTH)
            answer = third.answer()

    assert (answer.status, answer.headers["retry-after"], answer.json["Code"]) == (503, "1", "Unavailable")
    until(lambda: _status_of_health(small_server) == 200)


def _status_of_health(server: Server) -> int:
    with closing(Wire(server)) as wire:
        wire.send(HEALTH)
        return wire.answer().status


@pytest.mark.parametrize(
    ("files", "connections"), [(300, 100), (1024, 462), (20_000, MOST_CONNECTIONS), (64, 1)]
)
def test_connections_leave_files_for_the_rest(files: int, connections: int) -> None:
    assert connections_for(files) == connections


def test_a_request_that_trickles_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        incoming = Incoming(ours, longest=0)
        theirs.send(b"GE")
        assert incoming.readinto(bytearray(1)) == 1

        with pytest.raises(TimeoutError):
            incoming.readinto(bytearray(1))

        incoming.expect_request()  # the next one has time of its own
        assert incoming.readinto(bytearray(1)) == 1


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


class _Listening:
    """Stands where the app is asked, and keeps what it was told of requests."""

    def __init__(self, status: int) -> None:
        self.ids: list[str] = []
        self._status = status

    def answer(self, *given: Any) -> Any:
        self.ids.append(given[-1])
        return {"statusCode": self._status, "headers": {}, "body": "{}"}


@pytest.mark.parametrize(("status", "level"), [(200, "DEBUG"), (404, "DEBUG"), (500, "ERROR")])
def test_the_app_the_log_and_the_client_know_a_request_by_one_id(
    small_server: Server, caplog: pytest.LogCaptureFixture, status: int, level: str
) -> None:
    small_server.gateway = listening = _Listening(status)  # type: ignore[assignment]

    with caplog.at_level("DEBUG", "local.server"), closing(Wire(small_server)) as wire:
        wire.send(a_request("GET /health HTTP/1.1", "Connection: close"))
        answer = wire.answer()
        assert wire.is_closed()

    assert listening.ids == [answer.headers["x-request-id"]]
    named = [record for record in caplog.records if f"{listening.ids[0]} GET /health" in record.getMessage()]
    assert level in [record.levelname for record in named]


def test_the_event_has_the_id_of_the_request() -> None:
    app = Chalice("one-route")

    @app.route("/id")
    def tell() -> Any:
        assert app.current_request is not None
        return app.current_request.to_original_event()["requestContext"]["requestId"]

    assert Gateway(app).answer("GET", "/id", {}, b"", "f00")["body"] == "f00"


# When the fault is ours


class _Broken:
    """Stands where the app is asked."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def answer(self, *_: Any, **__: Any) -> Any:
        raise self._error


def test_a_bug_of_ours_is_answered_in_our_shape_and_logged(
    small_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    small_server.gateway = _Broken(KeyError("resourcePath"))  # type: ignore[assignment]

    with closing(Wire(small_server)) as wire:
        wire.send(HEALTH)
        answer = wire.answer()
        assert wire.is_closed()

    assert (answer.status, answer.json["Code"]) == (500, "InternalServerError")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "KeyError: 'resourcePath'" in caplog.text
    assert f"Request {answer.headers['x-request-id']} GET /health" in caplog.text


def test_a_client_that_is_gone_is_no_error(small_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    small_server.gateway = _Broken(BrokenPipeError())  # type: ignore[assignment]

    with closing(Wire(small_server)) as wire:
        wire.send(HEALTH)
        assert wire.is_closed()

    assert caplog.records == []
