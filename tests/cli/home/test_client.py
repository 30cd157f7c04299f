"""What is asked again and what is not, and where a request may go."""

import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any

import pytest
from tapit.home.choosing import ChosenHome
from tapit.home.client import Client

from tests.cli.conftest import TOKEN, HomeThat, Place
from tests.cli.scripted_home import Answers, Asked, HangsUp, Says, a_refusal, a_task, some_lines


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_reading_is_tried_again(status: int, place: Place, home_that: HomeThat) -> None:
    answers = iter([a_refusal(status, "Unavailable", "Not now.", Hint="Wait."), Says(a_task())])
    home = home_that(lambda _asked: next(answers))

    assert place.run("show", "task", "x").returncode == 0
    assert len(home.asked) == 2


def test_it_gives_up_in_the_end(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: a_refusal(503, "Unavailable", "Not now."))

    result = place.run("show", "task", "x")

    assert (result.returncode, len(home.asked)) == (5, 4)
    assert result.stderr.startswith("error: Not now.")


def test_a_repeated_create_carries_the_same_key(place: Place, home_that: HomeThat) -> None:
    answers = iter([Says(b"", 502), Says(a_task(), 201)])
    home = home_that(lambda _asked: next(answers))

    assert place.run("create", "task", "x").returncode == 0
    first, second = (asked.headers["Idempotency-Key"] for asked in home.asked)
    assert first == second
    assert len(first) >= 16


def test_two_creates_have_two_keys(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says(a_task(), 201))

    place.run("create", "task", "x")
    place.run("create", "task", "x")

    assert len({asked.headers["Idempotency-Key"] for asked in home.asked}) == 2


def test_a_removal_is_not_repeated(place: Place, home_that: HomeThat) -> None:
    finished = Says(a_task(status="SUCCEEDED", exit_code=0))
    home = home_that(
        lambda asked: finished if asked.method == "GET" else a_refusal(503, "Unavailable", "No.")
    )

    assert place.run("delete", "task", "x").returncode == 5
    assert len(home.requests("DELETE")) == 1


def test_what_came_too_often_was_not_begun_and_so_is_asked_again(place: Place, home_that: HomeThat) -> None:
    finished = Says(a_task(status="SUCCEEDED", exit_code=0))
    removals = iter([a_refusal(429, "TooManyRequests", "Too often."), finished])
    home = home_that(lambda asked: finished if asked.method == "GET" else next(removals))

    result = place.run("delete", "task", "x")

    assert result.returncode == 0, result.stderr
    assert len(home.requests("DELETE")) == 2


def test_a_stop_is_repeated_as_a_stop(place: Place, home_that: HomeThat) -> None:
    """The task may have ended in between: what was meant as a stop must not become a removal."""
    stops = iter([Says(b"", 502), Says(a_task(status="STOPPED", exit_code=143))])
    home = home_that(lambda asked: Says(a_task()) if asked.method == "GET" else next(stops))

    assert place.run("delete", "task", "x").returncode == 0
    assert [asked.path for asked in home.requests("POST")] == ["/tasks/x/stop"] * 2
    assert home.requests("DELETE") == []


def test_a_dropped_connection_is_tried_again(place: Place, home_that: HomeThat) -> None:
    seen: list[Asked] = []

    def answers(asked: Asked) -> Says:
        seen.append(asked)
        if len(seen) == 1:
            raise HangsUp
        return Says(a_task())

    home_that(answers)

    assert place.run("show", "task", "x").returncode == 0


def test_a_home_that_always_hangs_up_is_told(place: Place, home_that: HomeThat) -> None:
    def answers(_asked: Asked) -> Says:
        raise HangsUp

    home_that(answers)

    result = place.run("show", "task", "x")

    assert result.returncode == 5
    assert "closed the connection without an answer" in result.stderr


