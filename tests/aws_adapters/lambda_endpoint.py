"""Lambda's Invoke over HTTP, answered by functions of this process.

docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: an error of the function is an answer too, marked by a header.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Step = Callable[[dict[str, Any]], Any]


@contextmanager
def lambda_endpoint(functions: Mapping[str, Step]) -> Iterator[str]:
    """Serve functions by name until the block ends; yield the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(functions))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(functions: Mapping[str, Step]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = unquote(self.path).split("/")[3].rpartition(":")[2]
            try:
                answer, failed = functions[name](event), False
            except Exception as error:  # noqa: BLE001 - as Lambda does, whatever was raised is reported
                answer, failed = {"errorType": type(error).__name__, "errorMessage": str(error)}, True
            self._send(json.dumps(answer).encode(), failed=failed)

        def _send(self, body: bytes, *, failed: bool) -> None:
            self.send_response(200)
            if failed:
                self.send_header("X-Amz-Function-Error", "Unhandled")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Be quiet."""

    return Handler
