"""What an engine answers is told apart from what a command prints."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.docker_driver.engine_requests import start_exec


@contextmanager
def answering(path: Path, said: bytes) -> Iterator[str]:
    """An engine that says all of it at once, and then waits."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    done = threading.Event()

    def answer() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65536)
            line.sendall(said)
            done.wait()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        done.set()
        thread.join()
        listener.close()


def test_the_first_words_of_a_command_are_still_to_be_read_from_the_line(tmp_path: Path) -> None:
    """They may come with the answer, and nothing else may come until they are answered."""
    said = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n7\r\nready"
    with answering(tmp_path / "engine", said) as url, start_exec(url, "1.41", "abc") as line:
        assert line.recv(100) == b"7\r\nready"


def test_a_refusal_is_in_the_engines_words(tmp_path: Path) -> None:
    body = b'{"message": "container abc is not running"}'
    said = b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with answering(tmp_path / "engine", said) as url, pytest.raises(ValueError, match="is not running"):
        start_exec(url, "1.41", "abc")
