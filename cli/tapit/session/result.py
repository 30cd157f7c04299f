"""How a session can end.

Ended     the command did, and its exit code is known
Left      the person went, or a signal made us go, while it ran
Lost      the connection broke, and could not be made again
HungUp    the other end hung up before the command had ended
"""

from tapit.errors import CliError


class Ended:
    """`not_reported`: why the home could not be told so."""

    def __init__(self, exit_code: int, not_reported: CliError | None = None) -> None:
        self.exit_code = exit_code
        self.not_reported = not_reported


class Left:
    """`signal` None: the person asked for it. SIGPIPE: nobody reads the output any more; SIGHUP: no terminal."""

    def __init__(self, signal: int | None = None) -> None:
        self.signal = signal


class Lost:
    def __init__(self, why: str) -> None:
        self.why = why


class HungUp:
    """`why` may be empty; `has_shown_output` is whether any of the command's came."""

    def __init__(self, why: str, *, has_shown_output: bool) -> None:
        self.why = why
        self.has_shown_output = has_shown_output


Result = Ended | Left | Lost | HungUp
