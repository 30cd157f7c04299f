"""Everything that can go wrong, as the user would say it.

TapitError
├── InvalidRequest          the caller sent something we cannot accept
│   ├── NoAwsIdentities     ... at a home on one machine
│   └── TooLarge            ... because of its size
├── Unauthenticated         no token, or not one of ours, or not any more
│   └── NotProven           ... what is to prove an AWS identity does not
├── Forbidden               a token of ours, which is not good for this
├── LimitExceeded           the app does not allow that much
├── OutputForbidden         the program itself may not read what the task printed
├── NotFound
│   ├── AppNotFound
│   │   └── AppOutOfReach   ... for this token, whether there is one or not
│   ├── TaskRemoved         there was one, and somebody removed it
│   ├── SessionNotFound
│   ├── EventNotFound
│   ├── SubscriptionNotFound
│   ├── CommandNotFound
│   ├── ScheduleNotFound
│   └── NotInReach          ... or none for this token
│       ├── TaskNotFound
│       ├── TokenNotFound
│       └── TrustNotFound
├── Conflict                true, but not now
│   ├── AppExists
│   ├── AppInUse
│   ├── TokenExists
│   ├── TrustExists
│   ├── TooManyTrusts
│   ├── OwnersToken         without it, nobody could use the home of one machine
│   ├── TaskFinished
│   ├── TaskNotFinished
│   ├── TaskOver            there is nobody to open a session with any more
│   ├── NotInteractive      it was not started so that sessions can be opened
│   ├── NotReady            a session can be opened soon; ask again
│   │   └── TargetNotConnected  ... or never, when the task cannot reach Session Manager
│   ├── SubscriptionExists
│   ├── CommandExists
│   ├── ScheduleExists
│   ├── SubscriptionPaused  nothing is sent there until it is resumed
│   ├── SessionOver         a session that ended cannot be resumed
│   ├── EndNotSeen          a client claims an exit code, and whoever is inside has not seen the command end
│   ├── Locked              another task holds the lock, and this one is not to wait
│   ├── TooManyWait         ... and so many wait for it already
│   ├── IdempotencyConflict the key belongs to another request
│   ├── IdTaken             an id was drawn twice; draw again
│   └── Stale               somebody saved the record first; read it again
├── TooManyRequests         a token asks too often; later it may again
├── Unavailable             not the caller's fault, and it may pass
│   └── Misconfigured       ... once whoever deployed the program has mended its settings
├── Unreadable              another version wrote the record, or it is damaged
└── NotDone                 what runs tasks, or keeps their output or their time, did not do what it was asked
    ├── Unanswered          nobody knows whether it did; repeat the very same call
    ├── RefusedForNow       it did not, and may do so later
    └── RefusedForGood      it did not, and will not
        └── Unfit           ... for no task of the app, as long as the app and its service are as they are
"""

import math
from collections.abc import Mapping
from typing import Self

from chalicelib.domain.creator import schedule_among
from chalicelib.domain.lengths import hours_as_typed


class TapitError(Exception):
    """A failure the API may show by name; any other exception is a bug."""

    hint: str | None = None
    retry_after: int | None = None  # seconds, where it is known when the same request may work


class InvalidRequest(TapitError):
    def __init__(self, message: str, fields: dict[str, str] | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}
        self.hint = hint


class TooLarge(InvalidRequest):
    pass


class Unauthenticated(TapitError):
    def __init__(self, message: str = "The request has no token.", hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint or "Send 'Authorization: Bearer tpt_...'."


class NoAwsIdentities(InvalidRequest):
    def __init__(self) -> None:
        super().__init__(
            "Signing in with an AWS identity is for a home on AWS; this one is on one machine, and knows its owner "
            "and tokens.",
            hint="tapit create token name=NAME role=ROLE",
        )


class NotProven(Unauthenticated):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"The AWS identity is not proven. {message}", hint)


