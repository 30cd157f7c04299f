"""How long commands take: run in turns, so that whatever else the machine does hits all of them alike."""

import random
import subprocess
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

Step = TypeVar("Step", bound=Hashable)


@dataclass(frozen=True)
class Command:
    """Something to run; a run of it that fails would time something else, so it must exit with 0."""

    words: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


def medians(commands: Mapping[str, Command], rounds: int) -> dict[str, float]:
    """Return each command's median time in seconds, over so many rounds in a random order; the first is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name in random.sample(list(commands), len(commands)):
            seconds = _time(commands[name])
            if number:
                taken[name].append(seconds)
    return {name: median(times) for name, times in taken.items()}


def medians_of_steps(steps: Mapping[Step, Callable[[], object]], rounds: int) -> dict[Step, float]:
    """Return how long each step takes in this process, over so many rounds in a random order."""
    taken: dict[Step, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name in random.sample(list(steps), len(steps)):
            began = time.perf_counter()
            steps[name]()
            taken[name].append(time.perf_counter() - began)
    return {name: median(times) for name, times in taken.items()}


def modules_imported(command: Command, python: str) -> int:
    """Count what a Python program imports from its start to its end."""
    words = [python, "-X", "importtime", *command.words]
    done = subprocess.run(words, env=dict(command.env), capture_output=True, text=True, check=True)
    return sum(line.startswith("import time:") for line in done.stderr.splitlines()) - 1  # the heading


def _time(command: Command) -> float:
    began = time.perf_counter()
    subprocess.run(
        command.words,
        env=dict(command.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began
