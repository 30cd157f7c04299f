"""The signature of a data channel's upgrade request, so that its client needs no credentials of its own."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SERVICE = "ssmmessages"
SENT = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")


class UpgradeSignature:
    """Good for one address, while AWS takes it: some minutes. `credentials` are read when they are needed."""

    def __init__(self, credentials: Callable[[], Any], region: str) -> None:
        self._credentials = credentials
        self._region = region

    def __call__(self, url: str) -> Mapping[str, str]:
        """Return the headers to send; none for an address that is signed already."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        parts = urlsplit(url)
        # Decoded here and encoded anew by botocore, as AWS's own client does it: a `+` is a space. Given the whole
        # address botocore would sign its query as it is written.
        query = parse_qsl(parts.query, keep_blank_values=True)
        if any(name.startswith("X-Amz-") for name, _ in query):
            return {}
        request = AWSRequest("GET", parts._replace(query="").geturl(), params=query)
        SigV4Auth(self._credentials(), SERVICE, self._region).add_auth(request)
        return {name: request.headers[name] for name in SENT if name in request.headers}
