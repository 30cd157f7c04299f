"""Each way a request can fail has its own words, its own way out, and the exit code of its kind."""

import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import TOKEN, Place
from tests.cli.scripted_home import Answers, Asked, HangsUp, Says, ScriptedHome, a_refusal, a_task

HomeThat = Callable[[Answers], ScriptedHome]


def test_a_refusal_is_told_in_the_homes_own_words(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(404, "TaskNotFound", "There is no task nope."))

    result = place.run("show", "task", "nope")

    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "error: There is no task nope.",
        "  → tapit list tasks",
        "  request id req-1",
    ]
    assert result.returncode == 3


@pytest.mark.parametrize(
    ("status", "code"), [(400, 2), (401, 4), (403, 4), (404, 3), (409, 1), (410, 3), (413, 2), (418, 1)]
)
def test_the_status_decides_the_exit_code(status: int, code: int, place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(status, "Odd", "No."))

    assert place.run("show", "task", "x").returncode == code


def test_fields_and_the_homes_hint_are_told(place: Place, home_that: HomeThat) -> None:
    fields = {"memory": "must be a number"}
    home_that(
        lambda _asked: a_refusal(400, "InvalidRequest", "Some is wrong.", Fields=fields, Hint="Mend it.")
    )

    lines = place.run("show", "task", "x").stderr.splitlines()

    assert lines[:3] == ["error: Some is wrong.", "  memory: must be a number", "  → Mend it."]


def test_a_refused_token_names_its_source_and_is_never_shown(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(401, "Unauthenticated", "The token is not known."))

    result = place.run("--debug", "show", "task", "x")

    assert "It comes from TAPIT_TOKEN" in result.stderr
    assert "debug: GET" in result.stderr
    assert TOKEN not in result.stderr


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


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[1]", b"\xff\xfe", b'"text"'])
def test_an_answer_of_someone_else_asks_whether_the_url_is_right(
    body: bytes, place: Place, home_that: HomeThat
) -> None:
    home_that(lambda _asked: Says(body))

    result = place.run("show", "task", "x")

    assert result.returncode == 5
    assert "is the url right? It comes from TAPIT_URL" in result.stderr


@pytest.mark.parametrize("body", [{}, {"items": [{}]}, {"hello": "world", "id": "x", "name": "x"}])
@pytest.mark.parametrize(
    "words",
    [
        ["list", "tasks"],
        ["list", "apps", "-o", "table"],
        ["show", "task", "x", "-o", "table"],
        ["show", "task", "x", "-o", "json"],
        ["logs", "x"],
        ["create", "task", "x"],
        ["delete", "task", "x"],
    ],
)
def test_an_object_of_someone_else_asks_whether_the_url_is_right(
    words: list[str], body: dict[str, object], place: Place, home_that: HomeThat
) -> None:
    home_that(lambda _asked: Says(body))

    result = place.run(*words, TMPDIR=str(place.folder))

    if words[:2] == ["list", "tasks"] and "items" in body:
        return  # the next page's mark may be missing, so this is told apart only by its rows
    assert result.returncode == 5
    assert "answered something that is not a tapit home's answer" in result.stderr
    assert "is the url right? It comes from TAPIT_URL" in result.stderr
    assert list(place.folder.glob("tapit-*.trace")) == []


def test_a_refusal_of_someone_else_asks_whether_the_url_is_right(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"detail": "Not Found"}, 404))

    assert "is the url right? It comes from TAPIT_URL" in place.run("show", "task", "x").stderr


def test_a_redirect_is_not_followed_with_the_token(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says(b"", 302, {"Location": "http://127.0.0.1:9/"}))

    assert "is the url right?" in place.run("show", "task", "x").stderr
    assert len(home.asked) == 1


def test_the_gateways_own_refusals_are_told(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"message": "Forbidden"}, 403))

    assert place.run("show", "task", "x").stderr.startswith("error: Forbidden")