def test_a_redirect_is_not_followed_with_the_token(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says(b"", 302, {"Location": "http://127.0.0.1:9/"}))

    assert "is the url right?" in place.run("show", "task", "x").stderr
    assert len(home.asked) == 1


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://a b", "http://x:99999"])
def test_what_is_no_address_is_refused(url: str, place: Place) -> None:
    place.env |= {"TAPIT_URL": url, "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run("list", "tasks")

    assert result.returncode == 2
    assert "is not the address of a home" in result.stderr


def test_an_id_cannot_reach_another_path(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says(a_task()))

    place.run("show", "task", "../apps?x=1#y")
    place.run("show", "task", "..")

    assert [asked.path for asked in home.asked] == ["/tasks/..%2Fapps%3Fx%3D1%23y", "/tasks/%2E%2E"]


def test_what_is_nested_too_deeply_is_no_homes_answer(place: Place, home_that: HomeThat) -> None:
    deep = b"[" * 900 + b"]" * 900
    bodies = [b"[" * 100_000, b'{"items":' * 100_000, b'{"items": [], "next": ' + deep + b"}"]
    home_that(lambda _asked: Says(bodies.pop()))

    while bodies:
        result = place.run("list", "tasks", TMPDIR=str(place.folder))

        assert result.returncode == 5
        assert "bug" not in result.stderr


def _again_and_again(items: Callable[[int], list[Any]], cursor: Callable[[int], str]) -> Answers:
    count = itertools.count()

    def answers(_asked: Asked) -> Says:
        at = next(count)
        return Says({"items": items(at), "next": cursor(at), "complete": False, "status": "RUNNING"})

    return answers


@pytest.mark.parametrize("words", [["list", "tasks", "--all"], ["list", "apps"]])
@pytest.mark.parametrize(
    "answers",
    [
        _again_and_again(lambda at: [a_task(name=f"a{at}")], lambda _at: "same"),
        _again_and_again(lambda at: [a_task(name=f"a{at}")], lambda at: f"c{at % 3}"),
        _again_and_again(lambda _at: [a_task(name="a")], lambda at: f"c{at}"),
        _again_and_again(lambda _at: [], lambda at: f"c{at}"),
    ],
    ids=["the same cursor", "cursors in a circle", "the same items", "no items"],
)
def test_a_list_without_an_end_is_no_homes(
    answers: Answers, words: list[str], place: Place, home_that: HomeThat
) -> None:
    home_that(answers)

    result = place.run(*words)

    assert result.returncode == 5
    assert "Its list never ends" in result.stderr


@pytest.mark.parametrize("words", [["logs", "x"], ["logs", "x", "-f"], ["logs", "x", "-o", "json"]])
def test_output_that_stands_still_is_no_homes(words: list[str], place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(some_lines("again", next="c1")))

    result = place.run(*words)

    assert result.returncode == 5
    assert result.stdout.count("again") == 1


class _CutShort(HTTPConnection):
    """Whose closing is cut short once, after its state and before its socket."""

    def close(self) -> None:
        if not hasattr(self, "was_cut_short"):
            self.was_cut_short = True
            self._HTTPConnection__state = "Idle"
            raise KeyboardInterrupt
        super().close()


def test_a_request_after_ctrl_c_gets_its_own_answer_and_not_that_of_the_one_before(
    home_that: HomeThat,
) -> None:
    """One signal may be felt twice: by the pipe that it writes to and, an instant later, by its handler."""
    home = home_that(lambda asked: Says({"path": asked.path}))
    chosen = ChosenHome()
    chosen.put("url", home.url, "the test")
    chosen.put("token", TOKEN, "the test")
    client = Client(chosen)
    client._connection = _CutShort(home.url.removeprefix("http://"))
    reader, writer = os.pipe()
    client.interrupted_by = reader
    os.write(writer, b"x")

    with pytest.raises(KeyboardInterrupt):
        client.get("/first")
    client.interrupted_by = None
    with suppress(KeyboardInterrupt):
        client.get("/never")

    assert client.get("/second") == {"path": "/second"}
    client._connection.close()
    os.close(reader)
    os.close(writer)
