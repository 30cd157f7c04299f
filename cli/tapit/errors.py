"""Everything `tapit` can refuse or fail at, with the exit code scripts see.

CliError                1
├── UsageError          2    what was typed cannot be read
├── NotFound            3    no such task or app
├── NotAllowed          4    the token is refused, or may not do this
│   └── OutputForbidden      ... the home itself may not read the task's output
├── NotReady            1    a session can be opened soon
│   └── NotConnected         ... or never: the task cannot be reached
├── SessionOver         1    there is nothing to come back to
├── HomeFailed          1    the home tripped over the request; another try may not
├── Unreachable         5    no sensible answer from the home
└── WaitTimedOut        124  --timeout ran out
"""

OWN_FAILURE = 125  # as docker has it: below 125 the code is the task's own
INTERRUPTED = 130
CLOSED_PIPE = 141


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


class HomeFailed(CliError):
    pass


class Unreachable(CliError):
    exit_code = 5


class WaitTimedOut(CliError):
    exit_code = 124


def nearest(word: str, known: list[str]) -> str | None:
    """The known word a typo was probably meant to be."""
    import difflib  # only ever needed on the way to an error

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None
