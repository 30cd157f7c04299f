"""From the command line to a running agent: the task's command comes first, then everything that serves sessions."""

import os
import sys

from local.session_agent.agent_options import AgentOptions, decode
from local.session_agent.child_processes import start_command
from local.supervisor.signals import watch_signals


def main(arguments: list[str]) -> int:
    """Return the exit status of the task, or die by the signal that its command died by."""
    options = decode(arguments)
    environment = options.environment()
    signals = watch_signals()
    command = None
    if options.command is not None:
        try:
            command = start_command(options.command, environment)
        except OSError as error:
            sys.stderr.write(f"tapit: cannot start a process: {os.strerror(error.errno or 0)}\n")
            return 125
    _leave_the_output_to_the_command(options)
    # Not before: the command need not wait for what only sessions need.
    from local.session_agent.agent import Agent

    return Agent(options, environment, signals, command).run()


def _leave_the_output_to_the_command(options: AgentOptions) -> None:
    """What Python may have to complain about goes to a file."""
    try:
        complaints = os.open(
            f"{options.folder}/agent.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
    except OSError:
        complaints = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(complaints, 1)
    os.dup2(complaints, 2)
    os.close(complaints)
