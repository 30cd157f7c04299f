"""What a session costs: how long a key takes to show, how fast output comes, how soon a shell is there."""

import os
import pty
import select
import statistics
import subprocess
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bench.home import PATIENCE, running_home
from bench.row import Row, compare, milliseconds, quantity

KEYS = 500
BULK = 50_000_000  # bytes
RUNS = 5
ECHOING = "stty -icanon; echo ready; exec cat >/dev/null"  # the terminal itself echoes, key by key


def measure(*, quick: bool) -> list[Row]:
    """Compare `tapit run` on a terminal with the same command on a bare pseudo-terminal."""
    keys, bulk, runs = (20, 1_000_000, 1) if quick else (KEYS, BULK, RUNS)
    bulk_command = f"stty -opost; head -c {bulk} /dev/zero"
    with running_home() as home:
        run = list(home.tapit("run").words)
        bare = ["/bin/sh", "-c"]
        echo, bare_echo = (_echo_times([*words, ECHOING], home.env, keys) for words in (run, bare))
        pairs = [
            [_seconds_for([*words, bulk_command], home.env, bulk) for words in (run, bare)]
            for _ in range(runs)
        ]
        starts = [_seconds_for([*run, "printf x"], home.env, 1) for _ in range(runs)]
    whole, bare_whole = (statistics.median(column) for column in zip(*pairs, strict=True))
    start = statistics.median(starts)
    return [
        compare(
            "a key's echo in `tapit run`, median",
            statistics.median(echo),
            statistics.median(bare_echo),
            "bare pty",
        ),
        compare("... 99th of 100", _ninety_ninth(echo), _ninety_ninth(bare_echo), "bare pty"),
        Row(
            f"output of `tapit run`, {bulk / 1e6:.0f} MB, after its start",
            quantity(bulk / 1e6 / (whole - start), "MB/s"),
            f"{quantity(bulk / 1e6 / bare_whole, 'MB/s')} bare pty",
            (whole - start) / bare_whole,
        ),
        Row("from `tapit run` to the first byte of the command", milliseconds(start)),
    ]


def _echo_times(words: Sequence[str], env: Mapping[str, str], keys: int) -> list[float]:
    """Seconds from each key to its echo."""
    with _terminal(words, env) as terminal:
        _read_until(terminal, b"ready")
        times = []
        for number in range(keys):
            key = b"abcdefghij"[number % 10 : number % 10 + 1]
            began = time.monotonic()
            os.write(terminal, key)
            _read_until(terminal, key)
            times.append(time.monotonic() - began)
        os.write(terminal, b"\x03")
    return times


def _seconds_for(words: Sequence[str], env: Mapping[str, str], size: int) -> float:
    """From the start of a command to the last of its `size` bytes."""
    began = time.monotonic()
    with _terminal(words, env) as terminal:
        left = size
        while left > 0:
            left -= len(_some(terminal).replace(b"\x1b[2K", b"").replace(b"\r", b""))
        return time.monotonic() - began


def _ninety_ninth(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def _read_until(terminal: int, text: bytes) -> None:
    seen = b""
    while text not in seen:
        seen += _some(terminal)


def _some(terminal: int) -> bytes:
    ready, _, _ = select.select([terminal], [], [], PATIENCE)
    if not ready:
        raise TimeoutError("the terminal shows nothing")
    return os.read(terminal, 65536)


@contextmanager
def _terminal(words: Sequence[str], env: Mapping[str, str]) -> Iterator[int]:
    main, side = pty.openpty()
    tty.setraw(side) if words[0] != "/bin/sh" else None
    command = subprocess.Popen(
        words,
        env={**env, "TERM": "xterm"},
        stdin=side,
        stdout=side,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(side)
    try:
        yield main
    finally:
        os.close(main)
        try:
            command.wait(PATIENCE)
        finally:
            command.kill()
