"""Routes about a person's terminal inside a task."""

from chalicelib.http.endpoint import Call, Routes
from chalicelib.http.session_models import ChannelView, EndSession, OpenedSessionView, OpenSession
from chalicelib.http.task_models import TaskView
from chalicelib.usecases.open_session import close_session, open_session, resume_session

routes = Routes()


@routes.add("POST", "/tasks/{task_id}/sessions", status=201)
def open_(call: Call, task_id: str, body: OpenSession) -> OpenedSessionView:
    """Open a session in an interactive task; 409 NotReady while it starts, to be asked again."""
    by = call.token.name
    opened = open_session(call.home, task_id, body.command, on_terminal=body.on_terminal, by=by)
    return OpenedSessionView.of_session(opened)


@routes.add("POST", "/tasks/{task_id}/sessions/{session_id}/resume")
def resume(call: Call, task_id: str, session_id: str) -> ChannelView:
    """Get a fresh token for a session whose connection was lost."""
    return ChannelView.of(resume_session(call.home, task_id, session_id))


@routes.add("POST", "/tasks/{task_id}/sessions/{session_id}/end")
def end(call: Call, task_id: str, session_id: str, body: EndSession) -> TaskView:
    """Say how a session ended; with the one that ran its command an attached task ends as well."""
    task = close_session(call.home, task_id, session_id, body.exit_code, call.token.name)
    return TaskView.of(task, call.home.clock.now(), poll_after=call.home.changes.poll_after)
