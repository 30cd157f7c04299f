"""Asks AWS's STS whose a presigned request is: one request that was made anew of it, to STS and to nowhere else.

No redirect is followed, for the request must not reach anybody else; and no proxy is used, for it would see it.
"""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Any, cast

from chalicelib import VERSION
from chalicelib.adapters.bounded_socket import BoundedSocket, Deadline, TooLong
from chalicelib.adapters.checked_connection import trusted_by_the_system
from chalicelib.adapters.lazy_client import shared_session
from chalicelib.domain.aws_proof import HEADER, Proof
from chalicelib.domain.errors import InvalidRequest, NotProven, Unavailable

PATIENCE = 6.0  # seconds for all of it: well below what the function has
LARGEST_ANSWER = 64 * 1024
Connect = Callable[[str, Deadline], AbstractContextManager[BoundedSocket]]

_ANSWERS_OF_KEYS = {
    "SignatureDoesNotMatch": (
        "Its signature does not fit: the secret key is wrong, or something was changed after it was signed.",
        "Are these the right AWS credentials? aws sts get-caller-identity tells.",
    ),
    "InvalidClientTokenId": (
        "AWS does not know the access key, or not in that region.",
        "Are these the right AWS credentials? aws sts get-caller-identity tells.",
    ),
    "ExpiredToken": ("The AWS credentials have expired.", "Get new ones, as with: aws sso login"),
    "RequestExpired": ("The request is too old.", "Sign another one."),
}
_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
_PASSES = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceUnavailable")


@contextmanager
def connected_to_sts(host: str, deadline: Deadline) -> Iterator[BoundedSocket]:
    with socket.create_connection((host, 443), timeout=deadline.left()) as plain:
        plain.settimeout(deadline.left())
        with trusted_by_the_system().wrap_socket(plain, server_hostname=host) as connected:
            yield BoundedSocket(connected, deadline)


class AwsIdentities:
    """Of the partition that a region is in. Threads may share one."""

    def __init__(self, region: str, connect: Connect = connected_to_sts, patience: float = PATIENCE) -> None:
        self._region = region
        self._connect = connect
        self._patience = patience

    def identify(self, proof: Proof, home: str) -> str:
        self._refuse_other_hosts(proof)
        try:
            status, content = self._ask(proof, home)
        except (OSError, EOFError, HTTPException, TooLong) as error:
            raise _no_answer(proof.host) from error
        return _arn_in(status, content, proof.host)

    def _refuse_other_hosts(self, proof: Proof) -> None:
        hosts = hosts_of_sts(self._region)
        if proof.host not in hosts:
            raise _not_sts(f"{proof.host[:100]!r} is no host of AWS's STS near this home", self._region)
        if hosts[proof.host] != proof.region:
            raise _not_sts(f"what is for {proof.host} is signed for {hosts[proof.host]}", self._region)

    def _ask(self, proof: Proof, home: str) -> tuple[int, bytes]:
        headers = {
            "Host": proof.host,
            HEADER: home,
            "User-Agent": f"tapit/{VERSION}",
            "Accept": "text/xml",
            "Connection": "close",
        }
        with self._connect(proof.host, Deadline(self._patience)) as connected:
            connection = HTTPConnection(proof.host)
            connection.sock = cast(socket.socket, connected)
            connection.request("GET", proof.target, headers=headers)
            with connection.getresponse() as response:
                return response.status, response.read(LARGEST_ANSWER)


@cache
def hosts_of_sts(region: str) -> Mapping[str, str]:
    """Return the region that is signed for each host of STS in the partition, as the SDK of this machine knows them."""
    session = shared_session()
    partition = session.get_partition_for_region(region)
    regions = {region, *session.get_available_regions("sts", partition)}
    hosts = {f"sts.{each}.{_SUFFIXES[partition]}": each for each in regions if partition in _SUFFIXES}
    return hosts | ({"sts.amazonaws.com": "us-east-1"} if partition == "aws" else {})


def _arn_in(status: int, content: bytes, host: str) -> str:
    """Of a refusal only its code is passed on: what else it says may quote what was signed."""
    said = _parsed(status, content)
    if status == 200 and isinstance(arn := said.get("Arn"), str):
        return arn
    code = str(said.get("Error", {}).get("Code", ""))
    if not 400 <= status < 500 or status == 429 or code in _PASSES or not code:
        raise _no_answer(host)
    told = (f"STS refused the request ({code[:50]}).", "Sign another one.")
    raise NotProven(*_ANSWERS_OF_KEYS.get(code, told))


def _parsed(status: int, content: bytes) -> dict[str, Any]:
    from botocore.parsers import ResponseParserError, create_parser

    model = shared_session().get_service_model("sts").operation_model("GetCallerIdentity")
    answer = {"status_code": status, "headers": {}, "body": content}
    try:
        parsed: dict[str, Any] = create_parser("query").parse(answer, model.output_shape)
    except (ResponseParserError, KeyError, ValueError):
        return {}
    return parsed


def _not_sts(problem: str, region: str) -> InvalidRequest:
    message = f"This is not the presigned request that proves an AWS identity: {problem}."
    return InvalidRequest(
        message, {"url": problem}, f"Sign it for this home's own region: AWS_REGION={region}"
    )


def _no_answer(host: str) -> Unavailable:
    return Unavailable(f"AWS's STS ({host}) gave no answer that can be read.", "Try again in a moment.")
