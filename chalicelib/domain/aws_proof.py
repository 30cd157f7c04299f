"""The proof of an AWS identity: a presigned `sts:GetCallerIdentity`, signed together with the home that it is for.

Of the address that comes nothing is used as it stands: each part is held against what it must be, and the request that
goes to STS is made anew of them. The header's value is our own, so a request signed for another home does not fit.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from chalicelib.domain.errors import InvalidRequest, NotProven

HEADER = "X-Tapit-Home"
OLDEST = timedelta(minutes=15)
FARTHEST_AHEAD = timedelta(minutes=5)  # a clock that is fast
LONGEST_URL = 8192

_OPTIONAL = "X-Amz-Security-Token"
_PARAMETERS = {
    "Action": r"GetCallerIdentity",
    "Version": r"2011-06-15",
    "X-Amz-Algorithm": r"AWS4-HMAC-SHA256",
    "X-Amz-Credential": r"[A-Z0-9]{16,128}/[0-9]{8}/[a-z0-9-]{1,32}/sts/aws4_request",
    "X-Amz-Date": r"[0-9]{8}T[0-9]{6}Z",
    "X-Amz-Expires": r"[1-9][0-9]{0,2}",
    "X-Amz-SignedHeaders": rf"host;{HEADER.lower()}",
    _OPTIONAL: r"[A-Za-z0-9+/=_-]{1,6144}",
    "X-Amz-Signature": r"[0-9a-f]{64}",
}


@dataclass(frozen=True)
class Proof:
    """`target` is what to ask STS's `host` for, with GET; it was signed at a moment, and for a region."""

    host: str
    region: str
    target: str
    signed_at: datetime
    lasts: timedelta


def read_proof(url: str) -> Proof:
    """Raise InvalidRequest for anything but the presigned request that is wanted."""
    given = _parameters(_address(url).query)
    day, region = given["X-Amz-Credential"].split("/")[1:3]
    if day != given["X-Amz-Date"][:8]:
        _refuse("X-Amz-Credential and X-Amz-Date are of different days")
    return Proof(
        host=_address(url).netloc,
        region=region,
        target=f"/?{urlencode(given, quote_via=quote, safe='')}",
        signed_at=_moment(given["X-Amz-Date"]),
        lasts=timedelta(seconds=int(given["X-Amz-Expires"])),
    )


def refuse_stale(proof: Proof, now: datetime) -> None:
    """Raise NotProven unless it was signed just now: STS itself goes by no shorter time than its own."""
    if proof.signed_at > now + FARTHEST_AHEAD:
        raise NotProven("It was signed in the future.", "Is the clock right of the machine that signed it?")
    if now > proof.signed_at + min(proof.lasts, OLDEST):
        raise NotProven(
            f"It was signed at {proof.signed_at:%Y-%m-%d %H:%M:%S} UTC, and is too old.",
            "Sign another one. If this one is new: is the clock right of the machine that signed it?",
        )


def _address(url: str) -> SplitResult:
    if not (url.isascii() and url.isprintable()) or " " in url:
        _refuse("it is no URL")
    try:
        parts = urlsplit(url)
    except ValueError:
        _refuse("it is no URL")
    if parts.scheme != "https" or parts.path not in ("", "/") or parts.fragment:
        _refuse("it must be https://HOST/?... and nothing else")
    return parts


def _parameters(query: str) -> dict[str, str]:
    try:
        given = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=len(_PARAMETERS))
    except ValueError:
        _refuse("its query cannot be read, or has more parameters than are wanted")
    found = dict(given)
    if len(found) != len(given):
        _refuse("a parameter is there twice")
    for name in found.keys() - _PARAMETERS.keys():
        _refuse(f"the parameter {name[:50]!r} is not wanted")
    for name in _PARAMETERS.keys() - found.keys() - {_OPTIONAL}:
        _refuse(f"the parameter {name} is missing")
    for name, value in found.items():
        if not re.fullmatch(_PARAMETERS[name], value):
            _refuse(f"the parameter {name} is not what it must be")
    if timedelta(seconds=int(found["X-Amz-Expires"])) > OLDEST:
        _refuse(f"X-Amz-Expires is more than {OLDEST.total_seconds():.0f}")
    return found


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        _refuse("X-Amz-Date is no time")


def _refuse(problem: str) -> NoReturn:
    raise InvalidRequest(
        f"This is not the presigned request that proves an AWS identity: {problem}.",
        {"url": problem},
        "It is sts:GetCallerIdentity by GET, presigned for 900 seconds at most with the header X-Tapit-Home.",
    )
