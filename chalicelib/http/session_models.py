"""What requests about sessions and their answers look like."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.http.fields import Command, Moment, RequestBody
from chalicelib.ports import DataChannel
from chalicelib.usecases.open_session import OpenedSession


class OpenSession(RequestBody):
    """Without a `command` the session runs the task's own, which an attached task needs for its first.

    Off a terminal the input is sent as lines of base64, and ends with the terminal's end-of-file character.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"command": "bash"}]})

    command: Command | None = None
    on_terminal: bool = True


class ChannelView(BaseModel):
    """A WebSocket that speaks the data channel of AWS Session Manager; good for one session, for a few minutes."""

    session_id: str
    url: str
    token: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, channel: DataChannel) -> Self:
        return cls.model_construct(**vars(channel))


class OpenedSessionView(ChannelView):
    """Where to connect. The command begins when its start mark, which holds the nonce, has been answered by a line."""

    nonce: str
    deadline: Moment | None

    @classmethod
    def of_session(cls, opened: OpenedSession) -> Self:
        return cls.model_construct(**vars(opened.channel), nonce=opened.nonce, deadline=opened.task.deadline)


class EndSession(RequestBody):
    """How the command in the session ended; without an exit code somebody left while it ran."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"exit_code": 0}]})

    exit_code: Annotated[int, Field(ge=0, le=255)] | None = None
