"""What requests about sessions and their answers look like."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import Command, RequestBody
from chalicelib.ports import DataChannel
from chalicelib.usecases.open_session import OpenedSession

# What terminals are called in terminfo; it becomes TERM where the container knows such a one.
TerminalType = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9+._-]{0,39}$")]


class OpenSession(RequestBody):
    """Without a `command` the session runs the task's own, which an attached task needs for its first.

    Off a terminal input and output travel as base64: docs/sessions.md has the protocol.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"command": "bash"}]})

    command: Command | None = None
    on_terminal: bool = True
    terminal_type: TerminalType | None = None


class ChannelView(View):
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
