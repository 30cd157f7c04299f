"""A registry on a port of 127.0.0.1 that sends a part of a layer, and holds the line.

python silent_registry.py PORT
"""

import hashlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LAYER, SENT = b"x" * 5_000_000, 1_000_000
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def described(kind: str, content: bytes) -> dict[str, object]:
    return {"mediaType": kind, "size": len(content), "digest": digest(content)}


CONFIG = json.dumps(
    {"os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(LAYER)]}}
).encode()
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": described("application/vnd.docker.container.image.v1+json", CONFIG),
        "layers": [described("application/vnd.docker.image.rootfs.diff.tar", LAYER)],
    }
).encode()


class Registry(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.endswith(digest(LAYER)):
            self._begin("application/octet-stream", LAYER)
            self.wfile.write(LAYER[:SENT])
            time.sleep(1000)
            return
        kind, content = self._asked_for()
        self._begin(kind, content)
        self.wfile.write(content)

    def _asked_for(self) -> tuple[str, bytes]:
        if "/manifests/" in self.path:
            return MANIFEST_TYPE, MANIFEST
        return "application/json", CONFIG if self.path.endswith(digest(CONFIG)) else b"{}"

    def _begin(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Docker-Content-Digest", digest(content))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Registry)
    sys.stdout.write(f"silent on {sys.argv[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
