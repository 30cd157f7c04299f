"""Run as a script by path; everything worth compiling lives in modules, whose bytecode Python caches."""

import sys

# Last, so that nothing beside this package can shadow the standard library.
sys.path.append(__file__.rsplit("/", 3)[0])

from local.session_agent.agent_main import main

sys.exit(main(sys.argv[1:]))
