"""Run as a script by path; everything worth compiling lives in modules, whose bytecode Python caches."""

import os
import sys

# Last, so that nothing beside this package can shadow the standard library.
sys.path.append(__file__.rsplit("/", 3)[0])

from local.process_driver.linux import load_c_library
from local.process_driver.task_processes import TaskProcesses
from local.supervisor.fork_server import serve

load_c_library()  # once, or every fork of this process would do so for itself
serve(TaskProcesses)
os._exit(0)  # taking the interpreter apart would cost half as much as all that came before
