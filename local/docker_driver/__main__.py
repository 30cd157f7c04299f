"""Run as a script by path; everything worth compiling lives in modules, whose bytecode Python caches."""

import os
import site
import sys

site.main()  # docker-py is there; before our own path, so that nothing beside this package can shadow it
sys.path.append(__file__.rsplit("/", 3)[0])

from local.docker_driver.container_task import ContainerTask  # noqa: E402
from local.supervisor.fork_server import serve  # noqa: E402

serve(ContainerTask)
os._exit(0)  # taking the interpreter apart would cost half as much as all that came before
