"""The AWS CLI to compare with: pinned, in an environment of its own, asking an endpoint that has nothing to say."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.machine import REPOSITORY
from bench.timing import Command

VERSION = "1.46.3"
PLACE = REPOSITORY / "build" / f"bench-awscli-{VERSION}"
ANSWER = b'{"taskArns": []}'


def list_tasks(url: str, env: Mapping[str, str]) -> Command:
    """Return `aws ecs list-tasks` with invented credentials, so that it looks for none."""
    invented = {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return Command([str(_installed()), "ecs", "list-tasks", "--endpoint-url", url], {**env, **invented})


@contextmanager
def endpoint() -> Iterator[str]:
    """Answer every request as ECS does when there are no tasks, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NoTasks)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _NoTasks(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # in one piece, so that nobody waits for a second one

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


def _installed() -> Path:
    """Install it unless that was done before; a half-made environment has no mark, and is completed."""
    mark = PLACE / "ready"
    if not mark.exists():
        print(f"Installing awscli {VERSION} in {PLACE.relative_to(REPOSITORY)} (once) ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"awscli=={VERSION}"]
        subprocess.run([PLACE / "bin" / "python", *install], check=True)
        mark.touch()
    return PLACE / "bin" / "aws"
