"""Which engine is found: the one that the user named, else the one that answers."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from local.docker_driver.reachable_engine import EngineFinder, NoEngine, find_engine
from local.store.socket_paths import linked_socket_path


class Ping(BaseHTTPRequestHandler):
    server_version, sys_version, api_version = "Docker/29.0", "", "1.52"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Api-Version", self.api_version)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def address_string(self) -> str:
        return "somebody"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Podman(Ping):
    server_version, api_version = "Libpod/4.3.1", "1.41"


class OnSocket(HTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)


@contextmanager
def answering(path: Path, kind: type[Ping] = Ping) -> Iterator[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    server = OnSocket(str(linked_socket_path(path)), kind)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        path.unlink(missing_ok=True)


def test_the_one_that_docker_host_names_is_asked_alone(tmp_path: Path) -> None:
    with (
        answering(tmp_path / "named") as named,
        answering(tmp_path / "home" / ".docker" / "run" / "docker.sock"),
    ):
        environment = {"DOCKER_HOST": named, "HOME": str(tmp_path / "home")}
        assert find_engine(environment).url == named
        with pytest.raises(NoEngine, match="no such file"):
            find_engine({**environment, "DOCKER_HOST": f"unix://{tmp_path}/nobody"})


def test_a_context_of_docker_goes_before_the_usual_sockets(tmp_path: Path) -> None:
    docker = tmp_path / ".docker"
    with answering(tmp_path / "colima") as url, answering(docker / "run" / "docker.sock") as usual:
        described = docker / "contexts" / "meta" / hashlib.sha256(b"colima").hexdigest()
        described.mkdir(parents=True)
        (described / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": url}}}))
        (docker / "config.json").write_text('{"currentContext": "colima"}')

        assert find_engine({"HOME": str(tmp_path)}).url == url
        assert find_engine({"HOME": str(tmp_path), "DOCKER_CONTEXT": "default"}).url == usual


@pytest.mark.parametrize("config", ["", "[]", "{", '{"currentContext": 3}', '{"currentContext": "gone"}'])
def test_a_configuration_that_says_nothing_of_use_is_passed_over(tmp_path: Path, config: str) -> None:
    with answering(tmp_path / ".docker" / "run" / "docker.sock") as usual:
        (tmp_path / ".docker" / "config.json").write_text(config)

        assert find_engine({"HOME": str(tmp_path)}).url == usual


def test_podman_is_found_where_its_service_listens(tmp_path: Path) -> None:
    with answering(tmp_path / "podman" / "podman.sock", Podman) as url:
        found = find_engine({"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path)})

    assert (found.name, found.url, found.api_version) == ("Podman", url, "1.41")


def test_a_newer_engine_is_asked_in_words_that_we_know(tmp_path: Path) -> None:
    with answering(tmp_path / "new") as url:
        assert find_engine({"DOCKER_HOST": url}).api_version == "1.47"


def test_who_does_not_speak_dockers_api_is_no_engine(tmp_path: Path) -> None:
    class Other(Ping):
        def send_header(self, keyword: str, value: str) -> None:
            if keyword != "Api-Version":
                super().send_header(keyword, value)

    with answering(tmp_path / "other", Other) as url, pytest.raises(NoEngine, match="does not speak"):
        find_engine({"DOCKER_HOST": url})


def test_what_cannot_be_asked_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(NoEngine, match="only unix://") as refusal:
        find_engine({"DOCKER_HOST": "ssh://somewhere"})

    assert "--driver process" in refusal.value.hint


def test_an_engine_that_went_away_is_looked_for_anew(tmp_path: Path) -> None:
    finder = EngineFinder({"DOCKER_HOST": f"unix://{tmp_path}/engine"})
    with pytest.raises(NoEngine):
        finder.find()

    with answering(tmp_path / "engine") as url:
        assert finder.find().url == url
