"""Everything that can go wrong, as the user would say it.

TapitError
├── InvalidRequest          the caller sent something we cannot accept
│   └── TooLarge            ... because of its size
├── Unauthenticated         no token, or not one of ours
├── LimitExceeded           the app does not allow that much
├── OutputForbidden         the program itself may not read what the task printed
├── NotFound
│   ├── AppNotFound
│   ├── TaskNotFound
│   ├── TaskRemoved         there was one, and somebody removed it
│   └── SessionNotFound
├── Conflict                true, but not now
│   ├── AppExists
│   ├── AppInUse
│   ├── TaskFinished
│   ├── TaskNotFinished
│   ├── TaskOver            there is nobody to open a session with any more
│   ├── NotInteractive      it was not started so that sessions can be opened
│   ├── NotReady            a session can be opened soon; ask again
│   │   └── TargetNotConnected  ... or never, when the task cannot reach Session Manager
│   ├── SessionOver         a session that ended cannot be resumed
│   ├── IdempotencyConflict the key belongs to another request
│   ├── IdTaken             an id was drawn twice; draw again
│   └── Stale               somebody saved the record first; read it again
├── Unavailable             not the caller's fault, and it may pass
│   └── Misconfigured       ... once whoever deployed the program has mended its settings
└── LaunchError             how a cluster may answer a launch other than with a task
    ├── Unanswered          nobody knows; repeat the very same call
    ├── NoCapacity          refused for now; worth a new attempt
    └── CannotStart         refused for good
"""

from collections.abc import Mapping


class TapitError(Exception):
    """A failure the API may show by name; any other exception is a bug."""

    hint: str | None = None


class InvalidRequest(TapitError):
    def __init__(self, message: str, fields: dict[str, str] | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}
        self.hint = hint


class TooLarge(InvalidRequest):
    pass


class Unauthenticated(TapitError):
    def __init__(self) -> None:
        super().__init__("The request has no valid token.")
        self.hint = "Send 'Authorization: Bearer tpt_...'."


class LimitExceeded(TapitError):
    def __init__(self, app: str, limit: str, value: float, wanted: str, hint: str | None = None) -> None:
        super().__init__(f"App {app} allows {limit}={value:g}; {wanted}.")
        key = "max_hours_limit" if limit == "max_hours" else limit
        self.hint = hint or f"tapit set app name={app} {key}=..."


class OutputForbidden(TapitError):
    def __init__(self, task_id: str, log_group: str, said: str) -> None:
        super().__init__(
            f"The output of task {task_id} is in the log group {log_group}, which tapit may not read: {said}"
        )
        self.hint = f"Whoever runs tapit should deploy it again, with {log_group} among its LogGroups."


class NotFound(TapitError):
    pass


class AppNotFound(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no app {name}.")
        self.hint = "tapit list apps"


class TaskNotFound(NotFound):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"There is no task {task_id}.")
        self.hint = "tapit list tasks"


class TaskRemoved(NotFound):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"Task {task_id}, made by an earlier request with this key, has been removed.")


class SessionNotFound(NotFound):
    def __init__(self, task_id: str, session_id: str) -> None:
        super().__init__(f"Task {task_id} has no session {session_id}.")
        self.hint = f"tapit show task task={task_id}"


class Conflict(TapitError):
    pass


class AppExists(Conflict):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is already an app {name}.")
        self.hint = f"tapit set app name={name} ..."


class AppInUse(Conflict):
    def __init__(self, name: str, active: int) -> None:
        super().__init__(f"App {name} still has {active} unfinished {'task' if active == 1 else 'tasks'}.")
        self.hint = "Stop them or let them end, then delete the app."


class TaskFinished(Conflict):
    def __init__(self, task_id: str, status: str) -> None:
        super().__init__(f"Task {task_id} is {status}; its time limit cannot change any more.")


class TaskNotFinished(Conflict):
    def __init__(self, task_id: str, status: str) -> None:
        super().__init__(f"Task {task_id} is {status}; only a finished task can be removed.")
        self.hint = "Stop it first."


class TaskOver(Conflict):
    def __init__(self, task_id: str, status: str, why: str | None) -> None:
        super().__init__(f"Task {task_id} is {status}{f': {why}' if why else '.'}")
        self.hint = f"tapit show task task={task_id}"


class NotInteractive(Conflict):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"No session can be opened in task {task_id}: it was not started for that.")
        self.hint = "Start it with tapit run, or with tapit create task ... interactive=true."


class NotReady(Conflict):
    retry_after = 1  # seconds

    def __init__(self, task_id: str, what: str) -> None:
        super().__init__(f"Task {task_id} is not ready for a session: {what}.")


class TargetNotConnected(NotReady):
    """Said by ECS Exec for some seconds after the start; for ever when something is missing."""

    retry_after = 2

    def __init__(self, task_id: str) -> None:
        super().__init__(task_id, "its agent is not connected to Session Manager")
        self.hint = (
            "If this lasts: its task role needs ssmmessages:CreateControlChannel, CreateDataChannel, "
            "OpenControlChannel and OpenDataChannel; its subnets need a route to ssmmessages; "
            "its root file system must be writable; and AWS keys in its environment must not stand in for its role."
        )


class SessionOver(Conflict):
    def __init__(self, session_id: str) -> None:
        super().__init__(f"The session {session_id} is over.")
        self.hint = "Open another one."


class IdempotencyConflict(Conflict):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request in the last 24 hours.")
        self.hint = "Use a new key for a new request."


class IdTaken(Conflict):
    pass


class Stale(Conflict):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} changed while you were looking.")
        self.hint = "Try again."


class Unavailable(TapitError):
    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class Misconfigured(Unavailable):
    def __init__(self, problems: Mapping[str, str]) -> None:
        said = "; ".join(f"{name} {problem}" for name, problem in problems.items())
        super().__init__(f"The program's settings are not complete: {said}.")
        self.hint = "Whoever runs tapit should deploy it again."


class LaunchError(TapitError):
    pass


class Unanswered(LaunchError):
    pass


class NoCapacity(LaunchError):
    pass


class CannotStart(LaunchError):
    pass