@pytest.mark.parametrize("words", [["list", "tasks"], ["logs", "-f", "x"], ["create", "task", "x"]])
def test_a_local_home_that_is_not_running_is_told_how_to_start(words: list[str], place: Place) -> None:
    place.env |= {"TAPIT_URL": f"http://127.0.0.1:{_free_port()}", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run(*words)

    assert result.returncode == 5
    assert result.stderr.splitlines()[0] == "error: the local home is not running"
    assert result.stderr.splitlines()[-1] == "  → start it with: tapit-local"


def test_an_unknown_host_is_told(place: Place) -> None:
    place.env |= {"TAPIT_URL": "https://nowhere.invalid", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run("list", "tasks")

    assert result.returncode == 5
    assert result.stderr.startswith("error: there is no host for https://nowhere.invalid")


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://a b", "http://x:99999"])
def test_what_is_no_address_is_refused(url: str, place: Place) -> None:
    place.env |= {"TAPIT_URL": url, "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run("list", "tasks")

    assert result.returncode == 2
    assert "is not the address of a home" in result.stderr


@pytest.mark.parametrize("host", ["nowhere.invalid", "127.0.0.1.nowhere.invalid", "127.nowhere.invalid"])
def test_a_token_leaves_this_machine_encrypted_or_by_consent(host: str, place: Place) -> None:
    place.env |= {"TAPIT_URL": f"http://{host}", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    refused = place.run("list", "tasks")
    allowed = place.run("list", "tasks", TAPIT_ALLOW_HTTP="1")

    assert refused.returncode == 2
    assert f"error: http://{host} would be sent the token unencrypted" in refused.stderr
    assert "TAPIT_ALLOW_HTTP=1" in refused.stderr
    assert allowed.stderr.startswith(f"error: there is no host for http://{host}")


def test_plain_http_at_an_https_address_is_told(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says({}))
    place.env["TAPIT_URL"] = home.url.replace("http://", "https://")

    result = place.run("list", "tasks")

    assert result.returncode == 5
    assert result.stderr.startswith("error: no secure connection to https://")


def test_unreadable_certificates_are_told(place: Place) -> None:
    place.env |= {"TAPIT_URL": "https://x.invalid", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run("list", "tasks", TAPIT_CA_BUNDLE="/nowhere.pem")

    assert result.stderr.startswith("error: cannot read the certificates in /nowhere.pem")


def test_an_id_cannot_reach_another_path(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says(a_task()))

    place.run("show", "task", "../apps?x=1#y")
    place.run("show", "task", "..")

    assert [asked.path for asked in home.asked] == ["/tasks/..%2Fapps%3Fx%3D1%23y", "/tasks/%2E%2E"]


def test_what_the_home_says_cannot_draw_on_a_terminal(place: Place, home_that: HomeThat) -> None:
    from tests.cli.at_a_terminal import run_at_a_terminal

    home_that(lambda _asked: a_refusal(409, "Odd", "No.\x1b[2J\x07"))

    said = run_at_a_terminal(place, "show", "task", "x").text

    assert "No.\\x1b[2J\\x07" in said


def test_a_bug_is_told_without_a_traceback(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(cpu="many")))

    result = place.run("show", "task", "x", "-o", "table", TMPDIR=str(place.folder))

    assert "Traceback" not in result.stderr
    assert "this is a bug in tapit" in result.stderr
    assert len(list(place.folder.glob("tapit-*.trace"))) == 1
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "task", "x"], 1),
        (["wait", "x"], 125),
        (["logs", "wait", "-o", "json"], 1),
        (["create", "task", "-w", "x"], 125),
    ],
)
def test_a_bug_is_told_where_no_trace_can_be_written(words: list[str], code: int, place: Place) -> None:
    script = (
        "import tempfile\n"
        "def refuse(**kept): raise FileNotFoundError('no usable temporary directory')\n"
        "tempfile.mkstemp = refuse\n"
        "from tapit import call, main\n"
        "call.Call.client = property(lambda call: 1 / 0)\n"
        "main.main()"
    )
    place.env |= {"TAPIT_APP": "demo"}

    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=place.env, capture_output=True, text=True, check=False
    )

    assert done.returncode == code
    assert "this is a bug in tapit" in done.stderr
    assert "could not be written down: no usable temporary directory" in done.stderr
    assert "Traceback" not in done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
