"""How long after a change of a task's status its webhook is there, alone and beside receivers that hold things up."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median, quantiles

from bench.home import APP, TAPIT_LOCAL, Home, running_home, wait_until
from bench.row import Budget, Row, milliseconds

EVENTS, QUICK_EVENTS = 400, 40
PAUSE = 0.05  # seconds between two new tasks
SLOW = 9.0  # seconds; ten would be no answer at all
MEDIAN = Budget(100, 50, "ms")
SLOWEST = Budget(500, 250, "ms")


def measure(*, quick: bool) -> list[Row]:
    """Tasks that end at once, one after the other: some events of each, at the pace of a busy team."""
    wanted = QUICK_EVENTS if quick else EVENTS
    with running_home((*TAPIT_LOCAL, "--allow-local-webhooks")) as home:
        alone = _delays(home, "alone", wanted)
        with _receiving(_Delays(), SLOW) as url:
            _subscribe(home, "slow", url)  # and nothing listens any more for the one that was alone
            beside = _delays(home, "beside", wanted)
    return [
        *_rows("status change to webhook, one machine", alone),
        *_rows("... beside one that takes 9 s, and a dead one", beside),
    ]


class _Delays(list[float]):
    """Seconds from each event's time to its arrival."""

    def note(self, body: bytes) -> None:
        told = datetime.fromisoformat(json.loads(body)["time"])
        self.append(time.time() - told.timestamp())


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, delays: _Delays, seconds: float, closing: threading.Event, *others: object) -> None:
        self._delays, self._seconds, self._closing = delays, seconds, closing
        super().__init__(*others)  # type: ignore[arg-type] # what a server of sockets hands over

    def do_POST(self) -> None:
        self._delays.note(self.rfile.read(int(self.headers["Content-Length"])))
        self._closing.wait(self._seconds)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _receiving(delays: _Delays, seconds: float = 0.0) -> Iterator[str]:
    closing = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, delays, seconds, closing)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        closing.set()
        server.shutdown()
        thread.join()


def _subscribe(home: Home, name: str, url: str) -> None:
    home.ask("POST", f"/apps/{APP}/subscriptions", {"url": url, "name": name})


def _delays(home: Home, name: str, wanted: int) -> _Delays:
    delays = _Delays()
    with _receiving(delays) as url:
        _subscribe(home, name, url)
        while len(delays) < wanted:
            home.create("true")
            time.sleep(PAUSE)
        wait_until(lambda: not home.count("PENDING") and not home.count("STARTING"))
    return delays


def _rows(name: str, delays: _Delays) -> list[Row]:
    middle, late = median(delays), quantiles(delays, n=100)[98]
    return [
        Row(
            f"{name}: median",
            milliseconds(middle),
            f"{len(delays)} events",
            judged=middle * 1000,
            budget=MEDIAN,
        ),
        Row("... 99th of a hundred", milliseconds(late), judged=late * 1000, budget=SLOWEST),
    ]
