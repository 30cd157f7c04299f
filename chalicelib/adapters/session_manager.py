"""Sessions of Systems Manager, which carries those of ECS Exec: come back to one, end one, meet one."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of
from chalicelib.domain.errors import SessionOver
from chalicelib.ports import DataChannel

Sign = Callable[[str], Mapping[str, str]]
_GONE = "DoesNotExistException"


class SessionManager:
    """`sign` makes the headers of a data channel's upgrade request."""

    def __init__(self, client: Any, sign: Sign) -> None:
        self._client = client
        self._sign = sign

    def channel(self, session_id: str, url: str, token: str) -> DataChannel:
        return DataChannel(session_id, url, token, self._sign(url))

    def resume(self, session_id: str, known_url: str | None) -> DataChannel:
        """Raise SessionOver for one that was ended, or whose time ran out: then no token comes.

        AWS may answer with another address, or with none: then it is the one that was.
        """
        try:
            answer = self._client.resume_session(SessionId=session_id)
        except ClientError as error:
            if code_of(error) == _GONE:
                raise SessionOver(session_id) from error
            raise
        url = answer.get("StreamUrl") or known_url
        if not answer.get("TokenValue") or not url:
            raise SessionOver(session_id)
        return self.channel(session_id, url, answer["TokenValue"])

    def end(self, session_id: str) -> None:
        try:
            self._client.terminate_session(SessionId=session_id)
        except ClientError as error:
            if code_of(error) != _GONE:
                raise
