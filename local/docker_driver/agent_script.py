"""Run as a script by path: the agent that lets sessions into a container. Its supervisor holds its stdin open."""

import json
import os
import sys
from functools import partial

# Last, so that nothing beside this package can shadow the standard library.
sys.path.append(__file__.rsplit("/", 3)[0])

from local.docker_driver.exec_terminal import ContainerAddress
from local.docker_driver.piped_exec import terminal_in
from local.session_agent.agent import Agent
from local.session_agent.agent_options import AgentOptions
from local.supervisor.signals import watch_signals


def main(told: str) -> int:
    options = json.loads(told)
    address = ContainerAddress(options["engine"], options["api_version"], options["container"])
    signals = watch_signals()
    command = None if options["attached"] else _stand_in()
    settings = AgentOptions(options["folder"], options["socket"])
    return Agent(settings, {}, signals, command, partial(terminal_in, address)).run()


def _stand_in() -> int:
    """Return a process that ends when the container does, as the task's own command would be here."""
    child = os.fork()
    if child == 0:
        os.read(0, 1)
        os._exit(0)
    return child


sys.exit(main(sys.argv[1]))
