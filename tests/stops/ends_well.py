"""A command that needs time to end well: at SIGTERM it says so, goes on until it is let go, and exits as it was told.

Files in its folder tell how far it is: `up`, then `stopping`; it waits for `go`.
"""

import signal
import sys
import time
from pathlib import Path

FINEST = 0.005


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(exit_code: int) -> int:
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    Path("up").touch()
    while not asked:
        time.sleep(FINEST)
    say("stopping")
    Path("stopping").touch()
    while not Path("go").exists():
        time.sleep(FINEST)
    say("bye")
    return exit_code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
