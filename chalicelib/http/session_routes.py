"""Routes about a person's terminal inside a task."""

from chalicelib.domain.token import Role
from chalicelib.http.endpoint import Call, Routes
from chalicelib.http.session_models import ChannelView, EndSession, OpenedSessionView, OpenSession
from chalicelib.http.task_models import TaskView
from chalicelib.http.task_routes import view_of
from chalicelib.usecases.open_session import close_session, come_back, keep_session, open_session

routes = Routes()


@routes.add("POST", "/tasks/{task_id}/sessions", Role.OPERATOR, status=201)
def open_(call: Call, task_id: str, body: OpenSession) -> OpenedSessionView:
    """Open a session in an interactive task; 409 NotReady while it starts, to be asked again."""
    opened = open_session(
        call.home,
        task_id,
        body.command,
        on_terminal=body.on_terminal,
        terminal_type=body.terminal_type,
        by=call.token,
    )
    return OpenedSessionView.of_session(opened)


@routes.add("POST", "/tasks/{task_id}/sessions/{session_id}/resume", Role.OPERATOR)
def resume(call: Call, task_id: str, session_id: str) -> ChannelView:
    """Get a fresh token for a session whose connection was lost."""
    return ChannelView.of(come_back(call.home, task_id, session_id, call.token))


@routes.add("POST", "/tasks/{task_id}/sessions/{session_id}/attend", Role.OPERATOR)
def attend(call: Call, task_id: str, session_id: str) -> TaskView:
    """Say, every ten minutes, that somebody is still in a session; else it counts as left after 25."""
    return view_of(call, keep_session(call.home, task_id, session_id, call.token))


@routes.add("POST", "/tasks/{task_id}/sessions/{session_id}/end", Role.OPERATOR)
def end(call: Call, task_id: str, session_id: str, body: EndSession) -> TaskView:
    """Say how a session ended; with the one that ran its command an attached task ends as well."""
    return view_of(call, close_session(call.home, task_id, session_id, body.exit_code, call.token))
