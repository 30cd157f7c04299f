"""Everything `tapit` can refuse or fail at, with the exit code scripts see.

CliError                1
├── UsageError          2    what was typed cannot be read
├── NotFound            3    no such task or app
│   ├── AppNotFound
│   ├── SubscriptionNotFound
│   ├── ScheduleNotFound
│   ├── CommandNotFound
│   ├── TokenNotFound
│   └── TrustNotFound
├── NotAllowed          4    the token is refused, or may not do this
│   └── OutputForbidden      ... the home itself may not read the task's output
├── NotReady            1    a session can be opened soon
│   └── NotConnected         ... or never: the task cannot be reached
├── SessionOver         1    there is nothing to come back to
├── TaskOver            1    no session can be opened in a task that has ended, or is about to
├── HomeFailed          1    the home tripped over the request; another try may not
├── Endless             5    page after page brings nothing new: asking again is no use
├── Unreachable         5    no sensible answer from the home
│   └── OutputUnavailable    ... where the task's output is concerned
└── WaitTimedOut        124  --timeout ran out
"""

OWN_FAILURE = 125  # as docker has it: below 125 the code is the task's own
INTERRUPTED = 130
CLOSED_PIPE = 141


class NobodyReads(BaseException):
    """Who would be told of an answer has gone, as `head` does; like Ctrl-C, it is no failure of the request."""


class CliError(Exception):
    """A failure told in full: what happened, why, and what to type next."""

    exit_code = 1

    def __init__(
        self, what: str, why: str | None = None, then: str | None = None, *, request_id: str | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.then = then
        self.request_id = request_id


class UsageError(CliError):
    exit_code = 2


class NotFound(CliError):
    exit_code = 3


class AppNotFound(NotFound):
    pass


class SubscriptionNotFound(NotFound):
    pass


class ScheduleNotFound(NotFound):
    pass


class CommandNotFound(NotFound):
    pass


class TokenNotFound(NotFound):
    pass


class TrustNotFound(NotFound):
    pass


class NotAllowed(CliError):
    exit_code = 4


class OutputForbidden(NotAllowed):
    pass


class NotReady(CliError):
    pass


class NotConnected(NotReady):
    pass


class SessionOver(CliError):
    pass


class TaskOver(CliError):
    pass


class HomeFailed(CliError):
    pass


class Endless(CliError):
    exit_code = 5


class Unreachable(CliError):
    exit_code = 5


class OutputUnavailable(Unreachable):
    pass


class WaitTimedOut(CliError):
    exit_code = 124
