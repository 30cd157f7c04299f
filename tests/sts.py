"""An STS on this machine that checks signatures, with botocore's signer, and answers whom moto knows by the key.

It is asked over plain HTTP; nobody but the tests' own connection leads there.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from chalicelib.adapters.bounded_socket import BoundedSocket, Deadline
from tests.aws_clients import REGION, client_of

HOST = f"sts.{REGION}.amazonaws.com"
ACCOUNT = "123456789012"
TIMES = "%Y%m%dT%H%M%SZ"
_ANSWER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>{0}</Arn><UserId>AROAEXAMPLE:session</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>"
    "</GetCallerIdentityResponse>"
)
_REFUSAL = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{0}</Code>'
    "<Message>It quotes what was signed.</Message></Error><RequestId>0123</RequestId></ErrorResponse>"
)


@dataclass(frozen=True)
class Said:
    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Sts:
    """`asked` are the requests that came; `instead` may answer them in STS's place."""

    port: int = 0
    keys: dict[str, ReadOnlyCredentials] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    instead: Callable[[], Said] | None = None

    def connect(self, _host: str, deadline: Deadline) -> Any:
        return _connected(self.port, deadline)

    def assume(self, role: str, session: str = "alice", **more: Any) -> ReadOnlyCredentials:
        """Return credentials of a session of a role; moto must be at work."""
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:role/{role}"
        made = client_of("sts").assume_role(RoleArn=arn, RoleSessionName=session, **more)["Credentials"]
        return self.knows(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    def knows(self, key_id: str, secret: str, token: str | None) -> ReadOnlyCredentials:
        self.keys[key_id] = ReadOnlyCredentials(key_id, secret, token)
        return self.keys[key_id]

    def answer(self, method: str, target: str, headers: dict[str, str]) -> Said:
        self.asked.append((method, target, headers))
        return self.instead() if self.instead else self._judged(method, target, headers)

    def _judged(self, method: str, target: str, headers: dict[str, str]) -> Said:
        query = {name: values[-1] for name, values in parse_qs(urlsplit(target).query).items()}
        keys = self.keys.get(query.get("X-Amz-Credential", "").split("/")[0])
        if keys is None or query.get("X-Amz-Security-Token") != keys.token:
            return Said(403, _REFUSAL.format("InvalidClientTokenId"))
        if signature_of(method, target, headers, keys) != query.get("X-Amz-Signature"):
            return Said(403, _REFUSAL.format("SignatureDoesNotMatch"))
        if abs(datetime.now(UTC) - _moment(query["X-Amz-Date"])) > timedelta(minutes=15):
            return Said(403, _REFUSAL.format("RequestExpired"))
        return Said(200, _ANSWER.format(_arn_of(keys)))


def signature_of(method: str, target: str, headers: dict[str, str], keys: ReadOnlyCredentials) -> str:
    """Return what botocore makes of a request that arrived, as the holder of the keys would have signed it."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    region = query["X-Amz-Credential"].split("/")[2]
    signed = {name: headers.get(name, "") for name in query["X-Amz-SignedHeaders"].split(";")}
    rest = urlencode([(name, value) for name, value in query.items() if name != "X-Amz-Signature"])
    request = AWSRequest(method, f"https://{signed['host']}{parts.path}?{rest}", headers=signed)
    request.context["timestamp"] = query["X-Amz-Date"]
    signer = SigV4QueryAuth(keys, "sts", region)
    signature: str = signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )
    return signature


def presigned(
    keys: ReadOnlyCredentials,
    *,
    home: str,
    at: datetime | None = None,
    host: str = HOST,
    region: str = REGION,
    action: str = "GetCallerIdentity",
    method: str = "GET",
    expires: int = 900,
    headers: dict[str, str] | None = None,
    **parameters: str,
) -> str:
    """Return an address that botocore signed, the header for a home with it."""
    query = {"Action": action, "Version": "2011-06-15", **parameters}
    also = {"X-Tapit-Home": home} if headers is None else headers
    request = AWSRequest(method, f"https://{host}/", params=query, headers=also)
    _SignerAt(keys, region, expires, at or datetime.now(UTC)).add_auth(request)
    url: str = request.prepare().url
    return url


class _SignerAt(SigV4QueryAuth):  # type: ignore[misc] # botocore has no types
    """Signs as if it were another time."""

    def __init__(self, keys: ReadOnlyCredentials, region: str, expires: int, at: datetime) -> None:
        super().__init__(keys, "sts", region, expires)
        self._at = at.strftime(TIMES)

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = self._at
        super()._modify_request_before_signing(request)


@contextmanager
def sts_on_this_machine() -> Iterator[Sts]:
    sts = Sts()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = sts.answer(self.command, self.path, {n.lower(): v for n, v in self.headers.items()})
            self.send_response(said.status)
            for name, value in {"Content-Type": "text/xml", **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # who asked may have given up
                self.wfile.write(said.body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sts.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield sts
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def _connected(port: int, deadline: Deadline) -> Iterator[BoundedSocket]:
    with socket.create_connection(("127.0.0.1", port), timeout=deadline.left()) as connected:
        yield BoundedSocket(connected, deadline)


def _arn_of(keys: ReadOnlyCredentials) -> str:
    arn: str = client_of("sts", keys).get_caller_identity()["Arn"]
    return arn


def _moment(text: str) -> datetime:
    return datetime.strptime(text, TIMES).replace(tzinfo=UTC)
