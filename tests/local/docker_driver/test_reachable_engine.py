"""Which engine is found: the one that the user named, else the one that answers."""

import grp
import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

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


def choose_context(docker: Path, url: str) -> None:
    described = docker / "contexts" / "meta" / hashlib.sha256(b"colima").hexdigest()
    described.mkdir(parents=True)
    (described / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": url}}}))
    (docker / "config.json").write_text('{"currentContext": "colima"}')


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
        choose_context(docker, url)

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


class WantsTls(Ping):
    """As what is made of Go answers whoever does not speak TLS."""

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")


class Old(Ping):
    api_version = "1.39"


class Mumbling(Ping):
    api_version = "newest"


FORWARD = "ssh -nNT -L"
NOT_ASKED = {
    "ssh": ("ssh://ann@host", "not by ssh", FORWARD),
    "https": ("https://host", "only unix:// and tcp://", FORWARD),
    "a pipe of Windows": ("npipe:////./pipe/docker_engine", "only unix:// and tcp://", "DOCKER_HOST"),
    "no URL": ("garbage", "only unix:// and tcp://", "DOCKER_HOST"),
    "no port": ("tcp://127.0.0.1:99999", "out of range", "DOCKER_HOST"),
    "port left out": ("tcp://127.0.0.1", "names no port", "DOCKER_HOST"),
    "half an address": ("tcp://[::1", "invalid ipv6", "DOCKER_HOST"),
    "no path": ("unix://", "invalid argument", "DOCKER_HOST"),
    "nobody": ("tcp://127.0.0.1:1", "connection refused", "Start it"),
}


@pytest.mark.parametrize("name", NOT_ASKED)
def test_what_cannot_be_asked_is_said_to_be_so_with_a_way_out(name: str) -> None:
    url, why, way_out = NOT_ASKED[name]

    with pytest.raises(NoEngine) as refusal:
        find_engine({"DOCKER_HOST": url})

    assert why in str(refusal.value).lower()
    assert "by DOCKER_HOST" in str(refusal.value)
    assert way_out in refusal.value.hint
    assert "--driver process" in refusal.value.hint


@pytest.mark.parametrize(
    ("kind", "why", "way_out"),
    [
        (WantsTls, "wants TLS", FORWARD),
        (Old, "version 1.39 of the API, and 1.40 is the oldest", "Update it"),
        (Mumbling, "does not speak Docker's API", "Start it"),
    ],
)
def test_an_engine_that_cannot_be_used_says_why(
    tmp_path: Path, kind: type[Ping], why: str, way_out: str
) -> None:
    with answering(tmp_path / "engine", kind) as url, pytest.raises(NoEngine, match=why) as refusal:
        find_engine({"DOCKER_HOST": url})

    assert way_out in refusal.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_socket_of_others_says_which_group_may_use_it() -> None:
    with TemporaryDirectory() as name, answering(Path(name, "engine")) as url:
        place, path = Path(name), Path(name, "engine")
        place.chmod(0o755)
        os.chown(path, 0, grp.getgrnam("daemon").gr_gid)
        path.chmod(0o660)
        for_a_group = _refusal_of_nobody(DOCKER_HOST=url)
        path.chmod(0o600)
        for_root_alone = _refusal_of_nobody(DOCKER_HOST=url)
        place.chmod(0o700)
        out_of_sight = _refusal_of_nobody(DOCKER_HOST=url)

    assert "you may not use it" in for_a_group
    assert "sudo usermod -aG daemon nobody" in for_a_group
    for told in (for_root_alone, out_of_sight):
        assert "you may not use it" in told
        assert "systemctl --user enable --now podman.socket" in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_usual_place_that_one_may_not_look_into_is_passed_over() -> None:
    with TemporaryDirectory() as name, answering(Path(name, "podman", "podman.sock")):
        Path(name).chmod(0o700)
        assert "no container engine answers" in _refusal_of_nobody(XDG_RUNTIME_DIR=name)


def test_one_that_takes_connections_and_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(linked_socket_path(tmp_path / "mute")))
        mute.listen()
        with pytest.raises(NoEngine, match="takes connections, and does not answer") as refusal:
            find_engine({"DOCKER_HOST": f"unix://{tmp_path}/mute"})

    assert "docker info" in refusal.value.hint


def test_a_context_whose_engine_is_gone_is_not_replaced_by_another_engine(tmp_path: Path) -> None:
    docker = tmp_path / ".docker"
    choose_context(docker, f"unix://{tmp_path}/gone")

    with (
        answering(docker / "run" / "docker.sock"),
        pytest.raises(NoEngine, match="by the context of docker") as refusal,
    ):
        find_engine({"HOME": str(tmp_path)})

    assert "docker context use default" in refusal.value.hint


def _refusal_of_nobody(**environment: str) -> str:
    """Return what somebody is told who has no rights."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            find_engine(environment)
        except NoEngine as refusal:
            os.write(writing, f"{refusal} {refusal.hint}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        return told.read()


def test_an_engine_that_went_away_is_looked_for_anew(tmp_path: Path) -> None:
    finder = EngineFinder({"DOCKER_HOST": f"unix://{tmp_path}/engine"})
    with pytest.raises(NoEngine):
        finder.find()

    with answering(tmp_path / "engine") as url:
        assert finder.find().url == url