class Forbidden(TapitError):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def in_units(limit: str, value: float) -> str:
    """Say it as what is limited is typed."""
    return hours_as_typed(value) if limit == "max_hours" else f"{value:g}"


class LimitExceeded(TapitError):
    def __init__(self, app: str, limit: str, value: float, wanted: str, hint: str | None = None) -> None:
        super().__init__(f"App {app} allows {limit}={in_units(limit, value)}; {wanted}.")
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
    hint = "tapit list apps"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no app {name}.")


class AppOutOfReach(AppNotFound):
    def __init__(self, name: str, token_name: str, its_apps: str) -> None:
        super().__init__(f"{name} that token {token_name} reaches: it is for {its_apps} alone")


class NotInReach(NotFound):
    """Of what belongs to an app: a token that is for some apps is not told whether there is one elsewhere."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what}.")
        self._what = what

    def told_to(self, token_name: str) -> Self:
        self.args = (f"There is no {self._what} that token {token_name} reaches.",)
        return self


class TaskNotFound(NotInReach):
    hint = "tapit list tasks"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"task {task_id}")


class SubscriptionNotFound(NotFound):
    def __init__(self, app: str, name: str) -> None:
        super().__init__(f"App {app} has no subscription {name}.")
        self.hint = f"tapit -a {app} list subscriptions"


class CommandNotFound(NotFound):
    def __init__(self, app: str, name: str) -> None:
        super().__init__(f"App {app} has no command {name}.")
        self.hint = f"tapit -a {app} list commands"


class ScheduleNotFound(NotFound):
    def __init__(self, app: str, name: str) -> None:
        super().__init__(f"App {app} has no schedule {name}.")
        self.hint = f"tapit -a {app} list schedules"


class TaskRemoved(NotFound):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"Task {task_id}, made by an earlier request with this key, has been removed.")


class SessionNotFound(NotFound):
    def __init__(self, task_id: str, session_id: str) -> None:
        super().__init__(f"Task {task_id} has no session {session_id}.")
        self.hint = f"tapit show task task={task_id}"


class EventNotFound(NotFound):
    def __init__(self, event_id: str) -> None:
        super().__init__(f"There is no event {event_id}. Events are kept for seven days.")
        self.hint = "tapit list events"


class TokenNotFound(NotInReach):
    hint = "tapit list tokens"

    def __init__(self, name: str) -> None:
        super().__init__(f"token {name}")


class TrustNotFound(NotInReach):
    hint = "tapit list trusts"

    def __init__(self, name: str) -> None:
        super().__init__(f"trust {name}")


class Conflict(TapitError):
    pass


class TokenExists(Conflict):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is already a token {name}.")
        self.hint = f"Give the new one another name, or delete that one: tapit delete token name={name}"


class TrustExists(Conflict):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is already a trust {name}.")
        self.hint = f"Give the new one another name, or delete that one: tapit delete trust name={name}"


class TooManyTrusts(Conflict):
    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} trusts already, which is the most.")
        self.hint = "One trust can be for many roles: arn='arn:aws:iam::ACCOUNT:role/deploy-*'"


class OwnersToken(Conflict):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"Token {name} is the one by which this home knows its owner; it cannot be deleted so."
        )
        self.hint = "To replace it: remove the file `token` in the state folder, and start tapit-local anew."


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
        self.hint = f"tapit stop task={task_id}"


class TaskOver(Conflict):
    def __init__(self, task_id: str, status: str, why: str | None) -> None:
        super().__init__(f"Task {task_id} is {status}{f': {why}' if why else '.'}")
        self.hint = f"tapit show task task={task_id}"


class NotInteractive(Conflict):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"No session can be opened in task {task_id}: it was not started for that.")
        self.hint = "Start it with tapit run, or with tapit create task ... interactive=true."


class NotReady(Conflict):
    retry_after = 1

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


class SubscriptionExists(Conflict):
    def __init__(self, app: str, name: str) -> None:
        super().__init__(f"App {app} already has a subscription {name}.")
        self.hint = f"Give another name=, or change it: tapit -a {app} set subscription name={name} ..."


class CommandExists(Conflict):
    def __init__(self, app: str, name: str) -> None:
        super().__init__(f"App {app} already has a command {name}.")
        self.hint = f"Give another name=, or change it: tapit -a {app} set command name={name} ..."


class ScheduleExists(Conflict):
    def __init__(self, app: str, name: str) -> None:
        super().__init__(f"App {app} already has a schedule {name}.")
        self.hint = f"Give another name=, or change it: tapit -a {app} set schedule name={name} ..."


class SubscriptionPaused(Conflict):
    def __init__(self, app: str, name: str, why: str) -> None:
        super().__init__(f"Subscription {name} of app {app} is paused: {why}")
        self.hint = f"tapit -a {app} set subscription name={name} paused=false"


class SessionOver(Conflict):
    def __init__(self, session_id: str) -> None:
        super().__init__(f"The session {session_id} is over.")
        self.hint = "Open another one."


class EndNotSeen(Conflict):
    def __init__(self, session_id: str) -> None:
        super().__init__(f"The command in the session {session_id} was not seen to end.")
        self.hint = "To leave it while it runs, send no exit_code."


class Locked(Conflict):
    def __init__(self, app: str, name: str, holder: str, *, schedule: str | None = None) -> None:
        """`schedule` is the one that was started: its runs have a lock in common, and no if_locked."""
        self.name, self.holder = name, holder
        wait_too = "Or have this one wait: if_locked=wait"
        if schedule is not None:
            wait_too = f"Or have runs wait for one another: tapit -a {app} set schedule name={schedule} overlap=queue"
        is_its_own = schedule is not None and schedule_among(name) == schedule
        super().__init__(
            f"Task {holder} of schedule {schedule} has not ended."
            if is_its_own
            else f"Task {holder} of app {app} holds the lock {name}."
        )
        self.hint = f"Wait for its end: tapit wait task={holder}. {wait_too}"


class TooManyWait(Conflict):
    def __init__(self, app: str, name: str, holder: str, waiting: int, *, may_replace: bool) -> None:
        super().__init__(
            f"{waiting} tasks of app {app} wait for the lock {name}, which task {holder} holds: no more may."
        )
        may_say_so = may_replace and schedule_among(name) is None  # runs of a schedule take no if_locked
        replace = " Or have this one take its place: if_locked=replace" if may_say_so else ""
        self.hint = (
            f"See who waits: tapit -a {app} list tasks status=PENDING. "
            f"Stop who holds it: tapit stop task={holder}.{replace}"
        )


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


class TooManyRequests(TapitError):
    def __init__(self, token_name: str, per_second: float, wait: float) -> None:
        super().__init__(f"Token {token_name} asks too often: more than {per_second:g} times a second.")
        self.retry_after = math.ceil(wait)
        self.hint = f"Ask again in {self.retry_after} s, and less often."


class Unavailable(TapitError):
    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class Misconfigured(Unavailable):
    def __init__(self, problems: Mapping[str, str]) -> None:
        said = "; ".join(f"{name} {problem}" for name, problem in problems.items())
        super().__init__(f"The program's settings are not complete: {said}.")
        self.hint = "Whoever runs tapit should deploy it again."


class Unreadable(TapitError):
    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"The record of {name} cannot be read by this version of tapit: {problem}.")
        self.name = name
        self.hint = "A newer version of tapit wrote it, or it is damaged. Whoever runs tapit should use the newer one."


class NotDone(TapitError):
    pass


class Unanswered(NotDone):
    pass


class RefusedForNow(NotDone):
    pass


class RefusedForGood(NotDone):
    pass


class Unfit(RefusedForGood):
    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field  # of the app, which can mend it
