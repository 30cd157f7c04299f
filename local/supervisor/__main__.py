"""Run as a script by path; everything worth compiling lives in modules, whose bytecode Python caches."""

import os
import sys

# Last, so that nothing beside this package can shadow the standard library.
sys.path.append(__file__.rsplit("/", 3)[0])

from local.supervisor.nursery import main

main()
os._exit(0)  # taking the interpreter apart would cost half as much as all that came before
