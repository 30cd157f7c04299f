"""Each way a request can fail has its own words, its own way out, and the exit code of its kind."""

import socket

import pytest

from tests.cli.conftest import TOKEN, HomeThat, Place
from tests.cli.scripted_home import Says, a_refusal


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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


@pytest.mark.parametrize("said", ["Forbidden", "Missing Authentication Token"])
def test_a_gateway_that_no_home_is_behind_asks_whether_the_url_is_right(
    said: str, place: Place, home_that: HomeThat
) -> None:
    """API Gateway knows no such stage; a home's own refusals have a code, those of its gateway too."""
    home_that(lambda _asked: Says({"message": said}, 403))

    result = place.run("show", "task", "x")

    assert result.stderr.splitlines()[:2] == [
        f"error: {said}",
        "  → is the url right? It comes from TAPIT_URL",
    ]
    assert result.returncode == 4


@pytest.mark.parametrize("words", [["show", "task", "x"], ["list", "trusts"]])
def test_a_route_that_is_not_there_asks_whether_the_url_is_right(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    """As where the address has a part too many, or the home is of an earlier version."""
    home = home_that(
        lambda _asked: a_refusal(404, "RouteNotFound", "No such route.", Hint="GET openapi.json")
    )

    result = place.run(*words)

    assert result.stderr.splitlines()[:3] == [
        f"error: {home.url} has no such route",
        "  Its address goes too far or not far enough, or the home is older than this tapit.",
        "  → is the url right? It comes from TAPIT_URL",
    ]
    assert result.returncode == 3


@pytest.mark.parametrize("words", [["list", "tasks"], ["logs", "-f", "x"], ["create", "task", "x"]])
def test_a_local_home_that_is_not_running_is_told_how_to_start(words: list[str], place: Place) -> None:
    place.env |= {"TAPIT_URL": f"http://127.0.0.1:{_free_port()}", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run(*words)

    assert result.returncode == 5
    assert result.stderr.splitlines()[0] == "error: the local home is not running"
    assert result.stderr.splitlines()[-1] == "  → start it with: tapit-local"


@pytest.mark.parametrize(
    ("profile", "folder", "start"),
    [
        ("local", ".local/share/tapit", "tapit-local"),
        ("local", "my state", "tapit-local --state '{}'"),
        ("ci", "state", "tapit-local --state {} --profile ci"),
    ],
)
def test_a_local_home_is_started_where_it_was(profile: str, folder: str, start: str, place: Place) -> None:
    state = place.folder / folder
    state.mkdir(parents=True, mode=0o700)
    del place.env["XDG_DATA_HOME"]
    place.env |= {"HOME": str(place.folder), "TAPIT_APP": "demo"}
    place.save_profile(profile, f"unix:{state}/api.sock")

    told = place.run("list", "tasks", "--profile", profile).stderr

    assert told.splitlines()[-1] == f"  → start it with: {start.format(state)}"


def test_the_short_path_of_a_home_leads_to_its_folder(place: Place) -> None:
    short, state = place.folder / "tapit-0-0123456789abcdef", place.folder / "state"
    short.mkdir(mode=0o700)
    (short / "of").symlink_to(state)
    place.env |= {"TAPIT_URL": f"unix:{short}/api.sock", "TAPIT_APP": "demo"}

    assert place.run("list", "tasks").stderr.splitlines()[-1] == (
        f"  → start it with: tapit-local --state {state}"
    )


def test_an_unknown_host_is_told(place: Place) -> None:
    place.env |= {"TAPIT_URL": "https://nowhere.invalid", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run("list", "tasks")

    assert result.returncode == 5
    assert result.stderr.startswith("error: there is no host for https://nowhere.invalid")


def test_what_the_home_says_cannot_draw_on_a_terminal(place: Place, home_that: HomeThat) -> None:
    from tests.cli.at_a_terminal import run_at_a_terminal

    home_that(lambda _asked: a_refusal(409, "Odd", "No.\x1b[2J\x07"))

    said = run_at_a_terminal(place, "show", "task", "x").text

    assert "No.\\x1b[2J\\x07" in said
