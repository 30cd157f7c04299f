"""A session, from the address the home gave to how it ended."""

import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

from tapit.session import frames
from tapit.session.channel import Channel
from tapit.session.conversation import Conversation
from tapit.session.keyboard import Keyboard, Pipe
from tapit.session.link import Link
from tapit.session.outflow import Outflow
from tapit.session.pump import Pump
from tapit.session.raw_terminal import INPUT, OUTPUT, RawTerminal
from tapit.session.result import Closed, Ended, Left, Lost, Result
from tapit.session.time_limit import TimeLimit
from tapit.session.wakeup import Wakeup

__all__ = ["Closed", "Ended", "Left", "Lost", "Result", "attach"]

_ALWAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_AT_A_TERMINAL = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


def attach(
    opened: Mapping[str, Any],
    *,
    terminal: bool,
    report: Callable[[int], None],
    resume: Callable[[], Mapping[str, Any]],
    new_deadline: Callable[[], str | None],
    on_ready: Callable[[], None],
) -> Result:
    """Connect stdin and stdout with the command until it ends; whatever happens, the terminal is as before.

    `report`, `resume` and `new_deadline` are asked in a thread, one at a time as a rule; `on_ready` is called when the
    command begins. Raise CliError when the session cannot be had at all.
    """
    outflow = Outflow(OUTPUT)
    own = RawTerminal() if terminal else None
    ending: Result | None = None
    with Wakeup(*(_ALWAYS + _AT_A_TERMINAL if terminal else _ALWAYS)) as wakeup:
        channel = Channel(frames.INPUT, frames.OUTPUT)
        link = Link(opened, resume, wakeup.ring)
        pump = Pump(
            channel=channel,
            conversation=Conversation(channel, str(opened["nonce"])),
            link=link,
            wakeup=wakeup,
            source=Keyboard(INPUT) if terminal else Pipe(INPUT),
            outflow=outflow,
            terminal=own,
            time_limit=TimeLimit(opened.get("deadline"), new_deadline, time.time()),
            report=report,
            on_ready=on_ready,
        )
        try:
            ending = pump.run()
        finally:
            if own is not None:
                own.restore()
            if own is not None and not isinstance(ending, Ended):
                own.tidy(outflow.screen)
            link.close()
    return ending
