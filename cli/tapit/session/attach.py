"""A session, from the address the home gave to how it ended."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from tapit import TYPE_CHECKING
from tapit.session import frames
from tapit.session.attendance import Attendance
from tapit.session.command_input import Keyboard, Pipe
from tapit.session.command_output import OutputBuffer
from tapit.session.pump import Pump
from tapit.session.raw_terminal import INPUT, OUTPUT, RawTerminal
from tapit.session.reconnecting_websocket import ReconnectingWebSocket
from tapit.session.reliable_delivery import ReliableDelivery
from tapit.session.result import Ended, HungUp, Left, Lost, Result
from tapit.session.session_protocol import SessionProtocol
from tapit.session.time_limit import TimeLimit
from tapit.session.wakeup import Wakeup

if TYPE_CHECKING:
    from tapit.home.answers import OpenedSession
    from tapit.session.session_requests import SessionRequests

__all__ = ["Ended", "HungUp", "Left", "Lost", "Result", "attach"]

_ALWAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_AT_A_TERMINAL = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


def attach(
    opened: OpenedSession,
    *,
    terminal: bool,
    requests: SessionRequests,
    on_ready: Callable[[], None],
) -> Result:
    """Connect stdin and stdout with the command until it ends; whatever happens, the terminal is as before.

    `on_ready` is called when the command begins. Raise CliError when the session cannot be opened.
    """
    output = OutputBuffer(OUTPUT)
    own = RawTerminal() if terminal else None
    ending: Result | None = None
    with Wakeup(*(_ALWAYS + _AT_A_TERMINAL if terminal else _ALWAYS)) as wakeup:
        delivery = ReliableDelivery(frames.INPUT, frames.OUTPUT)
        connection = ReconnectingWebSocket(
            opened, requests.resume, wakeup.ring, home_is_here=requests.home_is_here
        )
        pump = Pump(
            delivery=delivery,
            protocol=SessionProtocol(delivery, str(opened["nonce"]), time.monotonic()),
            connection=connection,
            wakeup=wakeup,
            source=Keyboard(INPUT) if terminal else Pipe(INPUT),
            output=output,
            terminal=own,
            time_limit=TimeLimit(opened.get("deadline"), requests.look, time.time()),
            attendance=Attendance(requests, time.monotonic()),
            report=requests.report_end,
            on_ready=on_ready,
        )
        try:
            ending = pump.run()
        finally:
            if own is not None:
                own.restore()
            if own is not None and not isinstance(ending, Ended):
                own.tidy(output.screen)
            connection.close()
    return ending
