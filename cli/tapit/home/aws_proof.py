"""The proof of an AWS identity: a request to STS that is signed here, and sent by the home.

It is sts:GetCallerIdentity by GET, presigned with Signature Version 4, and the home's address is signed with it: at
another one it is good for nothing. The keys themselves go nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.home.aws_credentials import Credentials, find_credentials, region_for

if TYPE_CHECKING:
    from collections.abc import Mapping

GOOD_FOR = 900  # seconds
HEADER = "x-tapit-home"
NOTHING = hashlib.sha256(b"").hexdigest()  # a GET has no body


def proof_for(url: str, aws_profile: str | None) -> dict[str, object]:
    """What a home's POST /login takes; raise CliError where there is nothing to sign with."""
    home = name_of_home(url)
    region = region_for(aws_profile, home.partition("/")[0])
    signed = presigned(find_credentials(aws_profile), region, home, datetime.now(UTC))
    return {"url": signed, "home": home}


def name_of_home(url: str) -> str:
    """Host and path of an address, as the home's gateway has them."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http"):
        raise UsageError(
            "an AWS identity is for a home on AWS", f"{url} is on this machine.", "leave out --aws"
        )
    host = parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80")
    return host + parts.path.rstrip("/")


def presigned(credentials: Credentials, region: str, home: str, now: datetime) -> str:
    """The whole address; docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    host = f"sts.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/sts/aws4_request"
    signed_headers = f"host;{HEADER}"
    parameters = {
        "Action": "GetCallerIdentity",
        "Version": "2011-06-15",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.key_id}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(GOOD_FOR),
        "X-Amz-SignedHeaders": signed_headers,
    }
    if credentials.token is not None:
        parameters["X-Amz-Security-Token"] = credentials.token
    query = _canonical(parameters)
    headers = f"host:{host}\n{HEADER}:{' '.join(home.split())}\n"
    request = f"GET\n/\n{query}\n{headers}\n{signed_headers}\n{NOTHING}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature = _signature(credentials.secret, scope, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}")
    return f"https://{host}/?{query}&X-Amz-Signature={signature}"


def _canonical(parameters: Mapping[str, str]) -> str:
    """Encoded first, then sorted, as AWS does it again."""
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _signature(secret: str, scope: str, text: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
