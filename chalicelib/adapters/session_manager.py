"""Sessions of Systems Manager, which carries those of ECS Exec: come back to one, end one, meet one."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.ecs_refusals import code_of
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

    def resume(self, session_id: str) -> DataChannel:
        """Raise SessionOver for one that was ended, or whose time ran out: then no token comes."""
        try:
            answer = self._client.resume_session(SessionId=session_id)
        except ClientError as error:
            if code_of(error) == _GONE:
                raise SessionOver(session_id) from error
            raise
        if not answer.get("TokenValue"):
            raise SessionOver(session_id)
        return self.channel(session_id, answer["StreamUrl"], answer["TokenValue"])

    def end(self, session_id: str) -> None:
        try:
            self._client.terminate_session(SessionId=session_id)
        except ClientError as error:
            if code_of(error) != _GONE:
                raise
