"""What is left of a home is removed, whatever state an engine has it in."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from local.docker_driver.leftovers import Removed, remove_unsupervised
from local.docker_driver.reachable_engine import ReachableEngine
from tests.local.docker_driver.test_reachable_engine import Ping, answering


class WithADeadOne(Ping, BaseHTTPRequestHandler):
    """As Docker lists a container whose removal did not come to its end: without a name."""

    def do_GET(self) -> None:
        containers = [{"Id": "abc", "Names": []}, {"Id": "def", "Names": ["/tapit-running-1"]}]
        self._answer(containers if "/containers/" in self.path else [])

    def do_DELETE(self) -> None:
        assert urlsplit(self.path).path.endswith("/containers/abc")
        self._answer({})

    def _answer(self, said: object) -> None:
        content = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def test_a_container_without_a_name_is_removed_by_its_id(tmp_path: Path) -> None:
    with answering(tmp_path / "engine", WithADeadOne) as url:
        removed = remove_unsupervised(
            ReachableEngine("Docker", url, "1.47"), "/home", lambda name: name == "running-1"
        )

    assert removed == Removed(["abc"], [])
